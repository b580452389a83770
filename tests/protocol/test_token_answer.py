from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.example import answer

from tokenflow.errors import ProtocolError
from tokenflow.protocol.token_answer import TEN_YEARS, TokenAnswer, form_members, read_answer, read_lifetime
from tokenflow.secret import Secret

NOT_USED = "the server's expires_in is not a number of seconds, and is not used"
WHOLE_SECONDS = "the server's expires_in is not an integer; its whole seconds are used"
CLAMPED = "the server's expires_in is longer than ten years; ten years are used"
MISSING = "the server does not say how long the token is good for (expires_in is missing)"


def read(*, requested: tuple[str, ...] = (), **members: Any) -> TokenAnswer:
    said = {"access_token": "at", "token_type": "Bearer", "expires_in": 60, **members}
    return read_answer(said, asked_at=1000.5, scopes=requested, doing="asking")


def test_a_full_answer_is_read_whole_and_shows_no_token() -> None:
    told = read(refresh_token="canary-rt", id_token="canary.id.token", scope="a b", access_token="canary-at")
    assert told == TokenAnswer(
        access_token=Secret("canary-at"),
        token_type="Bearer",
        asked_at=1000.5,
        lifetime=60,
        scopes=("a", "b"),
        refresh_token=Secret("canary-rt"),
        id_token=Secret("canary.id.token"),
        warnings=(),
    )
    assert "canary" not in repr(told)


@pytest.mark.parametrize("token", ["at", "h.p.s", "a" * 1_000_000, "-._~+/=", "!#$%&'()*,:;<>?@[]^`{|}\"\\"])
def test_an_access_token_is_any_text_that_a_header_can_carry_r6749_28_r6750_05(token: str) -> None:
    assert read(access_token=token).access_token.reveal() == token


@pytest.mark.parametrize("token", [None, "", 7, True, ["at"], {"token": "at"}])
def test_an_answer_without_an_access_token_is_an_error_r6749_07_f_048(token: object) -> None:
    with pytest.raises(ProtocolError, match=r"^asking: the answer holds no access_token$"):
        read(access_token=token)


@pytest.mark.parametrize("token", ["a\r\nX: y", "a\0", "a b", " at", "at\n", "é", "\x7f", "\u202ea"])
def test_an_access_token_that_would_forge_a_header_is_refused_unseen_f_048(token: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        read(access_token=token)
    assert str(caught.value) == "asking: the access_token holds characters that no header can carry"


@pytest.mark.parametrize(
    ("said", "read_as"),
    [("Bearer", "Bearer"), ("bearer", "Bearer"), ("BEARER", "Bearer"), ("dpop", "DPoP"), ("DPoP", "DPoP")],
)
def test_the_type_is_compared_without_regard_to_case_r6749_08_f_052(said: str, read_as: str) -> None:
    assert read(token_type=said).token_type == read_as


@pytest.mark.parametrize("said", [None, "", 7, ["Bearer"]])
def test_an_answer_without_a_type_is_an_error_r6749_07_f_052(said: object) -> None:
    with pytest.raises(ProtocolError, match=r"^asking: the answer holds no token_type$"):
        read(token_type=said)


@pytest.mark.parametrize(("said", "shown"), [("mac", "mac"), ("N_A", "N_A"), ("x\x1b", r"x\\x1b")])
def test_a_token_of_a_type_that_nobody_can_send_is_not_used_r6749_08_f_052(said: str, shown: str) -> None:
    with pytest.raises(ProtocolError, match=f"^asking: the token is of type {shown}, which tokenflow cannot send$"):
        read(token_type=said)


@pytest.mark.parametrize("member", ["refresh_token", "id_token"])
@pytest.mark.parametrize("value", [None, "", 7, ["x"]])
def test_an_optional_token_that_is_none_counts_as_missing(member: str, value: object) -> None:
    assert getattr(read(**{member: value}), member) is None


@pytest.mark.parametrize(
    ("value", "seconds", "warning"),
    [
        (3600, 3600, None),
        (1, 1, None),
        (TEN_YEARS, TEN_YEARS, None),
        (TEN_YEARS + 1, TEN_YEARS, CLAMPED),
        (10**4000, TEN_YEARS, CLAMPED),
        ("3600", 3600, WHOLE_SECONDS),
        (" 3600 ", 3600, WHOLE_SECONDS),
        ("0003600", 3600, WHOLE_SECONDS),
        ("3600.9", 3600, WHOLE_SECONDS),
        ("3600.", 3600, WHOLE_SECONDS),
        (3600.0, 3600, WHOLE_SECONDS),
        (3600.9, 3600, WHOLE_SECONDS),
        (1.0, 1, WHOLE_SECONDS),
        (1e20, TEN_YEARS, CLAMPED),
        (TEN_YEARS + 0.5, TEN_YEARS, CLAMPED),
        ("99999999999999999999", TEN_YEARS, CLAMPED),
        (None, None, MISSING),
        (0, None, NOT_USED),
        (-1, None, NOT_USED),
        (-(10**400), None, NOT_USED),
        (0.9, None, NOT_USED),
        (-0.0, None, NOT_USED),
        ("0", None, NOT_USED),
        ("-3600", None, NOT_USED),
        ("+3600", None, NOT_USED),
        ("", None, NOT_USED),
        (".", None, NOT_USED),
        (".5", None, NOT_USED),
        ("1.2.3", None, NOT_USED),
        ("1 0", None, NOT_USED),
        ("1_000", None, NOT_USED),
        ("1e3", None, NOT_USED),
        ("0x10", None, NOT_USED),
        ("nan", None, NOT_USED),
        ("inf", None, NOT_USED),
        ("one hour", None, NOT_USED),
        ("٣٦٠٠", None, NOT_USED),
        ("²", None, NOT_USED),
        ("9" * 41, None, NOT_USED),
        (math.nan, None, NOT_USED),
        (math.inf, None, NOT_USED),
        (-math.inf, None, NOT_USED),
        (True, None, NOT_USED),
        (False, None, NOT_USED),
        ([3600], None, NOT_USED),
        ({"seconds": 3600}, None, NOT_USED),
    ],
)
def test_expires_in_promise_7_r6749_09_r6749_10_f_049(value: object, seconds: int | None, warning: str | None) -> None:
    assert read_lifetime(value) == (seconds, warning)
    assert read(expires_in=value).warnings == ((warning,) if warning else ())


@given(st.one_of(st.text(), st.integers(), st.floats(), st.text("0123456789. +-e_", max_size=45)))
def test_whatever_expires_in_is_the_lifetime_is_usable_or_none(value: object) -> None:
    seconds, warning = read_lifetime(value)
    assert seconds is None or (type(seconds) is int and 1 <= seconds <= TEN_YEARS)
    assert warning is not None or type(value) is int


@pytest.mark.parametrize(
    ("requested", "scope", "granted", "warning"),
    [
        (("a", "b"), None, ("a", "b"), None),
        (("a", "b"), "", ("a", "b"), None),
        (("a", "b"), " ", ("a", "b"), None),
        (("a", "b"), ["a"], ("a", "b"), None),
        (("a", "b"), "b a", ("b", "a"), None),
        (("a", "b"), "a b b  a", ("a", "b"), None),
        (("a",), "a extra", ("a", "extra"), None),
        ((), "given", ("given",), None),
        (("a", "b", "c"), "b", ("b",), "the server did not grant a c"),
        (("a",), "b", ("b",), "the server did not grant a"),
    ],
)
def test_granted_scopes_are_recorded_and_missing_ones_warned_of_r6749_11_r6749_12_f_044(
    requested: tuple[str, ...], scope: object, granted: tuple[str, ...], warning: str | None
) -> None:
    told = read(requested=requested, scope=scope)
    assert told.scopes == granted
    assert told.warnings == ((warning,) if warning else ())


def test_ten_years_are_ten_years_of_365_days() -> None:
    assert TEN_YEARS == 315_360_000


def test_every_oddity_has_its_own_warning() -> None:
    assert read(requested=("a",), scope="b", expires_in=None).warnings == (MISSING, "the server did not grant a")


@pytest.mark.parametrize(
    ("body", "members"),
    [
        (b"access_token=at&token_type=bearer&scope=", {"access_token": "at", "token_type": "bearer"}),
        (b"scope=a+b%20c&expires_in=60", {"scope": "a b c", "expires_in": "60"}),
        (b"error=bad_verification_code", {"error": "bad_verification_code"}),
        (b"access_token=a&access_token=b", None),
        (b"nonsense", None),
        (b"", None),
        (b"a=\xff", None),
        (b"&".join(b"a%d=1" % number for number in range(101)), None),
    ],
)
def test_a_form_encoded_answer_is_read_or_none_f_027(body: bytes, members: dict[str, str] | None) -> None:
    assert form_members(answer(200, body)) == members
