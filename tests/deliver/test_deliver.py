"""Deliveries: exact bytes, atomic files, one failure harming no other target."""

from __future__ import annotations

import json
import os
import shlex
import stat
import subprocess
from typing import TYPE_CHECKING

import pytest

from tokenflow import DeliveryError, Profile, TokenSet
from tokenflow.deliver import deliver_all, file
from tokenflow.deliver.formats import FORMATS
from tokenflow.profile import DeliveryTarget

if TYPE_CHECKING:
    from pathlib import Path

TOKEN = TokenSet(
    "a'b$c", token_type="bearer", expires_at=1_800_000_000, scopes=("one", "two"), issuer="https://as.test"
)


@pytest.mark.parametrize(
    ("format_", "text"),
    [
        ("token", "a'b$c"),
        ("header", "Authorization: Bearer a'b$c"),
        ("env", "TOKENFLOW_ACCESS_TOKEN='a'\"'\"'b$c'\nTOKENFLOW_EXPIRES_AT=1800000000"),
    ],
)
def test_formats_are_exact(format_: str, text: str) -> None:
    assert FORMATS[format_](TOKEN, "p") == text


def test_json_has_these_members_and_an_id_token_where_there_is_one() -> None:
    assert json.loads(FORMATS["json"](TOKEN, "p")) == {
        "access_token": "a'b$c",
        "token_type": "Bearer",
        "expires_at": 1_800_000_000,
        "scope": "one two",
        "issuer": "https://as.test",
        "profile": "p",
    }
    with_id_token = TokenSet("a", token_type="dpop", id_token="i")
    members = json.loads(FORMATS["json"](with_id_token, "p"))
    assert (members["id_token"], members["expires_at"], members["token_type"]) == ("i", None, "DPoP")


def test_env_can_be_sourced_by_a_shell() -> None:
    script = f'{FORMATS["env"](TOKEN, "p")}\nprintf %s "$TOKENFLOW_ACCESS_TOKEN"'
    assert subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout == "a'b$c"
    unknown = FORMATS["env"](TokenSet("t"), "p")
    assert shlex.split(unknown) == ["TOKENFLOW_ACCESS_TOKEN=t", "TOKENFLOW_EXPIRES_AT="]


def test_a_file_is_replaced_whole_with_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("old")
    path.chmod(0o644)
    inode = path.stat().st_ino
    file.deliver(DeliveryTarget(to="file", path=str(path), mode="0640"), "new")
    assert path.read_text() == "new\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert path.stat().st_ino != inode
    assert [p.name for p in tmp_path.iterdir()] == ["token"]


def test_a_link_is_not_written_through(tmp_path: Path) -> None:  # F-146
    theirs = tmp_path / "theirs"
    theirs.write_text("theirs")
    link = tmp_path / "link"
    link.symlink_to(theirs)
    target = DeliveryTarget(to="file", path=str(link))
    with pytest.raises(DeliveryError, match="is a link or no regular file"):
        file.deliver(target, "token")
    assert theirs.read_text() == "theirs"
    assert file.lacks(target, "token")


def test_a_relative_path_counts_from_where_we_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    file.deliver(DeliveryTarget(to="file", path="here"), "t")
    assert (tmp_path / "here").read_text() == "t\n"


def test_a_failed_write_leaves_the_old_file_and_no_litter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "token"
    path.write_text("old")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DeliveryError, match="No space left on device"):
        file.deliver(DeliveryTarget(to="file", path=str(path)), "new")
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["token"]


def profile(*targets: DeliveryTarget) -> Profile:
    return Profile(app_type="service", name="p", deliver=targets)


def test_only_what_is_new_or_lacking_is_delivered(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(tmp_path / "token")
    targets = profile(DeliveryTarget(to="file", path=path, format="header"), DeliveryTarget(to="stdout"))
    assert deliver_all(targets, TOKEN, new=True) == [path, "stdout"]
    assert deliver_all(targets, TOKEN, new=False) == ["stdout"]
    (tmp_path / "token").write_text("changed by hand")
    assert deliver_all(targets, TOKEN, new=False) == [path, "stdout"]
    assert (tmp_path / "token").read_text() == "Authorization: Bearer a'b$c\n"
    assert capsys.readouterr().out == "a'b$c\n" * 3


def test_one_failure_does_not_stop_the_others(tmp_path: Path) -> None:  # F-148
    good, bad = str(tmp_path / "good"), str(tmp_path / "none" / "bad")
    targets = profile(DeliveryTarget(to="file", path=bad), DeliveryTarget(to="file", path=good))
    with pytest.raises(DeliveryError, match=r"none/bad: No such file or directory; check the folder"):
        deliver_all(targets, TOKEN, new=True)
    assert (tmp_path / "good").read_text() == "a'b$c\n"


def test_a_file_that_others_may_read_is_delivered_anew(tmp_path: Path) -> None:
    path = tmp_path / "token"
    target = DeliveryTarget(to="file", path=str(path))
    file.deliver(target, "t")
    assert not file.lacks(target, "t")
    path.chmod(0o666)
    assert file.lacks(target, "t")
