"""Compare a redirect URI with a registered one: exactly, or but for the port of a loopback address (RFC 8252, 7.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable
    from urllib.parse import SplitResult

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "::1", "localhost"})


def is_registered(requested: str, registered: Iterable[str], *, any_loopback_port: bool) -> bool:
    """Tell whether `requested` is one of `registered`; on loopback with any port, where the client may choose it."""
    registered = tuple(registered)
    if requested in registered:
        return True
    portless = _without_port(requested) if any_loopback_port else None
    return portless is not None and any(portless == _without_port(uri) for uri in registered)


def _without_port(uri: str) -> SplitResult | None:
    """Return the parts of a plain loopback http URI with the port left out; None for any other URI."""
    # urlsplit drops tabs and line ends without a word: what it would repair is refused instead.
    if not all("!" <= character <= "~" for character in uri):
        return None
    try:
        parts = urlsplit(uri)
        port_is_a_number = parts.port is None or parts.port >= 0
    except ValueError:
        return None
    loopback = parts.scheme == "http" and parts.hostname in LOOPBACK_HOSTS
    if not loopback or not port_is_a_number or "@" in parts.netloc or "#" in uri:
        return None
    return parts._replace(netloc=parts.hostname or "")
