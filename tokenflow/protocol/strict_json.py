"""JSON from a server, read as the standard says and not as Python's parser is kind enough to (F-031)."""

from __future__ import annotations

import json
from typing import Any, Never


def json_object(body: bytes) -> dict[str, Any]:
    """Parse a JSON object.

    Raises:
        ValueError: it is not UTF-8, not JSON, not an object, nested beyond reason, has a member twice, or holds a
            number or a letter that does not exist.
    """
    try:
        parsed = json.loads(body.decode("utf-8-sig"), object_pairs_hook=_unique, parse_constant=_refused)
        _rewritable(parsed)
    except RecursionError:
        raise ValueError("is nested too deeply") from None
    if not isinstance(parsed, dict):
        raise ValueError("is not a JSON object")  # noqa: TRY004 - one error for all that is wrong with the text
    return parsed


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("has a member twice")
    return members


def _rewritable(parsed: object) -> None:
    """Refuse what Python reads and nobody can write: 1e999, which becomes infinite, and half a surrogate pair."""
    try:
        json.dumps(parsed, ensure_ascii=False, allow_nan=False).encode()
    except UnicodeEncodeError:
        raise ValueError("holds half a surrogate pair, which is no letter") from None


def _refused(constant: str) -> Never:
    raise ValueError(f"holds {constant}, which is not JSON")
