"""Which addresses a token may be asked at or sent to."""

from __future__ import annotations

import ipaddress
import re
from typing import Final
from urllib.parse import urlsplit


def is_loopback(host: str | None) -> bool:
    """Whether a host name is this machine by name or by address."""
    if host == "localhost":
        return True
    address = _literal(host)
    return address is not None and address.is_loopback


def leads_inside(host: str | None) -> bool:
    """Whether a host is, or may be taken for, this machine or its own link, such as a cloud's metadata service.

    Wider than `is_loopback`, because it guards: unspecified and mapped addresses, `*.localhost`, and numbers in the
    shorter forms that resolvers take (`127.1`, `0x7f000001`).
    """
    name = (host or "").rstrip(".").lower()
    address = _literal(name)
    if address is None:
        return name == "localhost" or name.endswith(".localhost") or _NUMERIC.match(name) is not None
    mapped = getattr(address, "ipv4_mapped", None) or address
    return bool(mapped.is_loopback or mapped.is_link_local or mapped.is_unspecified)


_NUMERIC: Final = re.compile(r"(?:0x[0-9a-f]+|[0-9]+)(?:\.(?:0x[0-9a-f]+|[0-9]+))*\Z")


def _literal(host: str | None) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host or "")
    except ValueError:
        return None


def unsafe_address(address: str, *, issuer: bool = False) -> tuple[str, str] | None:
    """Say what is wrong with a server's address, and what to write; None where nothing is.

    Endpoints are https without a fragment (RFC 8414 section 2); plain http is for loopback addresses alone.
    """
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "is not an address", "write `https://host/path`"
    if parts.scheme not in ("https", "http") or not host:
        return "is not an https address", "write `https://host/path`"
    if not address.isprintable() or " " in address:
        return "holds a blank or a control character", "remove it"
    if parts.username is not None or parts.password is not None:
        return "holds a user name or password", "remove it"
    if parts.scheme == "http" and not is_loopback(host):
        return "is plain http to another machine: tokens would travel unprotected", "write `https://`"
    if parts.fragment or (issuer and parts.query):
        return "has a query or a fragment", "remove it (RFC 8414 section 2)"
    return None


def origin(address: str) -> str:
    """Return scheme, host and port of an address, in lower case, the default port left out."""
    parts = urlsplit(address)
    default = {"https": 443, "http": 80}.get(parts.scheme)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    port = f":{parts.port}" if parts.port and parts.port != default else ""
    return f"{parts.scheme}://{host}{port}"
