from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokenflow.protocol.strict_json import json_object

LETTERS = st.text(st.characters(exclude_categories=["Cs"]))
MEMBERS = st.dictionaries(
    LETTERS,
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | LETTERS,
        lambda inner: st.lists(inner) | st.dictionaries(LETTERS, inner),
    ),
)


@given(MEMBERS)
@settings(max_examples=30)
def test_an_object_is_read_as_it_was_written(members: dict[str, Any]) -> None:
    assert json_object(json.dumps(members).encode()) == members
    assert json_object(json.dumps(members, ensure_ascii=False).encode()) == members


def test_a_byte_order_mark_is_passed_over() -> None:
    assert json_object(b'\xef\xbb\xbf{"a": "\xc3\xa9"}') == {"a": "é"}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        pytest.param(b"", "Expecting value", id="empty"),
        pytest.param(b"[1]", "is not a JSON object", id="list"),
        pytest.param(b'"text"', "is not a JSON object", id="text"),
        pytest.param(b'{"a": 1, "a": 1}', "has a member twice", id="duplicate"),
        pytest.param(b'{"b": {"a": 1, "a": 2}}', "has a member twice", id="duplicate inside"),
        pytest.param(b'{"a": [{"b": 1, "\\u0062": 2}]}', "has a member twice", id="duplicate by escape"),
        pytest.param(b'{"a": NaN}', "NaN", id="NaN"),
        pytest.param(b'{"a": -Infinity}', "Infinity", id="infinity"),
        pytest.param(b'{"a": 1e999}', "Out of range", id="infinite by overflow"),
        pytest.param(b'{"a": [{"b": -1e999}]}', "Out of range", id="infinite inside"),
        pytest.param(b'{"a": "\\ud800"}', "half a surrogate pair", id="lone surrogate"),
        pytest.param(b'{"a\\udfff": 1}', "half a surrogate pair", id="lone surrogate in a name"),
        pytest.param(b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deeply", id="deep"),
        pytest.param(b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "nested too deeply", id="deep objects"),
        pytest.param(b'{"a":' + b"1" * 5000 + b"}", "Exceeds the limit", id="5000 digits"),
        pytest.param('{"a": 1}'.encode("utf-16"), "utf-8", id="UTF-16"),
        pytest.param(b'{"a": "\xe9"}', "utf-8", id="Latin-1"),
        pytest.param(b'{"a": 1} x', "Extra data", id="more after it"),
        pytest.param(b"{'a': 1}", "Expecting property name", id="Python"),
    ],
)
def test_what_is_not_strictly_a_json_object_is_refused_f_028_f_031(body: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        json_object(body)


@given(st.binary(max_size=64))
def test_no_bytes_raise_anything_but_value_error(body: bytes) -> None:
    with contextlib.suppress(ValueError):
        assert isinstance(json_object(body), dict)
