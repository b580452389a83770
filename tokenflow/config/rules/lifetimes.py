"""Rules about durations: windows, delays, deadlines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tokenflow.config.rules.rule import Rule, stands

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokenflow.config.facts import Facts
    from tokenflow.config.rules.rule import Finding

_MOST_SKEW: Final = 60


def _written(facts: Facts, *paths: tuple[str, ...]) -> tuple[str, ...] | None:
    """Return the first of the paths that the profile itself says."""
    return next((path for path in paths if stands(facts, *path)), None)


def _windows_are_ordered(facts: Facts) -> Iterator[Finding]:
    before_expiry = facts.seconds("refresh", "before_expiry")
    min_validity = facts.seconds("refresh", "min_validity")
    if before_expiry is None or min_validity is None or before_expiry > min_validity:
        return
    written = "before_expiry" if facts.has("refresh", "before_expiry") else "min_validity"
    yield (
        ("refresh", written),
        f"before_expiry ({before_expiry:g} s) is not above min_validity ({min_validity:g} s): renewal comes too late",
        "make before_expiry the longer one",
    )


def _renewal_fits_assumed_lifetime(facts: Facts) -> Iterator[Finding]:
    before_expiry = facts.seconds("refresh", "before_expiry")
    lifetime = facts.seconds("refresh", "assume_lifetime")
    place = _written(facts, ("refresh", "before_expiry"), ("refresh", "assume_lifetime"))
    if before_expiry is not None and lifetime and place and before_expiry >= lifetime:
        wrong = f"before_expiry ({before_expiry:g} s) is not below assume_lifetime ({lifetime:g} s)"
        yield place, f"{wrong}: such a token is due at once", "shorten before_expiry, or lengthen assume_lifetime"


def _retry_delays_are_ordered(facts: Facts) -> Iterator[Finding]:
    first, longest = facts.seconds("refresh", "retry", "first_delay"), facts.seconds("refresh", "retry", "max_delay")
    place = _written(facts, ("refresh", "retry", "first_delay"), ("refresh", "retry", "max_delay"))
    if first is not None and longest is not None and place and first > longest:
        wrong = f"first_delay ({first:g} s) is above max_delay ({longest:g} s)"
        yield place, wrong, "make max_delay the longer one"


def _retry_outlives_an_exchange(facts: Facts) -> Iterator[Finding]:
    deadline, timeout = facts.seconds("refresh", "retry", "deadline"), facts.seconds("http", "timeout")
    if deadline and timeout and deadline < timeout and stands(facts, "http", "timeout"):
        wrong = f"timeout ({timeout:g} s) is above refresh.retry.deadline ({deadline:g} s)"
        yield (
            ("http", "timeout"),
            f"{wrong}: a try that hangs is the only one",
            "shorten the timeout, or lengthen the deadline",
        )


def _clock_skew_is_small(facts: Facts) -> Iterator[Finding]:
    skew = facts.seconds("verify", "clock_skew")
    if skew and skew > _MOST_SKEW:
        wrong = f"takes tokens that expired {skew:g} s ago"
        yield ("verify", "clock_skew"), wrong, f"write {_MOST_SKEW}s or less, and set the clock (NTP)"


_TIMES: Final = (
    ("http", "timeout"),
    ("authorization", "timeout"),
    ("refresh", "assume_lifetime"),
    ("refresh", "retry", "deadline"),
)


def _times_are_not_zero(facts: Facts) -> Iterator[Finding]:
    for path in _TIMES:
        if facts.seconds(*path) == 0:
            yield path, "is no time at all: nothing can succeed", "write a duration such as `10s`, or remove it"


RULES: Final = (
    Rule(
        id="windows-are-ordered",
        severity="error",
        title="Renewal begins before a token becomes too old to hand out",
        why="From before_expiry on a token is renewed while it still serves; below min_validity it is not handed out."
        " In the wrong order every call waits for a new token.",
        write="A before_expiry above min_validity, such as 5m and 60s.",
        section="schemas/README.md#refresh",
        check=_windows_are_ordered,
    ),
    Rule(
        id="renewal-fits-assumed-lifetime",
        severity="warning",
        title="Renewal begins within the lifetime that is assumed",
        why="A server may leave out expires_in. The token then counts as due the moment it comes (the window is clamped"
        " to a fifth of its life).",
        write="A before_expiry well below assume_lifetime.",
        section="RFC 6749 section 5.1",
        check=_renewal_fits_assumed_lifetime,
    ),
    Rule(
        id="retry-delays-are-ordered",
        severity="warning",
        title="The first wait is no longer than the longest",
        why="Every wait is cut at max_delay, so that first_delay has no effect.",
        write="A first_delay below max_delay, such as 500ms and 30s.",
        section="schemas/README.md#refreshretry",
        check=_retry_delays_are_ordered,
    ),
    Rule(
        id="retry-outlives-an-exchange",
        severity="warning",
        title="The time for all tries is longer than that for one",
        why="One exchange that times out uses up the whole deadline, and nothing is tried again.",
        write="A retry.deadline of several times http.timeout.",
        section="schemas/README.md#refreshretry",
        check=_retry_outlives_an_exchange,
    ),
    Rule(
        id="clock-skew-is-small",
        severity="warning",
        title="Clocks may differ by a minute, not more",
        why="What is tolerated is added to every token's life, revoked ones included; clocks that are set by NTP differ"
        " by less than a second.",
        write="60s or less; set the clock instead.",
        section="RFC 7519 section 4.1.4",
        check=_clock_skew_is_small,
    ),
    Rule(
        id="times-are-not-zero",
        severity="error",
        title="No time limit is zero",
        why="Nothing is done in no time. Zero does not mean endless: every wait has an end.",
        write="A duration such as `10s`, or remove the key for its default.",
        section="schemas/README.md#duration",
        check=_times_are_not_zero,
    ),
)
