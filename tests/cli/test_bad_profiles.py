"""Profiles and references that are wrong: one clear message with file and line, exit 2, nothing changed."""

from __future__ import annotations

import os
import re
import shutil
import time
from functools import partial
from typing import TYPE_CHECKING

import pytest
import yaml
from cli.command import SECRET, SECRET_VARIABLE, Tokenflow, assert_clean, service, side_by_side
from support.fake_server import FakeServer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cli.command import Done

    Refusal = tuple[Done, int, bool]

HEAD = "version: 1\napp_type: service\nissuer: https://idp.example\n"
JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln"
CLIENT = "client: {id: a, secret: {env: SERVICE_SECRET}}\n"

# name: (content, where the message points, what it says)
WRONG: Mapping[str, tuple[str | bytes, str, str]] = {
    "binary": (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\xff\xfe\x00", r"binary\.yaml\b", "UTF-8|binary|character"),
    "empty": ("", r"empty\.yaml", "empty|nothing"),
    "comments": ("# nothing\n# here\n", r"comments\.yaml", "empty|nothing"),
    "unclosed": (HEAD + "client: {id: a, secret: [b}\n", r"unclosed\.yaml:4:", "YAML|expected|bracket|`,`"),
    "tabs": (HEAD + "client:\n\tid: a\n", r"tabs\.yaml:5:", "tab|\\\\t"),
    "unknown": (HEAD + CLIENT + "scope: [read]\n", r"unknown\.yaml:5:1: scope:", "did you mean `?scopes"),
    "nested": (HEAD + "client:\n  id: a\n  secert: b\n", r"nested\.yaml:6:3: client\.secert:", "did you mean `?secret"),
    "type": (HEAD + CLIENT + "scopes: 7\n", r"type\.yaml:5:9: scopes:", "list|string|text"),
    "enum": (
        HEAD + CLIENT + "flow: client_credential\n",
        r"enum\.yaml:5:7: flow:",
        "did you mean `?client_credentials",
    ),
    "norway": (HEAD + CLIENT + "dpop: no\n", r"norway\.yaml:5:7: dpop:", "false"),
    "duration": (HEAD + CLIENT + "http: {timeout: 1m1h}\n", r"duration\.yaml:5:17: http\.timeout:", "not a duration"),
    "missing": ("version: 1\nissuer: https://idp.example\n" + CLIENT, r"missing\.yaml:1:1: ", "app_type"),
    "version": ("version: 2\napp_type: service\nissuer: https://idp.example\n" + CLIENT, r"version\.yaml:1:10:", "1"),
    "list": ("- version: 1\n", r"list\.yaml:1:1\b", "mapping|keys"),
    "null": ("~\n", r"null\.yaml", "empty|nothing|mapping|keys"),
    "documents": (HEAD + CLIENT + "---\n" + HEAD + CLIENT, r"documents\.yaml:5:", "one document|second document"),
    "twice_f124": (
        HEAD + CLIENT + "issuer: https://evil.example\n",
        r"twice_f124\.yaml:5:1\b",
        "issuer.*(twice|line 3)",
    ),
    "tag_f131": (HEAD + "client: !!python/object/apply:os.system ['id']\n", r"tag_f131\.yaml:4:", "tag"),
    "alias_f130": (HEAD + "client: &a {id: *a}\n", r"alias_f130\.yaml:4:", "alias|anchor"),
    "bomb_f122": (
        "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9) if n else 'x'}]\n" for n in range(10)),
        r"bomb_f122\.yaml:",
        "alias|anchor",
    ),
    "merge_f123": (
        "a0: &a0 {x: 1}\n" + "".join(f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}\n" for n in range(1, 26)),
        r"merge_f123\.yaml:",
        "alias|anchor|merge|<<",
    ),
    "deep_f129": (HEAD + "client: " + "[" * 900 + "]" * 900 + "\n", r"deep_f129\.yaml:4:", "deep|nest"),
    "digits_f128": (HEAD + CLIENT + "http: {timeout: " + "9" * 5000 + "}\n", r"digits_f128\.yaml:5:17:", "large"),
    "utf16_f133": ((HEAD + CLIENT).encode("utf-16"), r"utf16_f133\.yaml", "UTF-8"),
    "latin1_f133": ((HEAD + CLIENT + "description: caf").encode() + b"\xe9\n", r"latin1_f133\.yaml:5:", "UTF-8"),
    "bidi_f133": (HEAD + CLIENT + "name: a\u202eb\n", r"bidi_f133\.yaml:5:", "name|character"),
    "octal_f127": (
        HEAD + CLIENT + "deliver: [{to: file, path: t, mode: 0999}]\n",
        r"octal_f127\.yaml:5:37: deliver",
        "octal|0600",
    ),
    "nan_f134": (
        HEAD + CLIENT + "refresh: {min_validity: .nan}\n",
        r"nan_f134\.yaml:5:25: refresh\.min_validity:",
        "\\.nan|90s|duration|units",
    ),
    "http_issuer": (HEAD.replace("https", "http") + CLIENT, r"http_issuer\.yaml:3:9: issuer:", "https"),
    "no_credentials": (HEAD + "client: {id: a}\n", r"no_credentials\.yaml:4:", "secret|private_key|authenticat"),
    "no_redirect": (
        "version: 1\napp_type: web\nissuer: https://idp.example\nclient: {id: a}\n",
        r"no_redirect\.yaml:\d+:\d+:",
        "redirect_uri",
    ),
    "early": (
        HEAD + CLIENT + "refresh: {before_expiry: 10s, min_validity: 60s}\n",
        r"early\.yaml:5:\d+: refresh",
        "before_expiry",
    ),
    "default_secret": (
        HEAD + "client: {id: a, secret: {env: X, default: hunter2}}\n",
        r"default_secret\.yaml:4:",
        "default",
    ),
    "two_sources": (
        HEAD + "client: {id: a, secret: {env: X, file: y}}\n",
        r"two_sources\.yaml:4:",
        "one of|env|exactly",
    ),
    "no_client": (HEAD, r"no_client\.yaml:\d+:\d+:", "client"),
    "no_issuer": ("version: 1\napp_type: service\n" + CLIENT, r"no_issuer\.yaml:\d+:\d+:", "issuer"),
}


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Validate all of them in one run: every problem of every file at once, and none of the bombs takes long."""
    tokenflow = Tokenflow(tmp_path_factory.mktemp("wrong"))
    for name, (content, _, _) in WRONG.items():
        tokenflow.write(f"profiles/{name}.yaml", content)
    started = time.monotonic()
    done = tokenflow("validate", "profiles")
    assert time.monotonic() - started < 10
    assert done.status == 2
    assert "Traceback" not in done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("name", WRONG)
def test_validate_says_what_is_wrong_and_where(report: str, name: str) -> None:
    _, where, what = WRONG[name]
    about = [line for line in report.splitlines() if f"{name}.yaml" in line]
    assert any(re.search(where, line) and re.search(what, line, re.IGNORECASE) for line in about), about


@pytest.mark.parametrize("name", ["binary", "empty", "unknown"])
def test_a_wrong_profile_ends_every_command_the_same_way(with_store: Tokenflow, name: str) -> None:
    content, where, what = WRONG[name]
    with_store.write(f"{name}.yaml", content)
    before = with_store.stored()
    for done in with_store.at_once(("token", f"{name}.yaml"), ("run", f"{name}.yaml")):
        assert done.status == 2
        assert_clean(done)
        assert re.search(where, done.stderr)
        assert re.search(what, done.stderr, re.IGNORECASE)
    assert with_store.stored() == before


@pytest.mark.parametrize("command", ["token", "run", "validate", "inspect"])
def test_no_such_file(with_store: Tokenflow, command: str) -> None:
    before = with_store.stored()
    arguments = (JWT, "--profile", "nosuch.yaml") if command == "inspect" else ("nosuch.yaml",)
    done = with_store(command, *arguments)
    assert done.status == 2
    if command != "validate":  # whose report goes to stdout
        assert_clean(done)
    assert re.search(r"nosuch\.yaml.*(no such|not exist|not found)", done.stdout + done.stderr, re.IGNORECASE)
    assert "Traceback" not in done.stderr
    assert with_store.stored() == before


@pytest.mark.parametrize("command", ["token", "run"])
def test_a_folder_where_a_file_belongs(with_store: Tokenflow, command: str) -> None:
    before = with_store.stored()
    (with_store.folder / "somewhere").mkdir()
    done = with_store(command, "somewhere")
    assert done.status == 2
    assert_clean(done)
    assert re.search("somewhere.*(folder|directory)", done.stderr)
    assert with_store.stored() == before


def test_a_fifo_where_a_file_belongs_does_not_hang(tokenflow: Tokenflow) -> None:
    os.mkfifo(tokenflow.folder / "pipe.yaml")
    done = tokenflow("token", "pipe.yaml")
    assert done.status == 2
    assert_clean(done)
    assert "pipe.yaml" in done.stderr


def _refused(tokenflow: Tokenflow, secret: object, *says: str) -> None:
    """A secret that cannot be had: named with file and line, before any token request; the store as it was."""
    with FakeServer() as server:
        profile = tokenflow.profile(server.url, client={"id": "service", "secret": secret})
        line = next(n for n, text in enumerate(profile.read_text().splitlines(), 1) if "secret:" in text)
        before = tokenflow.stored()
        started = time.monotonic()
        done = tokenflow("token", profile)
        assert time.monotonic() - started < 15
        assert done.status == 2, done.stderr
        assert_clean(done)
        assert re.search(rf"service\.yaml:({line}|{line + 1}):\d+: client\.secret", done.stderr), done.stderr
        for wanted in says:
            assert re.search(wanted, done.stderr, re.IGNORECASE), done.stderr
        assert server.token_requests == []
        assert tokenflow.stored() == before


def test_a_variable_that_is_not_set(with_store: Tokenflow) -> None:
    _refused(with_store, {"env": "NOT_SET_ANYWHERE"}, "NOT_SET_ANYWHERE", "not set", "set it|export")


def test_a_variable_that_is_empty(with_store: Tokenflow) -> None:
    with_store.environment["EMPTY"] = ""
    _refused(with_store, {"env": "EMPTY"}, "EMPTY", "empty")


def test_a_file_of_a_secret_that_is_not_there(with_store: Tokenflow) -> None:
    _refused(with_store, {"file": "no-such-secret.txt"}, r"no-such-secret\.txt")


@pytest.mark.parametrize("path", ["/dev/zero", "pipe", "binary"])
def test_a_file_that_is_no_secret_is_not_read_without_end_f136(tokenflow: Tokenflow, path: str) -> None:
    os.mkfifo(tokenflow.folder / "pipe")
    tokenflow.write("binary", b"\xff\xfe\x00secret")
    _refused(tokenflow, {"file": path}, re.escape(path))


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (["/no/such/program"], "/no/such/program"),
        (["sh", "-c", "echo hunter2; echo no entry >&2; exit 3"], "3"),
        (["sh", "-c", "exit 0"], "empty|nothing|printed"),
    ],
)
def test_a_command_that_gives_no_secret_f078(tokenflow: Tokenflow, argv: list[str], says: str) -> None:
    _refused(tokenflow, {"command": argv}, says)


def test_a_command_that_fails_has_its_output_kept_back(tokenflow: Tokenflow) -> None:
    client = {"id": "service", "secret": {"command": ["sh", "-c", "echo hunter2; exit 3"]}}
    done = tokenflow(
        "-v",
        "token",
        tokenflow.profile("http://127.0.0.1:1", client=client, metadata={"token_endpoint": "http://127.0.0.1:1"}),
    )
    assert done.status == 2
    assert "hunter2" not in done.stderr


def test_secrets_come_from_variable_file_and_command(tokenflow: Tokenflow) -> None:
    tokenflow.write("nested/secret.txt", f"{SECRET}\n")
    sources = {
        "env": {"env": SECRET_VARIABLE},
        "file": {"file": "secret.txt"},
        "command": {"command": ["printf", "%s\n", SECRET]},
    }
    with FakeServer() as server:
        for n, (kind, source) in enumerate(sources.items()):
            client = {"id": "service", "secret": source}
            # a file is looked for beside the profile, not in the current folder
            profile = tokenflow.profile(server.url, f"nested/{kind}.yaml", client=client, scopes=[kind])
            done = tokenflow("token", profile)
            assert (done.status, done.stdout) == (0, f"{server.issued[n]}\n"), done.stderr


def test_a_command_is_run_without_a_shell(tokenflow: Tokenflow) -> None:
    secret = "$(touch owned);`id`*"
    with FakeServer(clients={"service": secret}) as server:
        client = {"id": "service", "secret": {"command": ["printf", "%s", secret]}}
        assert tokenflow("token", tokenflow.profile(server.url, client=client)).status == 0
    assert not (tokenflow.folder / "owned").exists()


def test_a_secret_in_a_file_is_what_stands_there_but_for_one_line_break_f136(tokenflow: Tokenflow) -> None:
    secrets = {"plain": "%sa: #b", "lines": " a\nb\n", "wide": "{env: é☃}"}
    with FakeServer(clients=secrets) as server:
        profiles = []
        for name, secret in secrets.items():
            tokenflow.write(f"{name}.txt", secret + "\n")
            client = {"id": name, "secret": {"file": f"{name}.txt"}}
            profiles.append(tokenflow.profile(server.url, f"{name}.yaml", client=client))
        done = tokenflow.at_once(*(("token", profile) for profile in profiles))
        assert [one.status for one in done] == [0] * len(secrets), [one.stderr for one in done]


def test_other_values_may_be_references_with_a_default(tokenflow: Tokenflow, server: FakeServer) -> None:
    keys = service("") | {
        "issuer": {"env": "ISSUER"},
        "client": {"id": {"env": "UNSET_ID", "default": "service"}, "secret": {"env": SECRET_VARIABLE}},
        "scopes": {"command": ["echo", "read write"]},
    }
    tokenflow.write("p.yaml", yaml.safe_dump(keys))
    done = tokenflow("token", "p.yaml", env={"ISSUER": server.url})
    assert done.status == 0, done.stderr
    assert server.token_requests[0].client[0] == "service"
    assert server.token_requests[0].form["scope"].split() == ["read", "write"]


def test_a_literal_secret_works_with_a_warning_that_does_not_show_it(tokenflow: Tokenflow, server: FakeServer) -> None:
    profile = tokenflow.profile(server.url, client={"id": "service", "secret": SECRET})
    done = tokenflow("token", profile)
    assert (done.status, done.stdout) == (0, f"{server.issued[0]}\n")
    assert re.search("warning.*client.secret", done.stderr)
    assert SECRET not in done.stderr


NOT_BUILT: Mapping[str, tuple[dict[str, object], str]] = {
    "authorization_code": ({"app_type": "desktop"}, "authorization_code"),
    "password": ({"app_type": "agent", "user": {"name": "u", "password": {"env": "P"}}}, "password"),
    "jwt_bearer": ({"flow": "jwt_bearer", "assertion": {"env": "A"}}, "jwt_bearer"),
    "token_exchange": ({"flow": "token_exchange", "subject_token": {"env": "A"}}, "token_exchange"),
    "store keyring": ({"store": "keyring"}, "keyring"),
    "store redis": ({"store": {"kind": "redis", "url": {"env": "R"}}}, "redis"),
}


@pytest.fixture(scope="module")
def refusals(tmp_path_factory: pytest.TempPathFactory, filled_home: Path) -> Mapping[str, Refusal]:
    def refusal(changes: dict[str, object]) -> Refusal:
        tokenflow = Tokenflow(tmp_path_factory.mktemp("unbuilt"))
        shutil.copytree(filled_home, tokenflow.home)
        before = tokenflow.stored()
        with FakeServer() as server:
            done = tokenflow("token", tokenflow.profile(server.url, **changes))
            return done, len(server.token_requests), tokenflow.stored() == before

    return side_by_side({what: partial(refusal, changes) for what, (changes, _) in NOT_BUILT.items()})


@pytest.mark.parametrize("what", NOT_BUILT)
def test_what_is_not_built_yet_is_named(refusals: Mapping[str, Refusal], what: str) -> None:
    done, token_requests, store_untouched = refusals[what]
    assert done.status == 2
    assert_clean(done)
    assert NOT_BUILT[what][1] in done.stderr
    assert re.search("not (yet )?(built|in this version|supported|available)|yet", done.stderr)
    assert "service.yaml" in done.stderr
    assert token_requests == 0
    assert store_untouched


def test_what_cannot_be_done_is_not_silently_left_out(tokenflow: Tokenflow) -> None:
    """Whatever of this is not built has to be refused: a plain bearer request would be a downgrade."""
    for changes, done_right in (
        ({"dpop": True}, lambda request: "dpop" in request.headers),
        ({"resource": "https://api.example"}, lambda request: request.form.get("resource") == "https://api.example"),
        ({"audience": "https://api.example"}, lambda request: request.form.get("audience") == "https://api.example"),
        ({"token": {"extra": {"region": "eu"}}}, lambda request: request.form.get("region") == "eu"),
        (
            {"client": {"id": "service", "private_key": {"env": "K"}, "auth_method": "private_key_jwt"}},
            lambda request: "client_assertion" in request.form,
        ),
    ):
        with FakeServer() as server:
            done = tokenflow("token", tokenflow.profile(server.url, **changes))
            assert all(done_right(request) for request in server.token_requests), changes
            assert done.status == 2 or server.token_requests, (changes, done.stderr)
