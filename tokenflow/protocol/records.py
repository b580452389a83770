"""A TokenRecord as text, for the store."""

from __future__ import annotations

import json
from typing import Any, Final

from tokenflow.errors import StoreError
from tokenflow.secret import Secret
from tokenflow.tokens import TokenRecord, TokenSet

FORMAT: Final = 1
_YEAR_9999: Final = 253_402_300_799


def write_record(record: TokenRecord) -> str:
    """Return the record as text; it holds the tokens, so it goes nowhere but into a store."""
    token = record.token
    members: dict[str, Any] = {
        "format": FORMAT,
        "obtained_at": record.obtained_at,
        "checked": record.checked,
        "refresh_token": record.refresh_token.reveal() if record.refresh_token else None,
    }
    if token is not None:
        members |= {
            "access_token": token.access_token,
            "token_type": token.token_type,
            "expires_at": token.expires_at,
            "scopes": list(token.scopes),
            "issuer": token.issuer,
            "id_token": token.id_token,
        }
    return json.dumps(members, separators=(",", ":"))


def read_record(text: str) -> TokenRecord | None:
    """Read a record; None where the text is none (it is then treated as missing, F-087).

    Raises:
        StoreError: a newer tokenflow wrote it (F-088).
    """
    try:
        members = json.loads(text)
        newer = members["format"] > FORMAT
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    if newer:
        raise StoreError("the stored token was written by a newer tokenflow: upgrade this one, or use another store")
    try:
        return _record(members)
    except (TypeError, KeyError, AttributeError, ValueError):
        return None


def _record(members: dict[str, Any]) -> TokenRecord:
    token = None
    if "access_token" in members:
        token = TokenSet(
            _text(members["access_token"]),
            token_type=_text(members["token_type"]),
            expires_at=None if members["expires_at"] is None else _time(members["expires_at"]),
            scopes=tuple(_text(scope) for scope in members["scopes"]),
            issuer=_text(members["issuer"]),
            id_token=None if members["id_token"] is None else _text(members["id_token"]),
        )
    refresh_token = members["refresh_token"]
    return TokenRecord(
        token=token,
        refresh_token=None if refresh_token is None else Secret(_text(refresh_token)),
        obtained_at=_time(members["obtained_at"]),
        checked=_text(members["checked"]),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _time(value: object) -> int:
    """Take a Unix time that a clock can show (F-065)."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _YEAR_9999:
        raise ValueError
    return value
