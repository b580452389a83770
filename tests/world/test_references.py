from __future__ import annotations

import os
import stat
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tokenflow.errors import SecretError
from tokenflow.profile import CommandSource, EnvSource, FileSource, Place, Reference, Source
from tokenflow.world.references import read_public_reference, read_reference

if TYPE_CHECKING:
    from pathlib import Path


def python(code: str) -> CommandSource:
    return CommandSource((sys.executable, "-c", code))


def test_a_variable_is_read_when_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    reference = Reference(EnvSource("TOKENFLOW_TEST_SECRET"))
    monkeypatch.setenv("TOKENFLOW_TEST_SECRET", "one")
    assert read_reference(reference).reveal() == "one"
    monkeypatch.setenv("TOKENFLOW_TEST_SECRET", "two")
    assert read_reference(reference).reveal() == "two"


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (b"s\n", "s"),
        (b"s\r\n", "s"),
        (b"s\n\n", "s\n"),
        (b" s ", " s "),
        (b"a#b: %c\n", "a#b: %c"),
        ("é".encode(), "é"),
    ],
)
def test_one_line_break_at_the_end_is_no_part_of_a_value(tmp_path: Path, content: bytes, value: str) -> None:  # F-136
    path = tmp_path / "secret"
    path.write_bytes(content)
    assert read_reference(Reference(FileSource(str(path)))).reveal() == value
    written = python(f"import sys; sys.stdout.buffer.write({content!r})")
    assert read_reference(Reference(written)).reveal() == value


def _source(name: str, tmp_path: Path) -> Source:
    paths = {"missing": "no-such-file", "empty": "empty", "large": "large", "binary": "binary", "fifo": "fifo"}
    if name in paths:
        return FileSource(str(tmp_path / paths[name]))
    others: dict[str, Source] = {
        "folder": FileSource(str(tmp_path)),
        "endless": FileSource("/dev/zero"),
        "nul": FileSource("/tmp/\0"),
        "unset": EnvSource("TOKENFLOW_TEST_UNSET"),
        "empty variable": EnvSource("TOKENFLOW_TEST_EMPTY"),
        "not text": EnvSource("TOKENFLOW_TEST_BINARY"),
        "no command": CommandSource(("/no/such/command", "secret-argument")),
        "failing": python("import sys; print('secret-output'); print('secret-error', file=sys.stderr); sys.exit(3)"),
        "silent": python("pass"),
        "flooding": python("import sys\nwhile True: sys.stdout.write('x' * 65536)"),
    }
    return others[name]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("missing", "cannot be read: No such file or directory"),
        ("empty", "is empty"),
        ("large", "larger than 64 KiB"),
        ("binary", "is not UTF-8 text"),
        ("fifo", "not a regular file"),
        ("folder", "not a regular file|Is a directory"),
        ("endless", "not a regular file"),
        ("nul", "cannot be read"),
        ("unset", "TOKENFLOW_TEST_UNSET is not set; set it"),
        ("empty variable", "is set and empty"),
        ("not text", "is not UTF-8 text"),
        ("no command", "/no/such/command cannot be run: No such file or directory"),
        ("failing", "failed with exit status 3; run it by hand"),
        ("silent", "is empty"),
        ("flooding", "larger than 64 KiB"),
    ],
)
def test_what_gives_no_value_is_said_with_its_place_and_without_its_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, said: str
) -> None:  # F-136
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "large").write_text("x" * 65537)
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    os.mkfifo(tmp_path / "fifo")
    monkeypatch.setenv("TOKENFLOW_TEST_EMPTY", "")
    monkeypatch.setitem(os.environ, "TOKENFLOW_TEST_BINARY", "secret-\udcff")
    place = Place("p.yaml", 3, 5, "client.secret")
    with pytest.raises(SecretError, match=said) as caught:
        read_reference(Reference(_source(name, tmp_path), place=place))
    assert str(caught.value).startswith("p.yaml:3:5: client.secret: ")
    assert "secret-" not in str(caught.value)


def test_a_command_that_hangs_is_ended_with_all_that_it_started(
    tmp_path: Path,
) -> None:  # F-078
    pid_file = tmp_path / "pid"
    child = f"import os, time; open({str(pid_file)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    parent = python(f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])")
    with pytest.raises(SecretError, match=r"did not finish within 0.3 s"):
        read_reference(Reference(parent), patience=0.3)
    if pid_file.exists() and pid_file.read_text():
        for _ in range(500):
            if not os.path.exists(f"/proc/{pid_file.read_text()}"):
                break
            time.sleep(0.01)
        assert not os.path.exists(f"/proc/{pid_file.read_text()}")


def test_a_command_has_no_standard_input_and_no_shell() -> None:
    echo = python("import sys; print(repr(sys.stdin.read()), sys.argv)")
    reference = Reference(CommandSource((*echo.argv, "$HOME; *")))
    assert read_reference(reference).reveal() == "'' ['-c', '$HOME; *']"


def test_a_default_stands_in_for_a_public_value_that_is_missing() -> None:
    reference = Reference(EnvSource("TOKENFLOW_TEST_UNSET"), default="fallback")
    assert read_public_reference(reference) == "fallback"
    assert read_reference(reference).reveal() == "fallback"


def test_a_public_error_leaves_the_place_to_its_caller() -> None:
    with pytest.raises(SecretError, match=r"^the environment variable TOKENFLOW_TEST_UNSET is not set"):
        read_public_reference(Reference(EnvSource("TOKENFLOW_TEST_UNSET"), place=Place("p.yaml", 1, 1, "issuer")))


def test_a_secret_may_come_through_a_link_as_kubernetes_makes_them(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("s")
    (tmp_path / "link").symlink_to("data")
    assert stat.S_ISLNK((tmp_path / "link").lstat().st_mode)
    assert read_reference(Reference(FileSource(str(tmp_path / "link")))).reveal() == "s"
