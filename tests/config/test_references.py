from __future__ import annotations

import os.path
from pathlib import Path

import pytest
from config.texts import SERVICE, built, interpreted, said

from tokenflow.config.references import beside, refer
from tokenflow.profile import (
    CommandSource,
    EnvSource,
    FileSource,
    ForeignToken,
    KeyringSource,
    Place,
    Profile,
    Reference,
    Source,
)

PLACE = Place("folder/p.yaml", 3, 4, "client.secret")


@pytest.mark.parametrize(
    ("written", "source"),
    [
        ({"env": "NAME"}, EnvSource("NAME")),
        ({"file": "s.txt"}, FileSource("/folder/s.txt")),
        ({"file": "/s.txt"}, FileSource("/s.txt")),
        ({"keyring": {"service": "s", "username": "u"}}, KeyringSource("s", "u")),
        ({"command": ["pass", "show"]}, CommandSource(("pass", "show"))),
    ],
)
def test_each_kind_of_reference_is_read(written: dict[str, object], source: Source) -> None:
    reference = refer(written, file="/folder/p.yaml", place=PLACE)
    assert reference == Reference(source)
    assert reference.place == PLACE
    assert refer({**written, "default": "d"}, file="/folder/p.yaml", place=PLACE).default == "d"


@pytest.mark.parametrize(
    ("file", "path", "found"),
    [
        ("p.yaml", "key.pem", os.path.abspath("key.pem")),
        ("a/p.yaml", "key.pem", os.path.abspath("a/key.pem")),
        ("/a/p.yaml", "../key.pem", "/key.pem"),
        ("/a/p.yaml", "/b/key.pem", "/b/key.pem"),
        ("/a/p.yaml", "~/key.pem", "/home/me/key.pem"),
    ],
)
def test_a_path_counts_from_the_folder_of_the_profile(
    monkeypatch: pytest.MonkeyPatch, file: str, path: str, found: str
) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    assert beside(file, path) == found


ALL_PUBLIC = """\
version: {env: VERSION}
app_type: {env: APP_TYPE}
issuer: {file: issuer.txt}
client: {id: {keyring: {service: s, username: u}}, secret: {env: S}}
scopes: [x, {env: SCOPE}]
audience: {env: AUDIENCE}
dpop: {env: DPOP}
http: {timeout: {env: TIMEOUT}}
refresh: {retry: {attempts: {env: ATTEMPTS}}}
authorization: {par: {env: PAR}}
"""
VALUES = {
    "{env: VERSION}": "1",
    "{env: APP_TYPE}": "service",
    f"{{file: {os.path.abspath('issuer.txt')}}}": "https://as.example",
    "{keyring: {service: s, username: u}}": "5",
    "{env: SCOPE}": "y",
    "{env: AUDIENCE}": "z",
    "{env: DPOP}": "true",
    "{env: TIMEOUT}": "20",
    "{env: ATTEMPTS}": "7",
    "{env: PAR}": "false",
}


def test_public_references_become_values_of_the_kind_that_belongs_there() -> None:
    profile = built(ALL_PUBLIC, values=VALUES)
    assert (profile.version, profile.app_type, profile.issuer, profile.client.id, profile.scopes, profile.audience) == (
        1,
        "service",
        "https://as.example",
        "5",
        ("x", "y"),
        ("z",),
    )
    assert (profile.dpop, profile.http.timeout, profile.refresh.retry.attempts, profile.authorization.par) == (
        True,
        20.0,
        7,
        False,
    )


def test_secret_references_stay_and_know_their_place() -> None:
    profile = built(SERVICE + "token: {extra: {x: {file: x.txt}}}\nrefresh_token: {command: [rt]}\n", file="/d/p.yaml")
    assert profile.client.secret == Reference(EnvSource("S"))
    assert isinstance(profile.client.secret, Reference)
    assert str(profile.client.secret.place) == "/d/p.yaml:4:25: client.secret"
    assert profile.token.extra == (("x", Reference(FileSource("/d/x.txt"))),)
    assert profile.refresh_token == Reference(CommandSource(("rt",)))


def test_f136_what_a_reference_gives_is_not_expanded_again() -> None:
    profile = built(
        SERVICE + "audience: {env: A}\nscopes: {env: B}\n",
        values={"{env: A}": "{env: OTHER}", "{env: B}": "${OTHER} !tag"},
    )
    assert (profile.audience, profile.scopes) == (("{env: OTHER}",), ("${OTHER}", "!tag"))


BROKEN = SERVICE.replace("id: a", "id: {env: ID}")


def test_a_public_reference_that_gives_nothing_is_an_error_at_its_place() -> None:
    assert said(BROKEN) == ["4:14: client.id: nothing is known of {env: ID}"]
    [problem] = interpreted(BROKEN).problems
    assert (problem.rule, problem.severity) == ("reference", "error")


def test_a_check_may_take_it_as_a_warning_but_builds_no_profile_then() -> None:
    interpretation = interpreted(BROKEN, unresolved="warning")
    assert [problem.severity for problem in interpretation.problems] == ["warning"]
    assert interpretation.profile is None
    assert interpretation.errors == ()


def test_what_depends_on_an_unknown_value_is_not_complained_of() -> None:
    text = SERVICE.replace("service", "{env: T}").replace("https://as.example", "{env: I}") + "flow: {env: F}\n"
    assert said(text, unresolved="warning") == [
        "? 2:11: app_type: nothing is known of {env: T}",
        "? 3:9: issuer: nothing is known of {env: I}",
        "? 5:7: flow: nothing is known of {env: F}",
    ]


GAVE = "(the value that the reference gave)"


@pytest.mark.parametrize(
    ("line", "value", "expected"),
    [
        (
            "http: {timeout: {env: X}}",
            "soon",
            (
                f"5:17: http.timeout: `soon` is not a duration {GAVE}; "
                "write for example `10s`; the units are h, m, s and ms"
            ),
        ),
        (
            "dpop: {env: X}",
            "yes",
            f"5:7: dpop: `yes` is not true or false {GAVE}; write `true` or `false`",
        ),
        ("name: {env: X}", "A", f"5:7: name: `A` is not a valid name {GAVE}; write for example `itwin-reports`"),
        ("scopes: [a, {env: X}]", "", f"5:13: scopes[1]: is empty {GAVE}; write a value, or remove the key"),
        (
            "store: {kind: {env: X}}",
            "redis://u:hunter2@h",
            f"5:15: store.kind: this is not known {GAVE}; write one of file, memory, keyring, redis",
        ),
    ],
)
def test_a_value_that_does_not_fit_is_an_error_at_its_reference(line: str, value: str, expected: str) -> None:
    assert said(f"{SERVICE}{line}\n", values={"{env: X}": value}) == [expected]


def test_rules_see_the_values_that_references_gave() -> None:
    text = SERVICE.replace("https://as.example", "{env: I}")
    assert said(text, values={"{env: I}": "http://as.example"}) == [
        "3:9: issuer: is plain http to another machine: tokens would travel unprotected; write `https://`"
    ]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "audience: {env: X, file: y}",
            ["5:11: audience: refers to env and file at once; keep one of them"],
        ),
        (
            "refresh_token: {env: X, command: [y]}",
            ["5:16: refresh_token: refers to command and env at once; keep one of them"],
        ),
        ("audience: {default: x}", ["5:11: audience: refers to nothing; write one of env, file, keyring, command"]),
    ],
)
def test_a_reference_refers_to_one_thing(line: str, expected: list[str]) -> None:
    assert said(f"{SERVICE}{line}\n") == expected


def test_a_wrong_neighbour_whose_name_begins_alike_hides_no_reference() -> None:
    assert said(BROKEN.replace("secret:", "id_: 1, secret:")) == [
        "4:14: client.id: nothing is known of {env: ID}",
        "4:25: client.id_: there is no such key in `client`; did you mean `id`?",
    ]


def test_a_reference_that_is_wrong_in_itself_is_not_followed() -> None:
    assert said(SERVICE + "audience: {env: X, foo: 1}\n") == [
        "5:20: audience.foo: there is no such key in `audience`; the keys here are command, default, env, file, keyring"
    ]


def test_a_token_from_elsewhere_is_relative_to_the_profile_too() -> None:
    profile: Profile = built(
        "version: 1\napp_type: workload\nissuer: https://as.example\n"
        "subject_token: {file: t.jwt, type: jwt}\nactor_token: {profile: ~/login.yaml}\n",
        file="/d/p.yaml",
    )
    assert profile.subject_token == ForeignToken(source=Reference(FileSource("/d/t.jwt")), type="jwt")
    assert profile.actor_token == ForeignToken(profile=str(Path.home() / "login.yaml"))
