from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tokenflow.config.facts import Facts
from tokenflow.config.reading import parse
from tokenflow.errors import Problem
from tokenflow.profile import EnvSource, Reference

if TYPE_CHECKING:
    from tokenflow.config.document import Path

TEXT = b"""\
app_type: service
issuer: https://as.example
client: {id: a, secret: S, key_id: ~}
scopes: [a, 5, b c]
audience: x y
refresh: {before_expiry: 10m, min_validity: 30, assume_lifetime: soon, retry: {attempts: [1]}}
"""


def problem(path: str, advice: str = "", rule: str = "") -> Problem:
    return Problem(file="p.yaml", path=path, message="is wrong", advice=advice, rule=rule)


def facts(*found: Problem, text: bytes = TEXT) -> Facts:
    return Facts(parse(text, "p.yaml"), found)


def test_a_value_is_there_or_was_meant_or_is_not() -> None:
    known = facts(
        problem("metadata"),
        problem("client.certificat", "did you mean `certificate`?", "unknown-key"),
        problem("flow", "did you mean `password`? It is one of password", "wrong-value"),
    )
    assert known.has("client")
    assert known.has("client", "id")
    assert known.has("metadata", "token_endpoint")  # its parent is wrong in some way that is said already
    assert known.has("client", "certificate")
    assert known.meant("certificate")
    assert not known.has("client", "key_id")
    assert not known.has("user", "password")
    assert not known.meant("password")
    assert not known.has("issuer", "id")


def test_a_doubtful_value_and_a_reference_are_unknown() -> None:
    document = parse(TEXT, "p.yaml")
    document.data["client"]["secret"] = Reference(EnvSource("S"))
    known = Facts(document, [problem("client.id"), problem("scopes[1]")])
    assert known.value("issuer") == "https://as.example"
    assert known.value("client", "id") is None
    assert known.value("client", "secret") is None
    assert known.has("client", "secret")
    assert known.value("scopes") == ["a", 5, "b c"]
    assert known.value("nothing", "here") is None


@pytest.mark.parametrize(
    ("path", "text", "words"),
    [
        (("issuer",), "https://as.example", ("https://as.example",)),
        (("audience",), "x y", ("x", "y")),
        (("scopes",), "", ("a", "b c")),
        (("client",), "", ()),
        (("nothing",), "", ()),
    ],
)
def test_texts_and_words(path: tuple[str, ...], text: str, words: tuple[str, ...]) -> None:
    assert facts().text(*path) == text
    assert facts().words(*path) == words


@pytest.mark.parametrize(
    ("path", "seconds"),
    [
        (("refresh", "before_expiry"), 600),
        (("refresh", "min_validity"), 30),
        (("refresh", "on_rejected"), None),
        (("refresh", "assume_lifetime"), None),
        (("refresh", "retry", "attempts"), None),
        (("refresh", "retry", "deadline"), 120),  # the schema's default
        (("authorization", "max_age"), None),  # it has none
        (("no", "such", "key"), None),
    ],
)
def test_durations_are_what_is_written_or_the_default(path: tuple[str, ...], seconds: float | None) -> None:
    assert facts().seconds(*path) == seconds


def test_a_doubtful_duration_is_unknown() -> None:
    assert facts(problem("refresh.before_expiry")).seconds("refresh", "before_expiry") is None
    assert facts(problem("refresh")).seconds("refresh", "min_validity") is None


@pytest.mark.parametrize(
    ("text", "app_type", "flow"),
    [
        (b"app_type: service\n", "service", "client_credentials"),
        (b"app_type: service\nflow: ciba\n", "service", "ciba"),
        (b"app_type: servcie\n", None, None),
        (b"flow: ciba\n", None, None),
    ],
)
def test_the_flow_is_the_one_named_or_what_the_app_type_means(
    text: bytes, app_type: str | None, flow: str | None
) -> None:
    known = facts(text=text)
    assert (known.app_type, known.flow) == (app_type, flow)


def test_a_doubtful_flow_is_not_what_the_app_type_means() -> None:
    known = facts(problem("flow"), text=b"app_type: service\nflow: cyba\n")
    assert (known.app_type, known.flow) == ("service", None)


@pytest.mark.parametrize(("text", "embedded"), [(b"issuer: embedded\n", True), (b"issuer: https://x\n", False)])
def test_the_development_issuer_is_meant_by_its_word(text: bytes, embedded: bool) -> None:
    assert facts(text=text).embedded is embedded


@pytest.mark.parametrize(
    ("path", "doubtful"),
    [
        (("client",), False),
        (("client", "id"), True),
        (("client", "id", "env"), True),
        (("client", "idd"), False),
        (("deliver",), False),
        (("deliver", 0, "to"), True),
        (("deliver", 1, "to"), False),
    ],
)
def test_doubt_falls_on_a_place_and_on_what_stands_in_it(path: Path, doubtful: bool) -> None:
    assert facts(problem("client.id"), problem("deliver[0]")).doubts(path) is doubtful
