"""The command line itself, `schema` and `dev-issuer`."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx
import pytest
from cli.command import REPOSITORY, WITH_SIGINT, assert_clean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cli.command import Tokenflow


def test_an_unknown_command_is_a_usage_error_with_a_suggestion(tokenflow: Tokenflow) -> None:
    done = tokenflow("tokn", "p.yaml")
    assert done.status == 2
    assert_clean(done)
    assert re.search(r"did you mean `?'?token", done.stderr)


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("token",),
        ("run",),
        ("validate",),
        ("token", "p.yaml", "--no-such-option"),
        ("token", "p.yaml", "--format", "xml"),
        ("validate", "p.yaml", "--format", "yaml"),
        ("--log-format", "xml", "schema"),
        ("token", "one.yaml", "two.yaml"),
        ("exec", "p.yaml", "--", "true"),
        ("dev-issuer", "--port", "99999"),
    ],
)
def test_wrong_usage_ends_with_2_and_says_how(tokenflow: Tokenflow, arguments: tuple[str, ...]) -> None:
    done = tokenflow(*arguments)
    assert done.status == 2
    assert_clean(done)
    assert "sage:" in done.stderr or "--help" in done.stderr
    assert not tokenflow.home.exists()


@pytest.mark.parametrize("arguments", [("--help",), ("token", "--help"), ("run", "-h"), ("--version",)])
def test_help_and_version_go_to_stdout(tokenflow: Tokenflow, arguments: tuple[str, ...]) -> None:
    done = tokenflow(*arguments)
    assert (done.status, done.stderr) == (0, "")
    assert done.stdout.strip()


def test_help_lists_the_commands_of_this_version(tokenflow: Tokenflow) -> None:
    shown = tokenflow("--help").stdout
    for command in ("run", "token", "validate", "inspect", "schema", "dev-issuer"):
        assert re.search(rf"^ +{command}\b", shown, re.MULTILINE)


@pytest.mark.parametrize(
    "arguments",
    [
        ("-v", "validate", "good.yaml"),
        ("validate", "good.yaml", "-v"),
        ("-vv", "validate", "good.yaml"),
        ("--log-format", "json", "validate", "good.yaml"),
        ("--log-format=json", "validate", "good.yaml"),
        ("validate", "--log-format", "json", "good.yaml"),
    ],
)
def test_options_of_all_commands_stand_before_and_behind_the_command(
    tokenflow: Tokenflow, arguments: tuple[str, ...]
) -> None:
    tokenflow.profile("https://idp.example", "good.yaml")
    done = tokenflow(*arguments)
    assert done.status == 0, done.stderr


def test_schema_prints_the_one_definition(tokenflow: Tokenflow) -> None:
    done = tokenflow("schema")
    assert (done.status, done.stderr) == (0, "")
    assert json.loads(done.stdout) == json.loads((REPOSITORY / "schemas" / "profile.schema.json").read_text())


@contextmanager
def dev_issuer(tokenflow: Tokenflow, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run it; yields its process and the address that it printed."""
    command = [*WITH_SIGINT, *tokenflow.command("dev-issuer", *arguments)]
    with subprocess.Popen(
        command, env=tokenflow.variables(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        try:
            assert running.stdout is not None
            yield running, running.stdout.readline().rstrip("\n")
        finally:
            running.kill()
            running.wait()


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_dev_issuer_prints_its_address_warns_and_ends_on_a_signal(
    tokenflow: Tokenflow, number: signal.Signals, status: int
) -> None:
    with dev_issuer(tokenflow) as (running, url):
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", url)
        metadata = httpx.get(f"{url}/.well-known/openid-configuration", trust_env=False).json()
        assert metadata["issuer"] == url
        running.send_signal(number)
        stdout, stderr = running.communicate(timeout=10)
        assert (running.returncode, stdout) == (status, ""), stderr
        assert "warning" in stderr
        assert "development" in stderr
        assert "Traceback" not in stderr


def test_dev_issuer_binds_127_0_0_1_only_and_the_port_asked_for(tokenflow: Tokenflow) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with dev_issuer(tokenflow, "--port", str(port)) as (_, url):
        assert url == f"http://127.0.0.1:{port}"
        for family, elsewhere in ((socket.AF_INET, "127.0.0.2"), (socket.AF_INET6, "::1")):
            with socket.socket(family) as caller:
                assert caller.connect_ex((elsewhere, port)) != 0, elsewhere


def test_dev_issuer_serves_the_command_and_its_tokens_verify(tokenflow: Tokenflow) -> None:
    with dev_issuer(tokenflow, "--access-token-lifetime", "20m") as (_, url):
        client = {"id": "service-quickstart", "secret": {"env": "QUICKSTART"}}
        profile = tokenflow.profile(url, client=client, scopes=["itwin-platform"])
        done = tokenflow("token", profile, "--format", "json", env={"QUICKSTART": "quickstart-secret"})
        assert done.status == 0, done.stderr
        token = json.loads(done.stdout)["access_token"]
        inspected = tokenflow("inspect", "--profile", profile, stdin=token)
        assert inspected.status == 0, inspected.stderr
        assert "service-quickstart" in inspected.stdout


def test_dev_issuer_says_when_its_port_is_taken(tokenflow: Tokenflow, closed_port: int) -> None:
    done = tokenflow("dev-issuer", "--port", str(closed_port))
    assert done.status not in {0, 3}
    assert_clean(done)
    assert str(closed_port) in done.stderr
