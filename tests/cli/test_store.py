"""The store: where it lies, who can read it, whose tokens are one, and what it survives (SPEC, section 4)."""

from __future__ import annotations

import os
import re
import stat
from typing import TYPE_CHECKING

import pytest
from cli.command import assert_clean, assert_succeeded
from support.fake_server import FakeServer

if TYPE_CHECKING:
    from pathlib import Path

    from cli.command import Tokenflow


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def records(tokenflow: Tokenflow) -> list[Path]:
    return [tokenflow.home / name for name in tokenflow.stored()]


@pytest.mark.parametrize("umask", [0o000, 0o277])
def test_files_are_0600_in_folders_that_are_0700_promise_8_f086(
    tokenflow: Tokenflow, server: FakeServer, umask: int
) -> None:
    assert_succeeded(tokenflow("token", tokenflow.profile(server.url), umask=umask))
    (record,) = records(tokenflow)
    assert server.issued[0] in record.read_text()
    assert mode(record) == 0o600
    assert mode(record.parent) == 0o700
    assert not any(mode(path) & 0o077 for path in files(tokenflow.home))


def test_nothing_temporary_is_left_beside_the_record(tokenflow: Tokenflow, server: FakeServer) -> None:
    profile = tokenflow.profile(server.url)
    for more in ((), ("--refresh",), ("--refresh",)):
        assert_succeeded(tokenflow("token", profile, *more))
    (record,) = records(tokenflow)
    assert [path.name for path in record.parent.iterdir() if path.suffix != ".lock"] == [record.name]
    assert server.issued[-1] in record.read_text()
    assert not any(token in record.read_text() for token in server.issued[:-1])


@pytest.mark.parametrize(
    ("env", "where"),
    [
        ({"TOKENFLOW_HOME": "moved"}, "work/moved"),
        ({"TOKENFLOW_HOME": None, "XDG_STATE_HOME": "STATE"}, "state/tokenflow"),
        ({"TOKENFLOW_HOME": None}, "user/.local/state/tokenflow"),
    ],
)
def test_where_the_store_lies_promise_8(
    tokenflow: Tokenflow, server: FakeServer, tmp_path: Path, env: dict[str, str | None], where: str
) -> None:
    env = {name: str(tmp_path / "state") if value == "STATE" else value for name, value in env.items()}
    assert_succeeded(tokenflow("token", tokenflow.profile(server.url), env=env))
    holding = [path for path in files(tmp_path) if server.issued[0] in path.read_text(errors="replace")]
    assert [(tmp_path / where) in path.parents for path in holding] == [True]


def test_a_store_of_the_profiles_own_lies_beside_it(tokenflow: Tokenflow, server: FakeServer, tmp_path: Path) -> None:
    profile = tokenflow.profile(server.url, "nested/p.yaml", store={"kind": "file", "path": "tokens"})
    assert_succeeded(tokenflow("token", profile))
    holding = [path for path in files(tmp_path) if server.issued[0] in path.read_text(errors="replace")]
    assert [tokenflow.folder / "nested" / "tokens" in path.parents for path in holding] == [True]


def test_the_memory_store_leaves_nothing_on_disk(tokenflow: Tokenflow, server: FakeServer, tmp_path: Path) -> None:
    profile = tokenflow.profile(server.url, store="memory")
    printed = [tokenflow("token", profile).stdout for _ in range(2)]
    assert printed == [f"{token}\n" for token in server.issued]
    assert len(printed) == 2
    for path in files(tmp_path):
        assert not any(token in path.read_text(errors="replace") for token in server.issued), path


def test_two_profiles_that_say_the_same_share_a_token(tokenflow: Tokenflow, server: FakeServer) -> None:
    one = tokenflow.profile(server.url, "one.yaml", scopes=["read", "write"])
    two = tokenflow.profile(server.url, "two.yaml", scopes="write read", description="another", name="other")
    assert tokenflow("token", one).stdout == tokenflow("token", two).stdout == f"{server.issued[0]}\n"
    assert len(server.token_requests) == 1


def test_whatever_makes_another_identity_gets_its_own_token_f099(tokenflow: Tokenflow) -> None:
    clients = {"service": "service-secret", "other": "service-secret"}
    with FakeServer(clients=clients) as server, FakeServer(clients=clients) as elsewhere:
        secret = {"env": "SERVICE_SECRET"}
        profiles = [
            tokenflow.profile(server.url, "scopes.yaml"),
            tokenflow.profile(server.url, "fewer.yaml", scopes=["read"]),
            tokenflow.profile(server.url, "client.yaml", client={"id": "other", "secret": secret}),
            tokenflow.profile(server.url, "audience.yaml", audience="https://api.example"),
            tokenflow.profile(elsewhere.url, "issuer.yaml"),
        ]
        first = [done.stdout for done in tokenflow.at_once(*(("token", profile) for profile in profiles))]
        assert len(set(first)) == len(profiles)
        asked = len(server.requests)
        assert tokenflow("token", profiles[0]).stdout == first[0], "none of them took the first one's place"
        assert len(server.requests) == asked


def test_a_record_that_cannot_be_read_is_put_aside_f077_f087(tokenflow: Tokenflow, server: FakeServer) -> None:
    garbage = (b"", b"\x00" * 500, b"[]", None)
    profiles = [tokenflow.profile(server.url, f"{n}.yaml", scopes=[f"s{n}"]) for n in range(len(garbage))]
    commands = [("token", profile) for profile in profiles]
    tokenflow.at_once(*commands)
    assert len(records(tokenflow)) == len(garbage)
    for record, content in zip(records(tokenflow), garbage, strict=True):
        record.write_bytes(record.read_bytes()[:-20] if content is None else content)
    for done in tokenflow.at_once(*commands):
        assert done.status == 0, done.stderr
        assert done.stdout.strip() in server.issued[len(garbage) :]
        assert "warning" in done.stderr
    assert not any(mode(path) & 0o077 for path in files(tokenflow.home))
    assert tokenflow(*commands[0]).stderr == ""
    assert len(server.token_requests) == 2 * len(garbage)


def test_a_record_that_is_a_link_is_not_followed_f084(tokenflow: Tokenflow, server: FakeServer) -> None:
    profile = tokenflow.profile(server.url)
    assert_succeeded(tokenflow("token", profile))
    (record,) = records(tokenflow)
    victim = tokenflow.write("victim", record.read_bytes().replace(server.issued[0].encode(), b"planted-token"))
    kept = victim.read_bytes()
    record.unlink()
    record.symlink_to(victim)
    done = tokenflow("token", profile)
    assert "planted-token" not in done.stdout
    assert victim.read_bytes() == kept
    assert done.status in {0, 7}, done.stderr


def test_a_record_that_others_can_read_is_closed_or_refused_f083(tokenflow: Tokenflow, server: FakeServer) -> None:
    profile = tokenflow.profile(server.url)
    assert_succeeded(tokenflow("token", profile))
    (record,) = records(tokenflow)
    record.chmod(0o644)
    record.parent.chmod(0o755)
    done = tokenflow("token", profile)
    if done.status == 0:
        assert "warning" in done.stderr
        assert (mode(records(tokenflow)[0]), mode(record.parent)) == (0o600, 0o700)
    else:
        assert done.status == 7
        assert_clean(done)


@pytest.mark.parametrize("where", ["a-file/below", "/proc/nowhere"])
def test_a_store_that_cannot_be_written_is_found_out_before_the_request_f081(
    tokenflow: Tokenflow, server: FakeServer, where: str
) -> None:
    tokenflow.write("a-file", "kept")
    done = tokenflow("token", tokenflow.profile(server.url), env={"TOKENFLOW_HOME": where})
    assert done.status == 7
    assert_clean(done)
    assert where in done.stderr
    assert server.token_requests == []
    assert (tokenflow.folder / "a-file").read_text() == "kept"


def test_a_home_with_blanks_and_letters_beyond_ascii_f091(tokenflow: Tokenflow, server: FakeServer) -> None:
    profile = tokenflow.profile(server.url)
    env = {"TOKENFLOW_HOME": str(tokenflow.folder / "a b\né ☃")}
    assert tokenflow("token", profile, env=env).stdout == tokenflow("token", profile, env=env).stdout != ""
    assert len(server.token_requests) == 1


def test_no_home_at_all_f091(tokenflow: Tokenflow, server: FakeServer) -> None:
    env = {"TOKENFLOW_HOME": str(tokenflow.home), "HOME": None}
    assert_succeeded(tokenflow("token", tokenflow.profile(server.url), env=env))


def test_a_lock_left_by_a_dead_process_hinders_nobody_f070(tokenflow: Tokenflow) -> None:
    with FakeServer() as server:
        server.token_delay = 60
        profile = tokenflow.profile(server.url)
        with tokenflow.start("token", profile) as killed:
            server.wait_for("/token")
            killed.kill()
            killed.communicate()
        server.token_delay = 0
        done = tokenflow("token", profile)
        assert (done.status, done.stdout) == (0, f"{server.issued[-1]}\n")


def test_the_store_is_replaced_not_rewritten(tokenflow: Tokenflow, server: FakeServer) -> None:
    """A reader that opened the old record goes on seeing all of it."""
    profile = tokenflow.profile(server.url)
    assert_succeeded(tokenflow("token", profile))
    (record,) = records(tokenflow)
    with record.open() as opened:
        assert_succeeded(tokenflow("token", profile, "--refresh"))
        assert re.search(re.escape(server.issued[0]), opened.read())
        assert os.fstat(opened.fileno()).st_ino != record.stat().st_ino
