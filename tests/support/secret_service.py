"""A real keyring for tests: gnome-keyring on a D-Bus session of its own, in a folder of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from support.requirements import require

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jeepney import Message
    from jeepney.io.blocking import DBusConnection

PASSWORD: Final = "the-keyrings-own-password"
PATIENCE: Final = 20.0  # seconds until the keyring must be there


@contextmanager
def secret_service(folder: Path) -> Iterator[str]:
    """Run gnome-keyring with its login keyring unlocked; yields the address of the D-Bus session it is on."""
    missing = "gnome-keyring and dbus-daemon: install both, for example by `apt-get install gnome-keyring dbus`"
    require(find_spec("secretstorage"), "the Python package secretstorage: pip install secretstorage (Linux only)")
    daemon = require(shutil.which("gnome-keyring-daemon"), missing)
    dbus = require(shutil.which("dbus-daemon"), missing)
    for name in ("run", "data"):
        (folder / name).mkdir(mode=0o700)
    surroundings = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "XDG_RUNTIME_DIR": str(folder / "run"),
        "XDG_DATA_HOME": str(folder / "data"),
    }
    bus = subprocess.Popen(
        [dbus, "--session", "--nofork", "--nopidfile", "--print-address=1"],
        env=surroundings,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with _ended(bus):
        assert bus.stdout is not None
        address = bus.stdout.readline().strip()
        keyring = subprocess.Popen(
            [daemon, "--foreground", "--unlock", "--components=secrets"],
            env={**surroundings, "DBUS_SESSION_BUS_ADDRESS": address},
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        with _ended(keyring):
            assert keyring.stdin is not None
            keyring.stdin.write(PASSWORD)
            keyring.stdin.close()
            _await_unlocked(address)
            yield address


def lock(address: str) -> None:
    """Lock the keyring, as a desktop does when its person leaves."""
    import secretstorage

    with _connected(address) as connection:
        secretstorage.get_default_collection(connection).lock()


def put(address: str, service: str, username: str, secret: bytes) -> None:
    """Put an item there as any program may, text or not."""
    import secretstorage

    with _connected(address) as connection:
        attributes = {"service": service, "username": username}
        secretstorage.get_default_collection(connection).create_item("a test's", attributes, secret, replace=True)


@contextmanager
def prompter_that_never_answers(address: str) -> Iterator[None]:
    """Stand in for the desktop's dialogue: it is there, and nobody ever types anything."""
    with _connected(address) as connection:
        connection.send_and_get_reply(_bus("RequestName", "su", "org.gnome.keyring.SystemPrompter", 2))
        yield


@contextmanager
def _connected(address: str) -> Iterator[DBusConnection]:
    from jeepney.io.blocking import open_dbus_connection

    with open_dbus_connection(address) as connection:
        yield connection


def _await_unlocked(address: str) -> None:
    import secretstorage
    from jeepney.wrappers import unwrap_msg

    deadline = time.monotonic() + PATIENCE
    with _connected(address) as connection:
        # Asking for anything else first would make the bus start a second, locked keyring.
        while not unwrap_msg(connection.send_and_get_reply(_bus("NameHasOwner", "s", "org.freedesktop.secrets")))[0]:
            assert time.monotonic() < deadline, "gnome-keyring does not come up"
            time.sleep(0.02)
        while secretstorage.get_default_collection(connection).is_locked():
            assert time.monotonic() < deadline, "gnome-keyring stays locked"
            time.sleep(0.02)


def _bus(method: str, signature: str, *arguments: object) -> Message:
    from jeepney import DBusAddress, new_method_call

    bus = DBusAddress("/org/freedesktop/DBus", "org.freedesktop.DBus", "org.freedesktop.DBus")
    return new_method_call(bus, method, signature, arguments)


@contextmanager
def _ended(process: subprocess.Popen[str]) -> Iterator[None]:
    try:
        yield
    finally:
        process.kill()
        process.communicate()
