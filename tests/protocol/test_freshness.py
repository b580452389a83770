from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenflow.profile import RefreshPolicy
from tokenflow.protocol.freshness import Freshness, Windows, clamped, freshness, windows
from tokenflow.secret import Secret
from tokenflow.tokens import TokenRecord, TokenSet

POLICY = RefreshPolicy(before_expiry=300, min_validity=60)
OBTAINED = 1_800_000_000


def record(lifetime: int | None) -> TokenRecord:
    expires_at = OBTAINED + lifetime if lifetime is not None else None
    return TokenRecord(token=TokenSet("at", expires_at=expires_at), refresh_token=None, obtained_at=OBTAINED)


@pytest.mark.parametrize(
    ("lifetime", "asked", "due", "validity"),
    [
        pytest.param(3600, None, 300, 60, id="a long life: as the policy says"),
        pytest.param(1500, None, 300, 60, id="just long enough"),
        pytest.param(60, None, 12, 30, id="a short life: a fifth and a half of it"),
        pytest.param(1, None, 0.2, 0.5, id="one second"),
        pytest.param(0, None, 0, 0, id="none"),
        pytest.param(60, 3600, 12, 3600, id="what is asked for is not clamped"),
        pytest.param(None, None, 300, 60, id="nobody knows the life"),
        pytest.param(None, 5, 300, 5, id="nobody knows the life, and something is asked for"),
        pytest.param(3600, 0, 300, 0, id="nothing is asked for expressly"),
    ],
)
def test_the_windows_are_clamped_to_a_fifth_and_a_half_of_the_life_promise_1(
    lifetime: float | None, asked: float | None, due: float, validity: float
) -> None:
    assert windows(POLICY, lifetime, asked) == Windows(due, validity)


def test_the_widest_window_says_until_when_a_token_is_simply_fresh() -> None:
    assert Windows(300, 60).widest == 300
    assert Windows(12, 30).widest == 30


@pytest.mark.parametrize(
    ("lifetime", "left", "asked", "judged"),
    [
        (3600, 3600, None, Freshness.FRESH),
        (3600, 300, None, Freshness.FRESH),
        (3600, 299, None, Freshness.DUE),
        (3600, 60, None, Freshness.DUE),
        (3600, 59.9, None, Freshness.EXPIRED),
        (3600, 0, None, Freshness.EXPIRED),
        (3600, -1, None, Freshness.EXPIRED),
        (3600, 1000, 1000, Freshness.FRESH),
        (3600, 999, 1000, Freshness.EXPIRED),
        (3600, 200, 100, Freshness.DUE),
        (3600, 10, 0, Freshness.DUE),
        (3600, 0, 0, Freshness.EXPIRED),
        (60, 60, None, Freshness.FRESH),
        (60, 31, None, Freshness.FRESH),
        (60, 29, None, Freshness.EXPIRED),
        (60, 11, 5, Freshness.DUE),
        (1, 1, None, Freshness.FRESH),
        (0, 0, None, Freshness.EXPIRED),
    ],
)
def test_a_token_is_fresh_then_due_then_expired(
    lifetime: int, left: float, asked: float | None, judged: Freshness
) -> None:
    assert freshness(record(lifetime), POLICY, now=OBTAINED + lifetime - left, min_validity=asked) is judged


def test_a_token_whose_expiry_nobody_knows_is_fresh() -> None:
    assert freshness(record(None), POLICY, now=OBTAINED + 10**9, min_validity=3600) is Freshness.FRESH


def test_a_record_without_a_token_is_expired() -> None:
    alone = TokenRecord(token=None, refresh_token=Secret("rt"), obtained_at=OBTAINED)
    assert freshness(alone, POLICY, now=OBTAINED) is Freshness.EXPIRED
    assert alone.lifetime is None


def test_a_clock_that_was_set_back_makes_no_negative_life_f_062() -> None:
    odd = TokenRecord(token=TokenSet("at", expires_at=OBTAINED - 10), refresh_token=None, obtained_at=OBTAINED)
    assert odd.lifetime == 0
    assert freshness(odd, POLICY, now=OBTAINED) is Freshness.EXPIRED


@given(st.integers(1, 10**6), st.floats(0, 10**6), st.floats(0, 10**6))
def test_a_new_token_is_always_fresh_so_that_no_short_life_makes_a_hot_loop_f_051(
    lifetime: int, before_expiry: float, min_validity: float
) -> None:
    policy = RefreshPolicy(before_expiry=before_expiry, min_validity=min_validity)
    assert freshness(record(lifetime), policy, now=OBTAINED) is Freshness.FRESH


@given(st.integers(1, 10**5), st.floats(-10, 10**5), st.none() | st.floats(0, 10**5))
def test_a_token_that_is_served_has_the_validity_that_was_promised_promise_1(
    lifetime: int, left: float, asked: float | None
) -> None:
    judged = freshness(record(lifetime), POLICY, now=OBTAINED + lifetime - left, min_validity=asked)
    promised = min(POLICY.min_validity, lifetime / 2) if asked is None else asked
    if judged is not Freshness.EXPIRED:
        assert left > 0
        assert left >= promised - 0.01


@pytest.mark.parametrize(
    ("lifetime", "said"),
    [
        (None, None),
        (3600, None),
        (1500, None),
        (600, "tokens live only 600 s: before_expiry is 300 s, and 120 s is used"),
        (
            60,
            "tokens live only 60 s: before_expiry is 300 s, and 12 s is used; min_validity is 60 s, and 30 s is used",
        ),
    ],
)
def test_windows_too_wide_for_the_servers_tokens_are_named(lifetime: float | None, said: str | None) -> None:
    assert clamped(POLICY, lifetime) == said
