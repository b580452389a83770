"""That the quick answer is the validator's: for what people write, and for every keyword at its limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml
from config.test_hostile_input import GOOD, PROFILES, SECTIONS, scalars
from config.test_wrong_profiles import FILES
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from tokenflow.config import complaints as module
from tokenflow.config.complaints import complaints
from tokenflow.config.fitness import fits, fitting
from tokenflow.config.reading import parse
from tokenflow.config.schema import schema
from tokenflow.errors import ProfileError

if TYPE_CHECKING:
    from pathlib import Path

AS_WRITTEN = Draft202012Validator(schema())

VALUES: list[Any] = [
    *(None, True, False, 0, 1, 2, -1, 10, "", "a", "ab", "true", "1"),
    *([], [1], ["a"], ["a", "b"], [["a"]], {}, {"a": 1}, {"a": "a"}, {"b": 1}, {"a": 1, "b": 2}, {"B": 1}, {"a": None}),
]
NODES: list[dict[str, Any]] = [
    {},
    *({"type": kind} for kind in ("object", "array", "string", "integer", "boolean", ["string", "integer"])),
    *({"enum": words} for words in ([True, "a"], [1], ["true", "1"], [None])),
    *({"const": word} for word in (1, "a", False)),
    {"properties": {"a": {"type": "integer"}}},
    {"properties": {"a": {"type": "integer"}}, "additionalProperties": False},
    {"properties": {"a": {"type": "integer"}}, "additionalProperties": {"const": 2}},
    {"additionalProperties": True, "required": ["a", "b"]},
    {"propertyNames": {"pattern": "^[a-z]"}},
    {"items": {"type": "string", "maxLength": 9}},  # a keyword that is not known here
    {"items": {"minLength": 1}, "minItems": 1},
    {
        "anyOf": [
            {"type": "string", "minLength": 2},
            {"type": "object", "maxProperties": 1},
            {"minimum": 1, "maximum": 2},
        ]
    },
    {"type": "string", "pattern": "b", "minLength": 2, "description": "x", "format": "uri"},
    {"minProperties": 1, "maxProperties": 1},
]


@pytest.mark.parametrize("node", NODES, ids=str)
def test_every_keyword_means_what_json_schema_says(node: dict[str, Any]) -> None:
    quick, validator = fitting(node), Draft202012Validator(node)
    for value in VALUES:
        if "maxLength" in str(node):
            assert not quick(value) or validator.is_valid(value)
        else:
            assert quick(value) is validator.is_valid(value), value


def test_what_has_an_unknown_keyword_is_left_to_the_validator() -> None:
    assert not fitting({"type": "string", "not": {"const": "a"}})("b")


@pytest.mark.parametrize("content", PROFILES)
def test_the_shipped_profiles_need_no_validator(content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "validator", None)
    assert complaints(parse(content, "p.yaml")) == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_wrong_profile_is_as_wrong_for_both(file: Path) -> None:
    try:
        data = parse(file.read_bytes(), file.name).data
    except ProfileError:
        return
    assert fits(data) is AS_WRITTEN.is_valid(data)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(sorted(SECTIONS)), max_size=4, unique=True).flatmap(
    lambda names: st.fixed_dictionaries({name: SECTIONS[name] for name in names})
), st.dictionaries(st.text(max_size=5), scalars, max_size=1))  # fmt: skip
def test_a_document_of_any_shape_is_as_right_or_wrong_for_both(sections: dict[str, Any], more: dict[str, Any]) -> None:
    written = yaml.safe_dump({**GOOD, **sections, **more}, allow_unicode=True)
    try:
        data = parse(written.encode("utf-8", "surrogatepass"), "p.yaml").data
    except ProfileError:
        return
    assert fits(data) is AS_WRITTEN.is_valid(data)
