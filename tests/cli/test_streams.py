"""Streams, terminals and signals: what people and pipes see when things end early."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import time
from typing import TYPE_CHECKING

import pytest
from cli.command import REPOSITORY, SECRET, SECRET_VARIABLE, WITH_SIGINT, assert_succeeded
from support.fake_server import OPENID_CONFIGURATION, Answer, FakeServer

if TYPE_CHECKING:
    from cli.command import Tokenflow

QUICKSTART = REPOSITORY / "profiles" / "quickstart.yaml"


@pytest.mark.parametrize(
    ("number", "status", "where"),
    [
        (signal.SIGINT, 130, "/token"),
        (signal.SIGTERM, 143, "/token"),
        (signal.SIGINT, 130, "retry"),
        (signal.SIGTERM, 143, OPENID_CONFIGURATION),
    ],
)
def test_a_signal_ends_a_slow_exchange_at_once_f073(
    tokenflow: Tokenflow, number: signal.Signals, status: int, where: str
) -> None:
    with FakeServer() as server:
        if where == "retry":
            server.script("/token", Answer(status=503, headers={"Retry-After": "30"}))
        else:
            server.script(where, Answer(delay=60))
        slow = {"retry": {"attempts": 2, "deadline": "60s"}}
        profile = tokenflow.profile(server.url, http={"timeout": "60s"}, refresh=slow)
        command = [*WITH_SIGINT, *tokenflow.command("token", profile)]
        with subprocess.Popen(
            command, env=tokenflow.variables(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as running:
            server.wait_for("/token" if where == "retry" else where)
            time.sleep(0.1 if where == "retry" else 0)
            started = time.monotonic()
            running.send_signal(number)
            stdout, stderr = running.communicate(timeout=15)
        assert time.monotonic() - started < 3
        assert (running.returncode, stdout) == (status, ""), stderr
        assert "Traceback" not in stderr
        assert len(server.requests) <= 2
    assert tokenflow.stored() == {}


@pytest.mark.parametrize("arguments", [("token", QUICKSTART), ("schema",), ("validate", QUICKSTART), ("--help",)])
def test_a_closed_stdout_ends_it_quietly_and_not_with_0_f074(tokenflow: Tokenflow, arguments: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        with tokenflow.start(*arguments, stdout=writing) as running:
            _, stderr = running.communicate(timeout=30)
    finally:
        os.close(writing)
    assert running.returncode != 0
    assert running.returncode != 3
    assert "Traceback" not in stderr
    assert "Exception ignored" not in stderr
    assert "Broken pipe" not in stderr


@pytest.mark.parametrize("arguments", [("token", QUICKSTART), ("schema",), ("validate", QUICKSTART)])
def test_a_full_stdout_is_an_error_that_says_so_f079(tokenflow: Tokenflow, arguments: tuple[str, ...]) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    try:
        with tokenflow.start(*arguments, stdout=full) as running:
            _, stderr = running.communicate(timeout=30)
    finally:
        os.close(full)
    assert running.returncode == 7, stderr  # what was asked for could not be delivered
    assert "Traceback" not in stderr
    assert "Exception ignored" not in stderr
    assert "space" in stderr or "stdout" in stderr


def _on_a_terminal(tokenflow: Tokenflow, *arguments: object, env: dict[str, str]) -> str:
    """What stderr shows when it is a terminal."""
    main, side = pty.openpty()
    try:
        subprocess.run(
            tokenflow.command(*map(str, arguments)),
            stdin=side,
            stdout=subprocess.DEVNULL,
            stderr=side,
            env=tokenflow.variables(env),
            cwd=tokenflow.folder,
            timeout=30,
            check=False,
        )
        os.set_blocking(main, False)
        return os.read(main, 65536).decode()
    finally:
        os.close(main)
        os.close(side)


def test_no_color_is_honoured_on_a_terminal_f142(tokenflow: Tokenflow) -> None:
    tokenflow.write("wrong.yaml", "version: 3\n")
    shown = _on_a_terminal(tokenflow, "token", "wrong.yaml", env={"TERM": "xterm-256color", "NO_COLOR": "1"})
    assert "wrong.yaml:1:10" in shown
    assert "\x1b[3" not in shown


def test_a_dumb_terminal_gets_plain_text_f142(tokenflow: Tokenflow) -> None:
    tokenflow.write("wrong.yaml", "version: 3\n")
    shown = _on_a_terminal(tokenflow, "token", "wrong.yaml", env={"TERM": "dumb"})
    assert "wrong.yaml:1:10" in shown
    assert "\x1b" not in shown


@pytest.mark.parametrize("arguments", [("--help",), ("run", QUICKSTART), ("validate", "wrong.yaml"), ("tokn",)])
def test_no_colour_codes_without_a_terminal_even_if_asked_for(tokenflow: Tokenflow, arguments: tuple[str, ...]) -> None:
    tokenflow.write("wrong.yaml", "version: 3\n")
    done = tokenflow(*arguments, env={"TERM": "xterm-256color"})
    assert "\x1b" not in done.stdout + done.stderr


def test_ascii_streams_take_any_text_f145(tokenflow: Tokenflow, server: FakeServer) -> None:
    env = {"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"}
    tokenflow.write("wrong.yaml", "version: 1\nnäme☃: x\n")
    wrong = tokenflow("validate", "wrong.yaml", env=env)
    assert wrong.status == 2
    assert "Traceback" not in wrong.stderr
    ran = tokenflow("run", tokenflow.profile(server.url, "grüße.yaml", name="g", description="☃"), env=env)
    assert ran.status == 0, ran.stderr


def test_verbose_narrates_every_exchange(tokenflow: Tokenflow, server: FakeServer) -> None:
    profile = tokenflow.profile(server.url)
    before = tokenflow("-v", "token", profile)
    after = tokenflow("token", profile, "-v", "--refresh")
    for done in (before, after):
        assert done.status == 0
        assert f"POST {server.url}/token" in done.stderr
        assert SECRET not in done.stderr
    assert f"GET {server.url}/.well-known/openid-configuration" in before.stderr
    assert (before.stdout, after.stdout) == tuple(f"{token}\n" for token in server.issued)


def test_json_logs_are_one_object_a_line(tokenflow: Tokenflow, server: FakeServer, closed_port: int) -> None:
    for arguments, status in (
        (("token", tokenflow.profile(server.url)), 0),
        (("run", tokenflow.profile(server.url)), 0),
        (("token", tokenflow.profile(f"http://127.0.0.1:{closed_port}", "down.yaml")), 5),
        (("token", tokenflow.write("wrong.yaml", "version: 3\nscope: 7\n")), 2),
    ):
        done = tokenflow(*arguments, "-v", "--log-format", "json")
        assert done.status == status
        lines = done.stderr.splitlines()
        assert lines
        for line in lines:
            assert isinstance(json.loads(line), dict), line


def test_python_may_be_strict_or_optimised_f153(tokenflow: Tokenflow, server: FakeServer) -> None:
    profile = tokenflow.profile(server.url)
    for env in ({"PYTHONWARNINGS": "error"}, {"PYTHONOPTIMIZE": "2"}, {"PYTHONHASHSEED": "0"}):
        assert_succeeded(tokenflow("token", profile, "--refresh", env=env))


def test_stdin_may_be_closed_f144(tokenflow: Tokenflow, server: FakeServer) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", 'exec "$@" <&-', "sh", *tokenflow.command("token", tokenflow.profile(server.url))],
        env=tokenflow.variables({SECRET_VARIABLE: SECRET}),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, f"{server.issued[0]}\n"), done.stderr
