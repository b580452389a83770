"""Whatever stands in a file: it comes to a profile, to problems or to a ProfileError, and all of them can be shown."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import yaml
from config.texts import FILE
from hypothesis import given, settings
from hypothesis import strategies as st

from tokenflow.config.excerpts import render
from tokenflow.config.interpretation import interpret
from tokenflow.config.reading import parse
from tokenflow.config.schema import branches, resolved, schema
from tokenflow.errors import ProfileError, SecretError
from tokenflow.profile import Profile, Reference

PROFILES: Final = [
    re.sub(rb"(?m)^ *#.*\n", b"", path.read_bytes())
    for path in sorted((Path(__file__).resolve().parents[2] / "profiles").glob("*.yaml"))
]
VALUES: Final = {"{env: A}": "true", "{env: B}": "5m", "{file: c}": "https://as.example", "{env: D}": "\x1b\n"}


def resolve(reference: Reference) -> str:
    try:
        return VALUES[str(reference)]
    except KeyError:
        raise SecretError(f"{reference} holds nothing") from None


def assert_answered(content: bytes) -> None:
    """Interpret `content` and look at all that is said of it; anything but a ProfileError ends the test."""
    try:
        interpretation = interpret(parse(content, FILE), resolve=resolve, unresolved="warning")
    except ProfileError as error:
        [problem] = error.problems
        problems = error.problems
        assert problem.severity == "error"
    else:
        problems = interpretation.problems
        assert (interpretation.profile is None) == any(
            problem.severity == "error" or problem.rule == "reference" for problem in problems
        )
        assert isinstance(interpretation.profile, Profile | None)
        repr(interpretation)
    lines = content.decode("utf-8-sig", "replace").splitlines()
    for problem in problems:
        assert problem.message
        assert problem.rule
        assert 0 <= problem.line <= len(lines) + 1
        shown = render(problem)
        assert all(part.isprintable() for part in shown.splitlines())
        assert shown.isascii() or not content.isascii()


LETTERS: Final = (
    b"\0 \t \r \xff \xef\xbb\xbf \xe2\x80\xae \x1b &a *a !!x <<: : - { } [ ] ' \" --- % @ | # {env:A} ~".split(b" ")
)
pieces = st.sampled_from([b"\n", b": ", b"- ", b"*a ", b"{env: A}", b"9" * 30, *LETTERS])


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(PROFILES),
    st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 6), st.one_of(pieces, st.binary(max_size=2))), max_size=4),
)
def test_f122_to_f135_a_damaged_profile_is_answered_with_problems(
    content: bytes, damages: list[tuple[int, int, bytes]]
) -> None:
    for at, length, piece in damages:
        content = content[:at] + piece + content[at + length :]
    assert_answered(content)


scalars: Final = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-1, 10**12),
    st.sampled_from(
        ["", "a b", "5m", "https://as.example", "http://x", "openid", "x\u202ey", "\x1b[0m", "true", "1", "é"]
    ),
)
reference: Final = st.one_of(
    st.sampled_from([{"env": "A"}, {"env": "B"}, {"file": "c"}, {"env": "D"}, {"env": "NO"}, {"command": ["x", "y"]}]),
    st.fixed_dictionaries({}, optional={"env": scalars, "file": scalars, "default": scalars, "keyring": scalars}),
)


def shaped(node: dict[str, Any], depth: int = 0) -> st.SearchStrategy[Any]:
    """Make values that fit the schema, nearly fit it, or do not fit at all."""
    choices: list[st.SearchStrategy[Any]] = [scalars, reference]
    for branch in branches(node):
        if "enum" in branch:
            choices += [st.sampled_from(branch["enum"])] * 4
        choices += [st.just(example) for example in branch.get("examples", [])]
        if "properties" in branch and depth < 4:
            members = {name: shaped(below, depth + 1) for name, below in branch["properties"].items()}
            required = {name: members.pop(name) for name in branch.get("required", [])}
            choices.append(st.fixed_dictionaries(required, optional=members))
        if "items" in branch:
            choices.append(st.lists(shaped(branch["items"], depth + 1), max_size=2))
    choices += [st.just(example) for example in resolved(node).get("examples", [])] * 2
    return st.one_of(choices)


SECTIONS: Final = {name: shaped(node) for name, node in schema()["properties"].items()}
GOOD: Final = {
    "version": 1,
    "app_type": "service",
    "issuer": "https://as.example",
    "client": {"id": "a", "secret": {"env": "S"}},
}


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(sorted(SECTIONS)), max_size=4, unique=True).flatmap(
    lambda names: st.fixed_dictionaries({name: SECTIONS[name] for name in names})
), st.dictionaries(st.text(max_size=5), scalars, max_size=1))  # fmt: skip
def test_f135_a_document_of_any_shape_is_answered_with_problems(sections: dict[str, Any], more: dict[str, Any]) -> None:
    text = yaml.safe_dump({**GOOD, **sections, **more}, allow_unicode=True, default_flow_style=None, sort_keys=False)
    assert_answered(text.encode("utf-8", "surrogatepass"))


@settings(max_examples=100, deadline=None)
@given(
    st.one_of(st.binary(max_size=60), st.text(" \n\t-:{}[],&*!|>'\"%@`#ab\u202e\ufeff", max_size=60).map(str.encode))
)
def test_f131_to_f134_any_bytes_at_all_are_answered(content: bytes) -> None:
    assert_answered(content)
