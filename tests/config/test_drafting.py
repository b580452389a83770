"""Drafts of profiles: what is asked, and that the text says what was answered and is valid."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, Final

import pytest
from config.texts import interpreted
from hypothesis import given
from hypothesis import strategies as st

from tokenflow.app_types import APP_TYPES
from tokenflow.config.drafting import compose
from tokenflow.config.presets import built_in, with_preset
from tokenflow.config.questions import (
    REDIRECT,
    REPLACE_ME,
    Draft,
    misplacements,
    place_of,
    questions,
    secrets_in_keyring,
)
from tokenflow.config.reading import parse
from tokenflow.profile import KeyringSource

ANSWERS: Final = {
    "issuer": "https://login.example.com/reports",
    "client.id": "reports-1a2b",
    "client.secret": "env:CLIENT_SECRET",
    "user.name": "svc@example.com",
    "user.password": "keyring:itwin/svc@example.com",
    "subject_token": "ambient:github_actions",
    "audience": "https://api.example.com",
    "redirect_uri": "com.example.reports:/signin-callback",
}
PRESETS: Final[list[str | None]] = [None, *built_in()]
CASES: Final = [
    (name, app_type) for name in PRESETS for app_type in (APP_TYPES if name is None else built_in()[name].app_types)
]
# Providers that insist on a secret where it is none.
LEGACY: Final = "flow-is-not-legacy"  # an agent's password flow, which was asked for
WARNED: Final = {("google", "desktop"): ["secret-on-desktop"], ("github", "desktop"): ["secret-on-desktop"]}


def draft(app_type: str, preset: str | None = None, **answers: str) -> Draft:
    """Begin a draft as the command does."""
    bare = Draft(app_type=app_type, preset=preset)
    document, problems = with_preset(parse(compose(bare, schema=None, commands=[]).encode(), "p.yaml"))
    assert not problems
    provider = built_in().get(preset or "")
    return Draft(app_type=app_type, preset=preset, provider=provider, lent=document.data, answers=answers)


def asked(begun: Draft) -> list[str]:
    return [question.path for question in questions(begun)]


def answered(begun: Draft) -> Draft:
    answers = {question.path: ANSWERS[question.path] for question in questions(begun) if question.needed}
    if begun.app_type == "web" and "redirect_uri" in answers:
        answers["redirect_uri"] = REDIRECT
    return replace(begun, answers=answers)


def composed(begun: Draft) -> str:
    return compose(begun, schema="../schemas/profile.schema.json", commands=["tokenflow token p.yaml"])


def at(data: Any, path: str) -> Any:
    for part in path.split("."):
        data = data[part]
    return data


@pytest.mark.parametrize(("preset", "app_type"), CASES)
def test_what_is_needed_is_enough_for_a_valid_profile_that_says_it(preset: str | None, app_type: str) -> None:
    whole = answered(draft(app_type, preset))
    text = composed(whole)
    found = interpreted(text)
    assert found.errors == ()
    warned = [problem.rule for problem in found.problems if problem.rule != LEGACY]
    assert warned == WARNED.get((preset or "", app_type), [])
    assert text.startswith("# yaml-language-server: $schema=../schemas/profile.schema.json\n#\n# For: ")
    data = parse(text.encode(), "p.yaml").data
    for path, answer in whole.answers.items():
        value = at(data, path)
        if path == "subject_token":
            assert value == {"ambient": "github_actions", "type": "jwt"}
        else:
            assert value == (place_of(answer) if isinstance(value, dict) else answer)


@pytest.mark.parametrize(("preset", "app_type"), CASES)
def test_no_line_is_too_long_and_no_comment_is_broken(preset: str | None, app_type: str) -> None:
    text = composed(answered(draft(app_type, preset)))
    assert [line for line in text.splitlines() if len(line) > 120] == []
    assert [line for line in text.splitlines() if line != line.rstrip()] == []


@pytest.mark.parametrize(("preset", "app_type"), [case for case in CASES if case[0]])
def test_what_the_preset_lends_stands_there_as_comments_that_may_be_uncommented(preset: str, app_type: str) -> None:
    text = composed(answered(draft(app_type, preset)))
    found = re.search(r"^# What the preset lends.*\n((?:# .+\n)*)", text, re.MULTILINE)
    lent = {key: value for key, value in draft(app_type, preset).lent.items() if key not in ("version", "preset")}
    lent = {key: value for key, value in lent.items() if key != "app_type"}
    shown = parse(re.sub("^# ", "", found.group(1), flags=re.MULTILINE).encode(), "p").data if found else {}
    assert shown == lent


def test_the_providers_advice_stands_in_questions_and_comments() -> None:
    begun = draft("service", "keycloak")
    by_path = {question.path: question for question in questions(begun)}
    assert by_path["issuer"].hint == built_in()["keycloak"].fill_in["issuer"]
    assert by_path["client.secret"].default == "env:KEYCLOAK_CLIENT_SECRET"
    text = composed(answered(begun))
    assert f"# {built_in()['keycloak'].fill_in['issuer']}\nissuer: " in text
    assert all(f"# - {quirk}\n" in text for quirk in built_in()["keycloak"].quirks)
    assert "# Run:      tokenflow token p.yaml\n" in text


@pytest.mark.parametrize(
    ("app_type", "preset", "paths"),
    [
        ("service", None, ["issuer", "client.id", "client.secret", "scopes", "audience"]),
        ("service", "itwin", ["client.id", "client.secret", "audience"]),
        ("agent", "itwin", ["client.id", "client.secret", "user.name", "user.password", "audience"]),
        ("workload", None, ["issuer", "client.id", "subject_token", "scopes", "audience"]),
        ("workload", "microsoft-entra", ["issuer", "client.id", "audience"]),
        ("web", None, ["issuer", "client.id", "scopes", "audience", "redirect_uri"]),
        ("web", "itwin", ["client.id", "audience"]),
        ("mobile", "itwin", ["client.id", "audience", "redirect_uri"]),
        ("desktop", "google", ["client.id", "client.secret", "audience"]),
        ("device", "github", ["client.id", "audience"]),
        ("device", "google", ["client.id", "client.secret", "audience"]),
    ],
)
def test_what_the_app_type_and_the_preset_leave_open_is_asked(
    app_type: str, preset: str | None, paths: list[str]
) -> None:
    assert asked(draft(app_type, preset)) == paths


def test_only_a_mobile_app_has_no_usual_redirect_address() -> None:
    for app_type, default in (("web", REDIRECT), ("mobile", "")):
        (question,) = (each for each in questions(draft(app_type)) if each.path == "redirect_uri")
        assert question.default == default


def test_an_audience_is_needed_only_where_the_provider_says_so() -> None:
    for preset, needed in (("auth0", True), ("itwin", False)):
        (question,) = (each for each in questions(draft("service", preset)) if each.path == "audience")
        assert question.needed == needed


@pytest.mark.parametrize(
    ("preset", "name"),
    [
        ("./company.yaml", "COMPANY_CLIENT_SECRET"),
        ("presets/my-company.yml", "MY_COMPANY_CLIENT_SECRET"),
        ("./1a.yaml", "CLIENT_SECRET"),
        ("microsoft-entra", "MICROSOFT_ENTRA_CLIENT_SECRET"),
    ],
)
def test_the_variable_is_named_after_the_preset(preset: str, name: str) -> None:
    begun = Draft(app_type="service", preset=preset)
    (question,) = (each for each in questions(begun) if each.path == "client.secret")
    assert question.default == f"env:{name}"


def test_of_a_preset_of_the_users_own_only_the_keys_are_shown() -> None:
    lent = {"version": 1, "app_type": "service", "issuer": "https://a.example", "client": {"secret": "canary-77"}}
    begun = Draft(app_type="service", preset="./company.yaml", lent=lent, answers={"client.id": "a"})
    text = composed(begun)
    assert "# The preset lends issuer, client.\n" in text
    assert "canary-77" not in text
    assert asked(begun) == ["client.id", "scopes", "audience"]


def test_values_of_any_kind_may_be_lent() -> None:
    begun = replace(draft("service", "itwin"), lent={"dpop": True, "verify": {"clock_skew": 30, "audience": None}})
    assert "# dpop: true\n# verify:\n#   clock_skew: 30\n#   audience: null\n" in composed(begun)


def test_a_preset_that_says_client_wrongly_asks_on() -> None:
    assert "client.secret" in asked(Draft(app_type="service", lent={"client": "canary"}))


def test_what_is_to_be_replaced_is_marked() -> None:
    text = composed(draft("service", "itwin", **{"client.id": REPLACE_ME, "client.secret": "env:S"}))
    assert re.search(rf"^  # to be replaced: .*\n  id: {REPLACE_ME}$", text, re.MULTILINE)
    assert interpreted(text).errors == ()


def test_everything_that_may_be_answered_is_written() -> None:
    answers = {**ANSWERS, "description": 'Nightly "job": a', "scopes": "openid  no 1.0", "client.secret": "file:s.txt"}
    data = parse(composed(draft("service", **answers)).encode(), "p.yaml").data
    assert data == {
        "version": 1,
        "app_type": "service",
        "description": 'Nightly "job": a',
        "issuer": ANSWERS["issuer"],
        "client": {"id": "reports-1a2b", "secret": {"file": "s.txt"}},
        "user": {
            "name": "svc@example.com",
            "password": {"keyring": {"service": "itwin", "username": "svc@example.com"}},
        },
        "subject_token": {"ambient": "github_actions", "type": "jwt"},
        "scopes": ["openid", "no", "1.0"],
        "audience": ANSWERS["audience"],
        "redirect_uri": ANSWERS["redirect_uri"],
    }


def test_a_schema_elsewhere_on_this_machine_is_said_to_be_that() -> None:
    begun = draft("service", issuer="https://a.example")
    assert compose(begun, schema="file:///x/profile.schema.json", commands=[]).splitlines()[1].startswith("# (this ma")
    assert "yaml-language-server" not in compose(begun, schema=None, commands=[])


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_any_text_comes_back_as_it_was_answered(text: str) -> None:
    written = composed(draft("service", description=text, issuer=text))
    data = parse(written.encode(), "p.yaml").data
    assert data["description"] == text
    assert data["issuer"] == text


@pytest.mark.parametrize("word", ["no", "on", "Y", "null", "True", "~", "1", "1.10", "0x1", "a:", "a: b", "- a", "#a"])
def test_words_that_other_readers_take_for_more_are_quoted(word: str) -> None:
    assert f'description: "{word}"\n' in composed(draft("service", description=word))


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("env:NAME_1", {"env": "NAME_1"}),
        ("file:../a b:c.pem", {"file": "../a b:c.pem"}),
        ("keyring:itwin/svc@example.com", {"keyring": {"service": "itwin", "username": "svc@example.com"}}),
        ("keyring:https://a.example/x/u", {"keyring": {"service": "https://a.example/x", "username": "u"}}),
    ],
)
def test_a_place_is_read(text: str, place: dict[str, Any]) -> None:
    assert place_of(text) == place


@pytest.mark.parametrize(
    "text",
    [
        *("canary-5", "env:canary-5", "env:", "env:canary\n", "file:", "ambient:auto"),
        *("keyring:canary", "keyring:/canary", "keyring:canary/"),
    ],
)
def test_what_is_no_place_is_refused_and_not_shown(text: str) -> None:
    with pytest.raises(ValueError, match="this is no place; write env:NAME") as caught:
        place_of(text)
    assert "canary" not in str(caught.value)


def test_only_a_foreign_token_may_be_ambient() -> None:
    assert place_of("ambient:spiffe", ambient=True) == {"ambient": "spiffe"}
    with pytest.raises(ValueError, match="or ambient:auto"):
        place_of("ambient:elsewhere", ambient=True)


def test_answers_that_are_no_place_are_named() -> None:
    begun = draft("agent", **{"client.secret": "x", "user.password": "env:P", "subject_token": "ambient:auto"})
    assert [path for path, _ in misplacements(begun)] == ["client.secret"]


def test_items_of_the_keyring_are_known() -> None:
    begun = draft("agent", **{"client.secret": "env:S", "user.password": "keyring:s/u", "subject_token": "keyring:a/b"})
    assert secrets_in_keyring(begun) == [KeyringSource("s", "u")]
