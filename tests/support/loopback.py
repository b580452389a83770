"""A guard over the whole test run: nothing that this process sends may leave the machine.

Install it once, at the head of the root conftest, before anything opens a socket:

    from support.loopback import install_loopback_guard

    install_loopback_guard()

From then on connecting or sending to an address beyond loopback, and looking up a name other than `localhost`, raises
`LeftLoopbackError` before a packet leaves. It is an audit hook (PEP 578): it sees sockets that asyncio, httpx, or a
library in C of Python's own opens, needs no patching, and stays for the life of the process. Unix sockets pass.

It does not reach into child processes: a browser, Node, npm, or `tokenflow` run as a command.
"""

from __future__ import annotations

import socket
import sys
from functools import cache
from ipaddress import IPv6Address, ip_address
from typing import Any, Final

# Where each audit event of `socket` keeps the address or the host, among its arguments.
_ADDRESS_AT: Final = {"socket.connect": 1, "socket.sendto": 1, "socket.sendmsg": 1}
_HOST_AT: Final = {"socket.getaddrinfo": 0, "socket.gethostbyname": 0}


class LeftLoopbackError(AssertionError):
    """A test reached for the network. No OSError, so that no retry or error mapping under test takes it for one."""


@cache
def install_loopback_guard() -> None:
    """Refuse traffic beyond loopback from here on; a second call changes nothing."""
    sys.addaudithook(refuse_beyond_loopback)


def refuse_beyond_loopback(event: str, arguments: tuple[Any, ...]) -> None:
    """Raise `LeftLoopbackError` where the audit `event` is about to send something beyond loopback."""
    if event in _ADDRESS_AT:
        opened, address = arguments[0], arguments[_ADDRESS_AT[event]]
        # A datagram without an address goes to the peer it was connected to, which was looked at then.
        if opened.family in {socket.AF_INET, socket.AF_INET6} and address is not None:
            _refuse_unless_loopback(event, address[0])
    elif event in _HOST_AT:
        host = arguments[_HOST_AT[event]]
        # Nothing is sent to find out what no host or a numeric one means.
        if host is not None and not _is_numeric(_text(host)):
            _refuse_unless_loopback(event, host)


def _refuse_unless_loopback(event: str, host: str | bytes) -> None:
    name = _text(host)
    if not _is_loopback(name):
        raise LeftLoopbackError(
            f"{event}: a test reached for {name!r}, which is not this machine; let it speak to a server on 127.0.0.1"
        )


def _is_loopback(host: str) -> bool:
    if not _is_numeric(host):
        return host == "localhost" or host.endswith(".localhost")  # RFC 6761, section 6.3
    address = ip_address(host)
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return address.is_loopback


def _is_numeric(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _text(host: str | bytes | bytearray) -> str:
    return host if isinstance(host, str) else bytes(host).decode("ascii", "replace")
