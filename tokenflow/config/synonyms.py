"""What standards and other tools call the keys and words of a profile, for "did you mean"."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection

_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")

# Elsewhere -> here, with the section that it stands in.
KEYS: Final = {
    "authority": "issuer",
    "authorization_url": "metadata.authorization_endpoint",
    "auth_uri": "metadata.authorization_endpoint",
    "auth_url": "metadata.authorization_endpoint",
    "callback_url": "redirect_uri",
    "client_id": "client.id",
    "client_secret": "client.secret",
    "cmd": "run",
    "command": "run",
    "device_authorization_url": "metadata.device_authorization_endpoint",
    "file": "path",
    "filename": "path",
    "grant": "flow",
    "grant_type": "flow",
    "introspection_url": "metadata.introspection_endpoint",
    "issuer_url": "issuer",
    "jwks_url": "metadata.jwks_uri",
    "password": "user.password",
    "revocation_url": "metadata.revocation_endpoint",
    "token_endpoint_auth_method": "client.auth_method",
    "token_uri": "metadata.token_endpoint",
    "token_url": "metadata.token_endpoint",
    "username": "user.name",
}
WORDS: Final = {
    "backend": "service",
    "basic": "client_secret_basic",
    "browser": "web",
    "cli": "desktop",
    "code": "authorization_code",
    "daemon": "service",
    "device": "device_code",
    "frontend": "web",
    "m2m": "service",
    "machine": "service",
    "native": "desktop",
    "pkce": "authorization_code",
    "post": "client_secret_post",
    "server": "service",
    "spa": "web",
}


def nearest(word: str, known: Collection[str]) -> str | None:
    """Return the known word that was probably meant: the same elsewhere, or one that is written nearly so."""
    written = _HUMP.sub("_", word).lower().replace("-", "_")
    if (meant := WORDS.get(written)) in known:
        return meant
    return next(iter(difflib.get_close_matches(written, known, 1, 0.7)), None)


def key_elsewhere(key: str) -> tuple[str, str] | None:
    """Return the section and the key that `key` of other tools is here."""
    home, _, name = KEYS.get(_HUMP.sub("_", key).lower().replace("-", "_"), "").rpartition(".")
    return (home, name) if name else None
