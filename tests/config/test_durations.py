from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from tokenflow.config.durations import seconds
from tokenflow.config.schema import schema

DURATION: dict[str, Any] = schema()["$defs"]["duration"]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        (0, 0.0),
        (300, 300.0),
        ("0", 0.0),
        ("300", 300.0),
        ("9999999999", 9999999999.0),
        ("90s", 90.0),
        ("5m", 300.0),
        ("1h30m", 5400.0),
        ("1h", 3600.0),
        ("500ms", 0.5),
        ("1s500ms", 1.5),
        ("1h1m1s1ms", 3661.001),
        ("1h500ms", 3600.5),
        ("05m", 300.0),
    ],
)
def test_a_duration_in_seconds(written: str | int, value: float) -> None:
    assert seconds(written) == pytest.approx(value)


@pytest.mark.parametrize(
    "written",
    [
        *("", " ", "s", "5m1h", "5 m", " 5m", "5m ", "5m\n", "1.5h", "-5m", "+5m", "5M", "5d", "5min", "1h1h", "1e3"),
        *("00000000005", "\u0665m", "\u0665", "5ms5s", ".nan", "1000000h"),
    ],
)
def test_what_is_no_duration_is_refused_with_what_to_write(written: str) -> None:
    with pytest.raises(ValueError, match=r"^write a duration such as 90s, 5m, 1h30m or 500ms$"):
        seconds(written)


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.integers(-1, 10**10), st.from_regex(DURATION["pattern"]), st.text("0159hms .-", max_size=12)))
def test_the_schema_takes_exactly_what_can_be_read(written: str | int) -> None:
    taken = Draft202012Validator(DURATION).is_valid(written)
    if isinstance(written, int):
        assert taken == (0 <= written <= 9999999999)
        return
    try:
        value = seconds(written)
    except ValueError:
        assert not taken
    else:
        assert taken
        assert value >= 0
