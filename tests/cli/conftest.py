"""Fixtures of the acceptance tests: the command in a process of its own, and a server to run it against."""

from __future__ import annotations

import shutil
import socket
from typing import TYPE_CHECKING

import pytest
from cli.command import Tokenflow, assert_succeeded
from support.fake_server import FakeServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def tokenflow(tmp_path: Path) -> Tokenflow:
    return Tokenflow(tmp_path)


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with FakeServer() as running:
        yield running


@pytest.fixture(scope="session")
def filled_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a TOKENFLOW_HOME that holds a token of some other application."""
    other = Tokenflow(tmp_path_factory.mktemp("filled"))
    with FakeServer(refresh_tokens="kept") as running:
        assert_succeeded(other("token", other.profile(running.url)))
    assert other.stored()
    return other.home


@pytest.fixture
def with_store(tokenflow: Tokenflow, filled_home: Path) -> Tokenflow:
    """The command, with something in its store that a failure must leave alone."""
    shutil.copytree(filled_home, tokenflow.home)
    return tokenflow


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port where nobody listens, taken so that nobody else gets it."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]
