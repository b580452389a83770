from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.loopback import LeftLoopbackError, refuse_beyond_loopback

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def ipv4() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET) as opened:
        yield opened


@pytest.fixture
def unix() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as opened:
        yield opened


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1", "localhost", "idp.localhost"])
@pytest.mark.parametrize("event", ["socket.connect", "socket.sendto", "socket.sendmsg"])
def test_loopback_passes(ipv4: socket.socket, event: str, host: str) -> None:
    refuse_beyond_loopback(event, (ipv4, (host, 80)))


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1", "0.0.0.0", "", "idp.example"])
@pytest.mark.parametrize("event", ["socket.connect", "socket.sendto", "socket.sendmsg"])
def test_anything_else_is_refused(ipv4: socket.socket, event: str, host: str) -> None:
    with pytest.raises(LeftLoopbackError, match=event):
        refuse_beyond_loopback(event, (ipv4, (host, 80)))


def test_unix_sockets_and_connected_datagrams_pass(ipv4: socket.socket, unix: socket.socket) -> None:
    refuse_beyond_loopback("socket.connect", (unix, "/run/somewhere"))
    refuse_beyond_loopback("socket.sendmsg", (ipv4, None))


@pytest.mark.parametrize("host", [None, "localhost", b"localhost", "127.0.0.1", "192.0.2.1", "2001:db8::1"])
def test_lookups_that_ask_nobody_pass(host: str | bytes | None) -> None:
    refuse_beyond_loopback("socket.getaddrinfo", (host, 80, 0, 0, 0))


@pytest.mark.parametrize("event", ["socket.getaddrinfo", "socket.gethostbyname"])
@pytest.mark.parametrize("host", ["idp.example", b"idp.example"])
def test_lookups_of_names_are_refused(event: str, host: str | bytes) -> None:
    with pytest.raises(LeftLoopbackError, match=r"idp\.example"):
        refuse_beyond_loopback(event, (host,))


# In a process of its own, as an audit hook cannot be taken away again.
INSTALLED = """
import asyncio, socket
from support.loopback import LeftLoopbackError, install_loopback_guard

install_loopback_guard()
install_loopback_guard()
with socket.create_server(("127.0.0.1", 0)) as server:
    socket.create_connection(("localhost", server.getsockname()[1])).close()


def refused(attempt):
    try:
        attempt()
    except LeftLoopbackError:
        return True
    return False


assert refused(lambda: socket.create_connection(("192.0.2.1", 80), timeout=1))
assert refused(lambda: socket.create_connection(("idp.example", 80), timeout=1))
assert refused(lambda: asyncio.run(asyncio.open_connection("192.0.2.1", 80)))
assert refused(lambda: asyncio.run(asyncio.open_connection("idp.example", 80)))
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
    assert refused(lambda: datagrams.connect(("192.0.2.1", 53)))
    assert refused(lambda: datagrams.sendto(b"", ("192.0.2.1", 53)))
"""


def test_the_installed_guard_stops_real_sockets() -> None:
    tests = Path(__file__).parent.parent
    done = subprocess.run([sys.executable, "-c", INSTALLED], cwd=tests, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
