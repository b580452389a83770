"""A canary in every place where a secret may stand, or where one may be put by mistake: no problem ever shows it."""

from __future__ import annotations

import traceback
from dataclasses import asdict
from typing import TYPE_CHECKING

import pytest
from config.texts import SERVICE, interpreted, rendered

from tokenflow.errors import ProfileError

if TYPE_CHECKING:
    from tokenflow.errors import Problem

CANARY = "canary+8f3e/Zq=="

# Where secrets belong.
PLACES = [
    "client: {{id: a, secret: {0}}}",
    "client: {{id: a, private_key: {0}}}",
    "client: {{id: a, private_key: {{file: k}}, private_key_passphrase: {0}}}",
    "user: {{name: u, password: {0}}}",
    "refresh_token: {0}",
    "store: {{kind: redis, url: {0}}}",
    "store: {{kind: file, key: {0}}}",
    "authorization: {{extra: {{x: {0}}}}}",
    "token: {{extra: {{x: {0}}}}}",
    *(f"token: {{{{extra: {{{{{name}: {{0}}}}}}}}}}" for name in ("env", "file", "service", "username", "profile")),
]
# Where they were put by mistake: no reference, a misspelt key, the wrong section, half of an address, a comma too few.
MISTAKES = [
    "subject_token: {0}",
    "actor_token: {0}",
    "assertion: {0}",
    "token: {0}",
    "client: {0}",
    "user: {0}",
    "store: redis://user:{0}@host/0",
    "store: {{kind: 'redis://:{0}@host'}}",
    "issuer: https://user:{0}@as.example",
    "issuer: https://{0}@as.example",
    "metadata: {{token_endpoint: 'http://user:{0}@as.example/t'}}",
    "http: {{proxy: 'http://user:{0}@proxy.example', foo: 1}}",
    "client: {{id: a, secrett: {0}}}",
    "client: {{id: a, Secret: {0}}}",
    "client: {{id: a, client_secret: {0}}}",
    "client: {{id: a, secret:{0}}}",
    "client: {{id: a, secret {0}}}",
    "client: {{id: a, 'secret={0}'}}",
    "client: {{id: a, {0}}}",
    "client: {{id: a, secret: [{0}]}}",
    "client: {{id: a, secret: {{{0}}}}}",
    "client: {{id: a, secret: {{value: {0}}}}}",
    "client: {{id: a, secret: {{env: '{0}'}}}}",
    "client: {{id: a, secret: {{env: X, default: {0}}}}}",
    "client: {{id: a, secret: {{command: '{0}'}}}}",
    "client: {{id: a, secret: {{command: [pass, '{0}'], file: x}}}}",
    "client: {{id: a, secret: {{keyring: '{0}'}}}}",
    "client: {{id: a, secret: {{keyring: {{service: s, password: {0}}}}}}}",
    "client: {{id: a, secrets: {{primary: {0}}}}}",
    "client:\n  id: a\n  secret: |\n    {0}\n    {0}\n  foo: 1",
    "client:\n  id: a\n  secrett: >\n    {0}\n    {0}",
    "client:\n  id: a\n  secret:\n    {0}",
    "client:\n  id: a\n  secret:{0}\n",
    "client:\n  secret:{0}\n  id: a\n",
    "client:\n  secret {0}\n  id: a\n",
    "client:\n  id: a\n   secret: {0}\n",
    "client:\n  id: a\n\tsecret: {0}\n",
    "client:\n  id: a\n  secret: !{0}\n",
    "client:\n  id: a\n  secret: !x!{0} y\n",
    "client:\n  id: a\n  secret: *{0}\n",
    "client:\n  id: a\n  secret: &{0} [*{0}]\n",
    "client:\n  id: a\n  secret: @{0}\n",
    "client:\n  id: a\n  secret: %{0}\n",
    "client:\n  id: a\n  secret: {0}: x\n",
    'client:\n  id: a\n  secret: "{0}\n',
    'client:\n  id: a\n  secret: "\\q{0}"\n',
    "client:\n  id: a\n  secret: 'it's {0}'\n",
    'client:\n  id: a\n  secret: "x\n    {0} y: z',
    "client:\n  id: a\n  secret: {{{0}\n",
    "client:\n  id: a\n  secret: [{0}\n",
    "client: {{id: a, secret: {0}, secret: x}}",
    "client: {{id: a, secret: {0}, foo: 1}}",
    "client: {{id: a, secret: {0}\x07}}",
    "client_secret: {0}",
    "password: {0}",
    "secret: {0}",
    "refresh-token: {0}",
    "refreshtoken: {0}",
    "refresh_token: [{0}, {0}]",
    "refresh_token: {{token: {0}}}",
    "access_token: {0}",
    "app_type: {0}",
    "flow: {0}",
    "subject_token: {{token: {0}}}",
    "subject_token: {{ambient: '{0}'}}",
    "subject_token: {{env: '{0}'}}",
    "assertion: {{jwt: {0}}}",
    "deliver: [{0}]",
    "deliver: [{{to: '{0}'}}]",
    "authorization: {{details: [{{type: x, secret: {0}}}], foo: 1}}",
    "authorization: {{extra: {{x: [{0}]}}}}",
    "token: {{extra: {{x: {{env: X, default: {0}}}}}}}",
    "token: {{extra: {{'{0} y': 5}}}}",
    "metadata: {{jwks: {0}}}",
    "? {0} x\n: 1\n? {0} x\n: 2",
]


def problems(text: str) -> tuple[Problem, ...]:
    try:
        return interpreted(text).problems
    except ProfileError as error:
        shown = "".join(traceback.format_exception(error))
        assert CANARY not in shown
        return error.problems


def without_section(line: str) -> str:
    """Return the good profile without the lines that `line` replaces."""
    key = line.partition(":")[0]
    return "".join(f"{kept}\n" for kept in SERVICE.splitlines() if kept.partition(":")[0] != key)


@pytest.mark.parametrize("line", [*PLACES, *MISTAKES])
def test_no_problem_shows_a_secret_wherever_it_was_put(line: str) -> None:
    # A mistake of its own on the next line, and one on the same line, so that there always is something to show.
    text = without_section(line) + line.format(CANARY) + "\n"
    found = problems(text + "foo: 1\n")
    assert found
    for problem in found:
        assert CANARY not in f"{problem} {problem!r} {asdict(problem)}"
    assert CANARY not in rendered(text)
    assert CANARY not in rendered(text + "foo: 1\n")


@pytest.mark.parametrize("line", PLACES)
def test_a_line_with_a_secret_and_a_mistake_is_shown_without_the_secret(line: str) -> None:
    written = line.format(CANARY)
    text = f"{without_section(line)}{written}\nfoo: 1\n"
    if written.endswith("}"):
        text = f"{without_section(line)}{written[:-1]}, foo: 1}}\n"
    shown = rendered(text)
    assert "there is no such key" in shown
    assert "| " in shown
    assert CANARY not in shown


@pytest.mark.parametrize("line", PLACES)
def test_no_repr_of_a_profile_shows_a_secret_that_is_written_out(line: str) -> None:
    interpretation = interpreted(without_section(line) + line.format(CANARY) + "\n")
    assert interpretation.profile is not None, interpretation.errors
    assert CANARY not in repr(interpretation)
    assert CANARY not in str(asdict(interpretation.profile))
    assert CANARY not in f"{interpretation.profile}"


def test_the_arguments_of_a_command_are_not_shown() -> None:
    interpretation = interpreted(SERVICE.replace("{env: S}", f"{{command: [vault, '{CANARY}']}}"))
    assert interpretation.profile is not None
    assert CANARY not in repr(interpretation)
    assert str(interpretation.profile.client.secret) == "{command: [vault, ...]}"
