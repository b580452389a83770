"""The token endpoint's answer (RFC 6749 section 5.1): strict where it matters, forgiving where servers differ."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, final

from tokenflow.errors import ProtocolError
from tokenflow.printable import printable
from tokenflow.secret import Secret
from tokenflow.tokens import SCHEMES

if TYPE_CHECKING:
    from tokenflow.protocol.messages import HttpResponse

TEN_YEARS: Final = 10 * 365 * 24 * 3600  # seconds
_LONGEST_NUMBER: Final = 40


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class TokenAnswer:
    """What the server granted, and when it was asked.

    `asked_at` is the Unix time at which the request started; `lifetime` is in seconds, None where the server does not
    say it usably. `warnings` are for the person who reads the log. `rotated` says that `refresh_token` has taken the
    place of one that was sent, and is spent.
    """

    access_token: Secret
    token_type: str
    asked_at: float
    lifetime: int | None
    scopes: tuple[str, ...]
    refresh_token: Secret | None
    id_token: Secret | None
    warnings: tuple[str, ...]
    rotated: bool = False


def read_answer(members: dict[str, Any], *, asked_at: float, scopes: tuple[str, ...], doing: str) -> TokenAnswer:
    """Read a token answer; `scopes` are those that were requested.

    Raises:
        ProtocolError: there is no usable token in it.
    """
    lifetime, about_lifetime = read_lifetime(members.get("expires_in"))
    granted, about_scopes = _scopes(members.get("scope"), scopes)
    return TokenAnswer(
        access_token=_access_token(members.get("access_token"), doing),
        token_type=_token_type(members.get("token_type"), doing),
        asked_at=asked_at,
        lifetime=lifetime,
        scopes=granted,
        refresh_token=_optional(members.get("refresh_token")),
        id_token=_optional(members.get("id_token")),
        warnings=tuple(warning for warning in (about_lifetime, about_scopes) if warning),
    )


def _access_token(value: object, doing: str) -> Secret:
    """Take what fits a header (RFC 6750 section 2.1): a line break in it would forge another (F-048)."""
    if not isinstance(value, str) or not value:
        raise ProtocolError(f"{doing}: the answer holds no access_token")
    if not all("\x21" <= letter <= "\x7e" for letter in value):
        raise ProtocolError(f"{doing}: the access_token holds characters that no header can carry")
    return Secret(value)


def _token_type(value: object, doing: str) -> str:
    if not isinstance(value, str) or not value:
        raise ProtocolError(f"{doing}: the answer holds no token_type")
    if value.lower() not in SCHEMES:
        raise ProtocolError(f"{doing}: the token is of type {printable(value)}, which tokenflow cannot send")
    return SCHEMES[value.lower()]


def _optional(value: object) -> Secret | None:
    return Secret(value) if isinstance(value, str) and value else None


def read_lifetime(value: object) -> tuple[int | None, str | None]:
    """Return `expires_in` in seconds, and a warning where it is not what RFC 6749 says (promise 7)."""
    if value is None:
        return None, "the server does not say how long the token is good for (expires_in is missing)"
    number = _number(value)
    if number is None or number < 1:
        return None, "the server's expires_in is not a number of seconds, and is not used"
    if number > TEN_YEARS:
        return TEN_YEARS, "the server's expires_in is longer than ten years; ten years are used"
    warning = None if type(value) is int else "the server's expires_in is not an integer; its whole seconds are used"
    return math.floor(number), warning


def _number(value: object) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return float(max(0, min(value, TEN_YEARS + 1)))
    if isinstance(value, str) and len(value) <= _LONGEST_NUMBER and value.isascii():
        digits = value.strip().partition(".")
        if not digits[0].isdigit() or not (digits[2] or "0").isdigit():
            return None
        return float(value)
    return value if isinstance(value, float) and math.isfinite(value) else None


def _scopes(value: object, requested: tuple[str, ...]) -> tuple[tuple[str, ...], str | None]:
    """Read the granted scopes; a missing or empty `scope` means those requested (RFC 6749 section 5.1)."""
    granted = tuple(dict.fromkeys(value.split())) if isinstance(value, str) else ()
    if not granted:
        return requested, None
    missing = [scope for scope in requested if scope not in granted]
    if missing:
        return granted, f"the server did not grant {printable(' '.join(missing))}"
    return granted, None


def form_members(response: HttpResponse) -> dict[str, Any] | None:
    """Read a form-encoded answer, for servers that a profile says answer so; None where it is none."""
    from urllib.parse import parse_qsl  # noqa: PLC0415 - few servers answer so

    try:
        pairs = parse_qsl(response.body.decode("ascii"), strict_parsing=True, max_num_fields=100)
    except (ValueError, UnicodeDecodeError):
        return None
    members = dict(pairs)
    return members if members and len(members) == len(pairs) else None
