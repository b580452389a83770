"""A token as text: the formats that `tokenflow token` prints and deliveries write. Values in, text out."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tokenflow.tokens import TokenSet

Format = Callable[["TokenSet", str], str]


def token(token: TokenSet, profile: str) -> str:  # noqa: ARG001 - one signature for all
    """Write the bare access token."""
    return token.access_token


def header(token: TokenSet, profile: str) -> str:  # noqa: ARG001
    """Write the line of an HTTP header (RFC 6750 section 2.1)."""
    return f"Authorization: {token.authorization}"


def env(token: TokenSet, profile: str) -> str:  # noqa: ARG001
    """Write lines that a shell can source."""
    expires_at = "" if token.expires_at is None else str(token.expires_at)
    return f"TOKENFLOW_ACCESS_TOKEN={shlex.quote(token.access_token)}\nTOKENFLOW_EXPIRES_AT={shlex.quote(expires_at)}"


def json_object(token: TokenSet, profile: str) -> str:
    """Write one JSON object; a refresh token is never in it."""
    members: dict[str, str | int | None] = {
        "access_token": token.access_token,
        "token_type": token.token_type,
        "expires_at": token.expires_at,
        "scope": " ".join(token.scopes),
        "issuer": token.issuer,
        "profile": profile,
    }
    if token.id_token is not None:
        members["id_token"] = token.id_token
    return json.dumps(members)


FORMATS: Final[dict[str, Format]] = {"token": token, "header": header, "json": json_object, "env": env}
