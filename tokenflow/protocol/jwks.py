"""A server's public keys (RFC 7517): kept when a fetch fails, asked for anew when a key is unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tokenflow.errors import OAuthError, ProtocolError, TransportError
from tokenflow.protocol.effects import Flow, now, recall, remember, send
from tokenflow.protocol.messages import HttpRequest
from tokenflow.protocol.server_answer import json_answer
from tokenflow.protocol.strict_json import json_object

if TYPE_CHECKING:
    from tokenflow.protocol.jws import Jwk, Jwt

LIFE: Final = 3600.0  # seconds for which known keys are used without asking
COOLDOWN: Final = 60.0  # seconds between two fetches because of an unknown key (RIDT-26)
MOST_KEYS: Final = 1000


def keys_for(token: Jwt, jwks_uri: str) -> Flow[list[Jwk]]:
    """Return the server's keys that may have signed `token`; none where even a fresh set has no such key.

    Raises:
        TransportError, ProtocolError, OAuthError: the keys are needed and cannot be had.
    """
    from tokenflow.protocol.jws import fitting  # noqa: PLC0415 - it loads PyJWT

    name = f"jwks {jwks_uri}"
    remembered = yield from recall(name)
    time = yield from now()
    known = _keys(remembered.text) if remembered else []
    if remembered and (found := fitting(known, token)) and time - remembered.at < LIFE:
        return found
    if remembered and not fitting(known, token) and time - remembered.at < COOLDOWN:
        return []
    try:
        text = yield from _fetch(jwks_uri)
    except (TransportError, ProtocolError, OAuthError):
        if not fitting(known, token):
            raise
        return fitting(known, token)  # a failed fetch evicts nothing
    yield from remember(name, text)
    return fitting(_keys(text), token)


def _fetch(jwks_uri: str) -> Flow[str]:
    request = HttpRequest(method="GET", url=jwks_uri, headers=(("Accept", "application/json"),))
    response = yield from send(request)
    members = json_answer(request, response, doing="fetching the server's keys")
    if not isinstance(members.get("keys"), list):
        raise ProtocolError(f"fetching the server's keys: {jwks_uri} holds no list of keys")
    return response.body.decode("utf-8-sig")


def _keys(text: str) -> list[dict[str, Any]]:
    """Return the keys that are objects; a bad one among good ones harms nobody (F-055)."""
    keys: list[Any] = json_object(text.encode())["keys"][:MOST_KEYS]
    return [key for key in keys if isinstance(key, dict)]
