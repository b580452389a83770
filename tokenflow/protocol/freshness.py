"""When a token is good, when it is due, when it is too old: a function of its times, the policy and the clock."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final, final

if TYPE_CHECKING:
    from tokenflow.profile import RefreshPolicy
    from tokenflow.tokens import TokenRecord

# How much of a token's own life the windows may take (promise 1): a 60 s token is not renewed on every call.
_DUE_SHARE: Final = 1 / 5
_VALIDITY_SHARE: Final = 1 / 2


class Freshness(Enum):
    """What to do with a stored token."""

    FRESH = "serve it"
    DUE = "serve it, and renew it beside"
    EXPIRED = "renew it first"


@final
@dataclass(frozen=True, slots=True)
class Windows:
    """The policy's windows, clamped to one token's life; seconds before its expiry."""

    due: float
    validity: float

    @property
    def widest(self) -> float:
        """How long before its expiry a token stops being simply FRESH."""
        return max(self.due, self.validity)


def windows(policy: RefreshPolicy, lifetime: float | None, min_validity: float | None = None) -> Windows:
    """Return the windows for a token with this life in seconds; an asked `min_validity` is never clamped."""
    if lifetime is None:
        return Windows(policy.before_expiry, policy.min_validity if min_validity is None else min_validity)
    validity = min(policy.min_validity, lifetime * _VALIDITY_SHARE) if min_validity is None else min_validity
    return Windows(min(policy.before_expiry, lifetime * _DUE_SHARE), validity)


def freshness(
    record: TokenRecord, policy: RefreshPolicy, *, now: float, min_validity: float | None = None
) -> Freshness:
    """Judge a stored token at `now` (Unix time); `min_validity` in seconds is what the caller asked for."""
    if record.token is None:
        return Freshness.EXPIRED
    if record.token.expires_at is None:
        return Freshness.FRESH
    left = record.token.expires_at - now
    window = windows(policy, record.lifetime, min_validity)
    if left <= 0 or left < window.validity:
        return Freshness.EXPIRED
    return Freshness.DUE if left < window.due else Freshness.FRESH


def clamped(policy: RefreshPolicy, lifetime: float | None) -> str | None:
    """Say which of the policy's windows are too wide for tokens of this life; None where none is."""
    if lifetime is None:
        return None
    window = windows(policy, lifetime)
    said = [
        f"{name} is {wished:g} s, and {taken:g} s is used"
        for name, wished, taken in (
            ("before_expiry", policy.before_expiry, window.due),
            ("min_validity", policy.min_validity, window.validity),
        )
        if taken < wished
    ]
    return f"tokens live only {lifetime:g} s: {'; '.join(said)}" if said else None
