"""`tokenflow init`: by flags alone, by questions on a terminal, and what it never does."""

from __future__ import annotations

import json
import os
import re
import stat
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import pexpect
import pytest
import yaml
from cli.command import PROGRAM, REPOSITORY, WITH_SIGINT, assert_clean, assert_succeeded
from support.secret_service import lock, secret_service

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cli.command import Done, Tokenflow
    from support.fake_server import FakeServer

CANARY: Final = "canary-41c7d0"
SERVICE: Final = ("init", "--preset", "itwin", "--app-type", "service", "--client-id", "service-1a2b")
MODELINE: Final = "# yaml-language-server: $schema="


def no_file(tokenflow: Tokenflow) -> bool:
    return [path.name for path in tokenflow.folder.rglob("*") if path.is_file()] == []


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def test_flags_alone_write_a_commented_profile_that_is_valid(tokenflow: Tokenflow) -> None:
    done = tokenflow(*SERVICE)
    assert (done.status, done.stdout) == (0, "itwin-service.yaml\n"), done.stderr
    assert "export ITWIN_CLIENT_SECRET=..." in done.stderr
    assert "tokenflow token itwin-service.yaml" in done.stderr
    text = (tokenflow.folder / "itwin-service.yaml").read_text()
    assert read(tokenflow.folder / "itwin-service.yaml") == {
        "version": 1,
        "preset": "itwin",
        "app_type": "service",
        "client": {"id": "service-1a2b", "secret": {"env": "ITWIN_CLIENT_SECRET"}},
    }
    assert text.count("#") > 10
    checked = tokenflow("validate", "--strict", ".")
    assert checked.status == 0, checked.stdout


def test_its_profile_gets_a_token(tokenflow: Tokenflow, server: FakeServer) -> None:
    flags = ("--issuer", server.url, "--app-type", "service", "--client-id", "service", "--scopes", "read write")
    assert_succeeded(tokenflow("init", *flags, "--secret-from", "env:SERVICE_SECRET", "p.yaml"))
    done = tokenflow("token", "p.yaml")
    assert (done.status, done.stdout) == (0, f"{server.issued[0]}\n"), done.stderr


def test_the_first_line_links_the_schema_of_the_checkout_or_that_of_the_installation(tokenflow: Tokenflow) -> None:
    (tokenflow.folder / "schemas").mkdir()
    (tokenflow.folder / "schemas" / "profile.schema.json").write_text("{}")
    outside = tokenflow.folder.parent / "outside" / "p.yaml"
    for path, link in (
        ("p.yaml", "schemas/profile.schema.json"),
        ("one/two/p.yaml", "../../schemas/profile.schema.json"),
        (str(outside), (REPOSITORY / "schemas" / "profile.schema.json").as_uri()),
    ):
        assert_succeeded(tokenflow(*SERVICE, path))
        lines = (tokenflow.folder / path).read_text().splitlines()
        assert lines[0] == MODELINE + link
    assert "tokenflow schema > profile.schema.json" in lines[1]


@pytest.mark.parametrize(
    ("flags", "missing"),
    [
        ((), ("--preset or --issuer", "--app-type", "--client-id")),
        (("--preset", "itwin"), ("--app-type", "--client-id")),
        (("--app-type", "web", "--client-id", "a"), ("--preset or --issuer",)),
        (("--preset", "keycloak", "--app-type", "agent"), ("--issuer", "--client-id", "--user-name")),
        (("--preset", "auth0", "--app-type", "service"), ("--issuer", "--client-id", "--audience")),
        (("--preset", "itwin", "--app-type", "mobile", "--client-id", "a"), ("--redirect-uri",)),
    ],
)
def test_without_a_terminal_what_is_missing_is_named_by_its_flags(
    tokenflow: Tokenflow, flags: tuple[str, ...], missing: tuple[str, ...]
) -> None:
    done = tokenflow("init", *flags)
    assert done.status == 2
    assert_clean(done)
    assert tuple(re.findall(r"^tokenflow init: (.+?): is missing", done.stderr, re.MULTILINE)) == missing
    assert no_file(tokenflow)


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--preset", "itwn"), "--preset: `itwn` is not known; did you mean `itwin`"),
        (("--preset", "./company.yaml"), "--preset: there is no file `./company.yaml`"),
        (("--preset", "github"), "--app-type: preset github does not serve service; write one of web, desktop, device"),
        (("--issuer", "http://idp.example"), "--issuer: is plain http to another machine"),
        (("--secret-from", CANARY), "--secret-from: this is no place; write env:NAME"),
        (("--secret-from", f"env:{CANARY}"), "--secret-from: this is no place; write env:NAME"),
        (("--client-id", "a\u202eb"), "--client-id: holds the invisible character"),
        (("--store-secret",), "--store-secret: there is no secret in the keyring to store; add --secret-from keyring"),
        (("p.txt",), "PATH: a profile's name ends in .yaml"),
        (("a\nb.yaml",), "PATH: the path holds letters that cannot be shown"),
    ],
)
def test_what_cannot_be_is_refused_by_its_flag_and_nothing_is_written(
    tokenflow: Tokenflow, flags: tuple[str, ...], said: str
) -> None:
    done = tokenflow(*SERVICE, *flags)
    assert done.status == 2
    assert_clean(done)
    assert f"tokenflow init: {said}" in done.stderr
    assert CANARY not in done.stderr
    assert no_file(tokenflow)


def test_an_argument_that_is_no_text_is_refused(tokenflow: Tokenflow) -> None:
    done = tokenflow(*SERVICE, "--description", os.fsdecode(b"\xff"))
    assert done.status == 2
    assert_clean(done)
    assert no_file(tokenflow)


def test_nothing_is_overwritten_unasked(tokenflow: Tokenflow) -> None:
    path = tokenflow.write("p.yaml", "mine\n")
    link = tokenflow.folder / "dangling.yaml"
    link.symlink_to("nowhere.yaml")
    for name in ("p.yaml", "dangling.yaml"):
        done = tokenflow(*SERVICE, name)
        assert done.status == 2
        assert_clean(done)
        assert f"{name} is there already and was left alone; name another file, or add --force" in done.stderr
    assert path.read_text() == "mine\n"
    assert not link.exists()
    assert_succeeded(tokenflow(*SERVICE, "--force", "p.yaml"))
    assert read(path)["preset"] == "itwin"
    assert {each.name for each in tokenflow.folder.iterdir()} == {"p.yaml", "dangling.yaml"}


def test_of_many_at_once_one_writes(tokenflow: Tokenflow) -> None:
    commands = [(*SERVICE, "--description", f"number {number}", "p.yaml") for number in range(4)]
    done = tokenflow.at_once(*commands)
    assert sorted(each.status for each in done) == [0, 2, 2, 2]
    winner = [each.status for each in done].index(0)
    assert read(tokenflow.folder / "p.yaml")["description"] == f"number {winner}"
    assert [each.name for each in tokenflow.folder.iterdir()] == ["p.yaml"]


def test_the_file_has_the_umasks_mode_and_folders_are_made(tokenflow: Tokenflow) -> None:
    for name, umask, mode in (("a/b/one.yaml", 0o022, 0o644), ("a/two.yaml", 0o077, 0o600)):
        assert_succeeded(tokenflow(*SERVICE, name, umask=umask))
        assert stat.S_IMODE((tokenflow.folder / name).stat().st_mode) == mode


def test_a_folder_gets_a_file_named_after_preset_and_app_type(tokenflow: Tokenflow) -> None:
    (tokenflow.folder / "profiles").mkdir()
    assert tokenflow(*SERVICE, "profiles").stdout == "profiles/itwin-service.yaml\n"
    flags = ("--issuer", "https://a.example", "--app-type", "device", "--client-id", "a")
    assert tokenflow("init", *flags).stdout == "device.yaml\n"


def test_a_file_that_cannot_be_written_ends_with_7(tokenflow: Tokenflow) -> None:
    tokenflow.write("file", "")
    done = tokenflow(*SERVICE, "file/p.yaml")
    assert done.status == 7
    assert_clean(done)
    assert "file/p.yaml cannot be written" in done.stderr


def test_a_preset_of_ones_own_lends_its_values_and_shows_no_secret(tokenflow: Tokenflow) -> None:
    tokenflow.write("company.yaml", f"issuer: https://idp.example\nclient: {{secret: {CANARY}}}\n")
    done = tokenflow("init", "--preset", "./company.yaml", "--app-type", "service", "--client-id", "a", "p.yaml")
    assert done.status == 0, done.stderr
    text = (tokenflow.folder / "p.yaml").read_text()
    assert "The preset lends issuer, client" in text
    assert CANARY not in text + done.stdout + done.stderr


def test_for_machines_the_next_steps_are_json(tokenflow: Tokenflow) -> None:
    done = tokenflow("--log-format", "json", *SERVICE)
    said = json.loads(done.stderr)
    assert (said["message"], said["path"]) == ("itwin-service.yaml: written", "itwin-service.yaml")
    assert said["next"] == ["export ITWIN_CLIENT_SECRET=...", "tokenflow token itwin-service.yaml"]


class Person:
    """Somebody at a terminal."""

    def __init__(self, tokenflow: Tokenflow, *arguments: str, **env: str) -> None:
        self.seen = ""
        self.terminal = pexpect.spawn(
            WITH_SIGINT[0],
            [*WITH_SIGINT[1:], str(PROGRAM), "init", *arguments],
            cwd=str(tokenflow.folder),
            env={**tokenflow.variables(), "TERM": "dumb", **env},
            encoding="utf-8",
            timeout=20,
            dimensions=(50, 200),
        )

    def answers(self, question: str, answer: str) -> None:
        self.terminal.expect(question)
        self.seen += self.terminal.before + self.terminal.after
        if "not shown" in question:
            assert self.terminal.waitnoecho(10)
        self.terminal.sendline(answer)

    def status(self) -> int | None:
        self.terminal.expect(pexpect.EOF)
        self.seen += self.terminal.before
        self.terminal.close()
        assert "Traceback" not in self.seen
        code: int | None = self.terminal.exitstatus
        return code


@contextmanager
def person(tokenflow: Tokenflow, *arguments: str, **env: str) -> Iterator[Person]:
    asked = Person(tokenflow, *arguments, **env)
    try:
        yield asked
    finally:
        asked.terminal.close(force=True)


def test_a_person_is_asked_and_wrong_answers_are_asked_for_again(tokenflow: Tokenflow) -> None:
    with person(tokenflow) as asked:
        asked.answers(r"Provider \[none\]: ", "keyclok")
        asked.answers(r"answer with a name, or a number.*Provider \[none\]: ", "keycloak")
        asked.answers("Kind of application: ", "2")
        asked.answers(r"File \[keycloak-service.yaml\]: ", "kc")
        asked.answers(r"ends in .yaml.*File \[keycloak-service.yaml\]: ", "kc.yaml")
        asked.answers(r"issuer\): ", "")
        asked.answers(r"an answer is needed\s+.*issuer\): ", "http://kc.example/realms/a")
        asked.answers(r"is plain http.*issuer\): ", "https://kc.example/realms/a")
        asked.answers(r"Client ID \[REPLACE_ME\]: ", "")
        asked.answers(r"client secret\? .*\[env:KEYCLOAK_CLIENT_SECRET\]: ", CANARY)
        asked.answers(r"no place; write env:NAME.*client secret\? .*\]: ", "")
        asked.answers("Scopes, .*: ", "read write")
        asked.answers("Audience: ", "")
        assert asked.status() == 0, asked.seen
    assert "kc.yaml: written" in asked.seen
    assert "replace REPLACE_ME at client.id" in asked.seen
    assert read(tokenflow.folder / "kc.yaml") == {
        "version": 1,
        "preset": "keycloak",
        "app_type": "service",
        "issuer": "https://kc.example/realms/a",
        "client": {"id": "REPLACE_ME", "secret": {"env": "KEYCLOAK_CLIENT_SECRET"}},
        "scopes": ["read", "write"],
    }
    assert CANARY not in (tokenflow.folder / "kc.yaml").read_text()
    assert tokenflow("validate", "kc.yaml").status == 0


def test_nobody_is_asked_where_the_flags_say_all(tokenflow: Tokenflow) -> None:
    with person(tokenflow, *SERVICE[1:], "--secret-from", "env:S") as asked:
        assert asked.status() == 0, asked.seen
    assert "?" not in asked.seen


def test_nobody_is_asked_in_ci(tokenflow: Tokenflow) -> None:
    with person(tokenflow, CI="true") as asked:
        assert asked.status() == 2
    assert "--app-type: is missing" in asked.seen


def test_overwriting_is_asked_for(tokenflow: Tokenflow) -> None:
    path = tokenflow.write("itwin-device.yaml", "mine\n")
    for answer, status in (("n", 2), ("y", 0)):
        with person(tokenflow, "--preset", "itwin", "--app-type", "device", "itwin-device.yaml") as asked:
            asked.answers(r"overwrite it\? \[y/N\]: ", answer)
            if status == 0:
                asked.answers("Client ID", "native-1")
                asked.answers("Audience", "")
            assert asked.status() == status, asked.seen
        assert (path.read_text() == "mine\n") == (status == 2)


@pytest.mark.parametrize(("key", "status"), [("\x04", 4), ("\x03", 130)])
def test_giving_up_writes_nothing(tokenflow: Tokenflow, key: str, status: int) -> None:
    with person(tokenflow) as asked:
        asked.terminal.expect(r"Provider \[none\]: ")
        asked.terminal.send(key)
        assert asked.status() == status, asked.seen
    assert no_file(tokenflow)


@pytest.fixture(scope="module")
def gnome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with secret_service(tmp_path_factory.mktemp("gnome")) as address:
        yield address


@pytest.fixture
def keyring(tokenflow: Tokenflow, gnome: str) -> str:
    tokenflow.environment["DBUS_SESSION_BUS_ADDRESS"] = gnome
    return gnome


def flags_for(server: FakeServer, item: str) -> tuple[str, ...]:
    return (
        "--issuer",
        server.url,
        "--app-type",
        "service",
        "--client-id",
        "service",
        "--secret-from",
        f"keyring:{item}",
    )


def assert_it_gets_a_token(tokenflow: Tokenflow, server: FakeServer) -> None:
    done = tokenflow("token", "p.yaml")
    assert (done.status, done.stdout) == (0, f"{server.issued[-1]}\n"), done.stderr
    assert server.token_requests[-1].client == ("service", CANARY)


@pytest.mark.usefixtures("keyring")
def test_a_secret_on_standard_input_goes_into_the_keyring_and_nowhere_else(
    tokenflow: Tokenflow, server: FakeServer
) -> None:
    server.clients["service"] = CANARY
    done = tokenflow("init", *flags_for(server, "piped/service"), "--store-secret", "p.yaml", stdin=f"{CANARY}\n")
    assert done.status == 0, done.stderr
    assert "keyring set" not in done.stderr
    assert CANARY not in (tokenflow.folder / "p.yaml").read_text() + done.stdout + done.stderr
    assert_it_gets_a_token(tokenflow, server)


@pytest.mark.usefixtures("keyring")
def test_a_person_may_type_the_secret_unseen(tokenflow: Tokenflow, server: FakeServer) -> None:
    server.clients["service"] = CANARY
    with person(tokenflow, *flags_for(server, "typed/service"), "--store-secret", "p.yaml") as asked:
        asked.answers(r"Secret for typed/service \(not shown\): ", CANARY)
        assert asked.status() == 0, asked.seen
    assert CANARY not in asked.seen + (tokenflow.folder / "p.yaml").read_text()
    assert_it_gets_a_token(tokenflow, server)


@pytest.mark.usefixtures("keyring")
def test_a_person_who_refers_to_the_keyring_is_offered_to_fill_it(tokenflow: Tokenflow, server: FakeServer) -> None:
    server.clients["service"] = CANARY
    flags = flags_for(server, "")[:-2]
    with person(tokenflow, *flags, "--scopes", "read", "--audience", "a", "p.yaml") as asked:
        asked.answers(r"client secret\? .*\[env:CLIENT_SECRET\]: ", "keyring:offered/service")
        asked.answers(r"Put the secret into the keyring now\? \[y/N\]: ", "y")
        asked.answers(r"Secret for offered/service \(not shown\): ", "")
        asked.answers(r"an answer is needed\s+Secret for offered/service \(not shown\): ", CANARY)
        assert asked.status() == 0, asked.seen
    assert CANARY not in asked.seen + (tokenflow.folder / "p.yaml").read_text()
    assert_it_gets_a_token(tokenflow, server)


@pytest.mark.usefixtures("keyring")
def test_without_a_line_for_the_secret_nothing_is_written(tokenflow: Tokenflow, server: FakeServer) -> None:
    done = tokenflow("init", *flags_for(server, "empty/service"), "--store-secret", "p.yaml", stdin="\n")
    assert done.status == 2
    assert "--store-secret: standard input has no line for it" in done.stderr
    assert no_file(tokenflow)


def test_without_a_keyring_neither_file_nor_secret_is_written(tokenflow: Tokenflow, server: FakeServer) -> None:
    tokenflow.environment["DBUS_SESSION_BUS_ADDRESS"] = "unix:path=/nonexistent"
    init, token = (
        tokenflow("init", *flags_for(server, "s/u"), "--store-secret", "p.yaml", stdin=CANARY),
        tokenflow("token", tokenflow.profile(server.url, client={"id": "a", "secret": SAME_ITEM})),
    )
    for done in (init, token):
        assert done.status == 2
        assert_clean(done)
        assert "this machine has no keyring that can be used" in done.stderr
        assert CANARY not in done.stderr
    assert re.search(r"service\.yaml:\d+:\d+: client\.secret: this machine", token.stderr)
    assert not (tokenflow.folder / "p.yaml").exists()


SAME_ITEM: Final = {"keyring": {"service": "s", "username": "u"}}


def test_a_locked_keyring_is_named_with_its_place_and_does_not_hang(
    tokenflow: Tokenflow, server: FakeServer, tmp_path: Path
) -> None:
    (tmp_path / "gnome").mkdir()
    with secret_service(tmp_path / "gnome") as address:
        tokenflow.environment["DBUS_SESSION_BUS_ADDRESS"] = address
        lock(address)
        start = time.monotonic()
        done: Done = tokenflow("token", tokenflow.profile(server.url, client={"id": "a", "secret": SAME_ITEM}))
        assert time.monotonic() - start < 15
    assert done.status == 2
    assert_clean(done)
    assert re.search(r"service\.yaml:\d+:\d+: client\.secret: the keyring is locked", done.stderr)
    assert server.token_requests == []
