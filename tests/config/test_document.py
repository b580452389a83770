from __future__ import annotations

import pytest

from tokenflow.config.document import Document, Path, Spot, dotted, is_key
from tokenflow.errors import Problem
from tokenflow.profile import Place


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ((), ""),
        (("client",), "client"),
        (("client", "secret", "env"), "client.secret.env"),
        (("deliver", 0, "to"), "deliver[0].to"),
        (("authorization", "details", 10), "authorization.details[10]"),
        (("client", "secret:VALUE"), "client.***"),
        (("",), "***"),
        (("a b", 0), "***[0]"),
    ],
)
def test_a_path_is_written_as_people_do_and_hides_what_is_no_key(path: Path, text: str) -> None:
    assert dotted(path) == text


@pytest.mark.parametrize("key", ["scopes", "x-anchor", "$schema", "a.b_c", "5", "é"])
def test_a_word_is_a_key(key: str) -> None:
    assert is_key(key)


@pytest.mark.parametrize("key", ["", "secret:x", "secret x", "a=b", "x" * 65, "a\n"])
def test_anything_else_may_hold_a_value(key: str) -> None:
    assert not is_key(key)


DOCUMENT = Document(
    file="p.yaml",
    data={"client": {"id": "a"}},
    lines=["client:", "  id: a"],
    spots={
        (): Spot(key=None, start=(0, 0), end=(2, 0), scalar=False),
        ("client",): Spot(key=(0, 0), start=(1, 2), end=(2, 0), scalar=False),
        ("client", "id"): Spot(key=(1, 2), start=(1, 6), end=(1, 7), scalar=True),
    },
)


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (("client", "id"), Place("p.yaml", 2, 7, "client.id")),
        (("client", "secret", "env"), Place("p.yaml", 2, 3, "client.secret.env")),
        (("issuer",), Place("p.yaml", 1, 1, "issuer")),
        ((), Place("p.yaml", 1, 1, "")),
    ],
)
def test_what_is_not_written_stands_where_its_nearest_parent_does(path: Path, place: Place) -> None:
    assert DOCUMENT.place(path) == place


def test_a_problem_stands_at_the_value_or_at_the_key() -> None:
    assert DOCUMENT.problem(("client", "id"), "is wrong", "mend it", rule="r", severity="warning") == Problem(
        file="p.yaml",
        line=2,
        column=7,
        path="client.id",
        message="is wrong",
        advice="mend it",
        rule="r",
        severity="warning",
        excerpt="  id: a",
    )
    at_key = DOCUMENT.problem(("client", "id"), "is wrong", at_key=True)
    assert (at_key.line, at_key.column) == (2, 3)
    at_root = DOCUMENT.problem((), "is wrong", at_key=True)
    assert (at_root.line, at_root.column, at_root.excerpt) == (1, 1, "client:")


def test_a_problem_past_the_last_line_shows_none() -> None:
    document = Document(file="p", data={}, lines=[], spots={(): Spot(key=None, start=(0, 0), end=(0, 0), scalar=False)})
    assert document.problem((), "is empty").excerpt == ""


def test_no_value_is_seen_in_its_repr_but_the_plain_data() -> None:
    assert repr(DOCUMENT) == "Document(file='p.yaml', data={'client': {'id': 'a'}})"
