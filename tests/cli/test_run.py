"""`tokenflow run`: deliveries, several profiles, and what it says (SPEC, section 2)."""

from __future__ import annotations

import json
import re
import stat
from typing import TYPE_CHECKING

import pytest
from cli.command import REPOSITORY, assert_clean, assert_succeeded
from support.fake_server import Answer, FakeServer

if TYPE_CHECKING:
    from cli.command import Tokenflow


def to_file(path: str = "out/token", **changes: str) -> dict[str, str]:
    return {"to": "file", "path": path} | changes


def test_without_deliver_stdout_stays_empty_and_stderr_says_what_was_done(
    tokenflow: Tokenflow, server: FakeServer
) -> None:
    profile = tokenflow.profile(server.url, "reports.yaml")
    for _ in range(2):  # the second one from the store
        status, stdout, stderr = tokenflow("run", profile)
        assert (status, stdout) == (0, "")
        assert "reports" in stderr
        assert re.search(r"\d\d:\d\d|\d+ ?min", stderr), "until when the token holds"
        assert server.issued[0] not in stderr
    assert len(server.token_requests) == 1


def test_deliver_to_stdout(tokenflow: Tokenflow, server: FakeServer) -> None:
    profile = tokenflow.profile(server.url, deliver=[{"to": "stdout", "format": "header"}])
    done = tokenflow("run", profile)
    assert (done.status, done.stdout) == (0, f"Authorization: Bearer {server.issued[0]}\n")
    assert server.issued[0] not in done.stderr
    again = tokenflow("run", profile)
    assert (again.status, again.stdout) == (0, done.stdout), "a new stdout lacks the token"
    assert len(server.token_requests) == 1


@pytest.mark.parametrize(("written", "mode"), [(None, 0o600), ("0640", 0o640)])
def test_deliver_to_a_file_with_its_mode_whatever_the_umask_f086(
    tokenflow: Tokenflow, server: FakeServer, written: str | None, mode: int
) -> None:
    (tokenflow.folder / "out").mkdir()
    delivery = to_file(mode=written) if written else to_file()
    done = tokenflow("run", tokenflow.profile(server.url, deliver=[delivery]), umask=0o777)
    assert (done.status, done.stdout) == (0, ""), done.stderr
    target = tokenflow.folder / "out" / "token"
    assert target.read_text().strip() == server.issued[0]
    assert stat.S_IMODE(target.stat().st_mode) == mode
    assert [path.name for path in target.parent.iterdir()] == ["token"], "nothing temporary is left"


def test_the_path_is_relative_to_the_profile(tokenflow: Tokenflow, server: FakeServer) -> None:
    (tokenflow.folder / "nested" / "out").mkdir(parents=True)
    assert_succeeded(tokenflow("run", tokenflow.profile(server.url, "nested/p.yaml", deliver=[to_file()])))
    assert (tokenflow.folder / "nested" / "out" / "token").is_file()


def test_a_file_that_has_the_token_is_left_alone_and_one_that_lacks_it_gets_it_without_a_request(
    tokenflow: Tokenflow, server: FakeServer
) -> None:
    (tokenflow.folder / "out").mkdir()
    target = tokenflow.folder / "out" / "token"
    profile = tokenflow.profile(server.url, deliver=[to_file()])
    assert_succeeded(tokenflow("run", profile))
    first = target.stat()
    assert_succeeded(tokenflow("run", profile))
    same = target.stat()
    assert (same.st_ino, same.st_mtime_ns) == (first.st_ino, first.st_mtime_ns)
    target.unlink()
    assert_succeeded(tokenflow("run", profile))
    assert target.read_text().strip() == server.issued[0]
    target.write_text("stale")
    assert_succeeded(tokenflow("run", profile))
    assert target.read_text().strip() == server.issued[0]
    assert len(server.token_requests) == 1


def test_a_new_token_replaces_the_file_in_one_step_f146(tokenflow: Tokenflow, server: FakeServer) -> None:
    (tokenflow.folder / "out").mkdir()
    target = tokenflow.folder / "out" / "token"
    profile = tokenflow.profile(server.url, deliver=[to_file()])
    assert_succeeded(tokenflow("run", profile))
    with target.open() as opened:
        assert_succeeded(tokenflow("token", profile, "--refresh"))
        assert target.read_text().strip() == server.issued[0], "only run delivers"
        assert_succeeded(tokenflow("run", profile))
        assert opened.read().strip() == server.issued[0]
    assert target.read_text().strip() == server.issued[1]


def test_a_link_is_refused_and_the_token_kept_f146(tokenflow: Tokenflow, server: FakeServer) -> None:
    (tokenflow.folder / "out").mkdir()
    victim = tokenflow.write("victim", "precious")
    target = tokenflow.folder / "out" / "token"
    target.symlink_to(victim)
    profile = tokenflow.profile(server.url, deliver=[to_file()])
    done = tokenflow("run", profile)
    assert done.status == 7
    assert_clean(done)
    assert "out/token" in done.stderr
    assert re.search("link", done.stderr)
    assert victim.read_text() == "precious"
    assert target.is_symlink()
    target.unlink()
    assert_succeeded(tokenflow("run", profile))
    assert target.read_text().strip() == server.issued[0]
    assert len(server.token_requests) == 1


@pytest.mark.parametrize("path", ["no/such/folder/token", "folder"])
def test_a_delivery_that_fails_says_so_and_keeps_the_token_f148(
    tokenflow: Tokenflow, server: FakeServer, path: str
) -> None:
    (tokenflow.folder / "folder").mkdir()
    deliver = [to_file(path), to_file("good"), {"to": "stdout"}]
    done = tokenflow("run", tokenflow.profile(server.url, deliver=deliver))
    assert done.status == 7
    assert path in done.stderr
    assert "Traceback" not in done.stderr
    assert (tokenflow.folder / "good").read_text().strip() == server.issued[0]
    assert done.stdout == f"{server.issued[0]}\n"
    assert any(server.issued[0].encode() in content for content in tokenflow.stored().values())


def test_all_formats_of_a_file_can_be_read_back(tokenflow: Tokenflow, server: FakeServer) -> None:
    forms = ("token", "header", "json", "env")
    deliver = [to_file(form, format=form) for form in forms]
    assert_succeeded(tokenflow("run", tokenflow.profile(server.url, deliver=deliver)))
    delivered = {form: (tokenflow.folder / form).read_text().strip() for form in forms}
    assert delivered["token"] == server.issued[0]
    assert delivered["header"] == f"Authorization: Bearer {server.issued[0]}"
    assert json.loads(delivered["json"])["access_token"] == server.issued[0]
    assert delivered["env"].startswith("TOKENFLOW_ACCESS_TOKEN=")


def test_several_profiles_are_all_served_though_one_fails(tokenflow: Tokenflow, closed_port: int) -> None:
    with FakeServer() as server:
        one = tokenflow.profile(server.url, "one.yaml", deliver=[to_file("one")], scopes=["read"])
        down = tokenflow.profile(f"http://127.0.0.1:{closed_port}", "down.yaml")
        two = tokenflow.profile(server.url, "two.yaml", deliver=[to_file("two")])
        done = tokenflow("run", one, down, two)
        assert done.status == 5
        assert_clean(done)
        delivered = {(tokenflow.folder / name).read_text().strip() for name in ("one", "two")}
        assert delivered == set(server.issued)
        assert len(delivered) == 2
        assert str(closed_port) in done.stderr
        assert re.search("down", done.stderr), "which profile failed"


def test_several_profiles_that_all_succeed(tokenflow: Tokenflow, server: FakeServer) -> None:
    profiles = [tokenflow.profile(server.url, f"{scope}.yaml", scopes=[scope]) for scope in ("a", "b")]
    done = tokenflow("run", *profiles)
    assert (done.status, done.stdout) == (0, "")
    assert len(server.token_requests) == 2


def test_several_failures_end_with_one_of_their_statuses(tokenflow: Tokenflow, closed_port: int) -> None:
    with FakeServer() as server:
        server.script("/token", Answer.error("invalid_scope"))
        refused = tokenflow.profile(server.url, "refused.yaml")
        down = tokenflow.profile(f"http://127.0.0.1:{closed_port}", "down.yaml")
        done = tokenflow("run", refused, down)
        assert done.status in {1, 5}
        assert_clean(done)
        assert re.search("refused", done.stderr)
        assert re.search("invalid_scope", done.stderr)
        assert re.search(str(closed_port), done.stderr)


def test_a_profile_with_several_problems_shows_all_of_them(tokenflow: Tokenflow) -> None:
    done = tokenflow("run", tokenflow.profile("http://idp.example", scope=["x"], flow="nothing"))
    assert done.status == 2
    assert_clean(done)
    for wanted in ("issuer", "scope", "flow"):
        assert re.search(rf"service\.yaml:\d+:\d+: {wanted}", done.stderr), done.stderr


def test_deliver_to_a_command_either_works_or_is_refused(tokenflow: Tokenflow, server: FakeServer) -> None:
    deliver = [to_file("good"), {"to": "command", "run": ["touch", str(tokenflow.folder / "ran")]}]
    done = tokenflow("run", tokenflow.profile(server.url, deliver=deliver))
    if done.status == 0:
        assert (tokenflow.folder / "ran").exists()
    else:
        assert done.status == 2
        assert re.search("command", done.stderr)
        assert server.token_requests == []


def test_the_quickstart_runs(tokenflow: Tokenflow) -> None:
    quickstart = REPOSITORY / "profiles" / "quickstart.yaml"
    ran, printed = tokenflow.at_once(("run", quickstart), ("token", quickstart))
    assert (ran.status, ran.stdout) == (0, "")
    assert "quickstart" in ran.stderr
    assert printed.status == 0
    assert re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]+\n", printed.stdout)
    assert tokenflow.stored() == {}, "the embedded issuer always uses the memory store"
