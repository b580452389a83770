"""Read what a reference stands for: an environment variable, a file, a command's output, an item of the keyring.

Bounded in size and time, and without a shell.
"""

from __future__ import annotations

import os
import stat
import subprocess
from contextlib import suppress
from signal import SIGKILL
from typing import Final, assert_never

from tokenflow.errors import SecretError
from tokenflow.profile import CommandSource, EnvSource, FileSource, KeyringSource, Reference
from tokenflow.secret import Secret

LARGEST: Final = 64 * 1024  # bytes
PATIENCE: Final = 10.0  # seconds for a command or a keyring


def read_reference(reference: Reference, *, patience: float = PATIENCE) -> Secret:
    """Return the value that `reference` stands for, one trailing line break removed.

    `patience` is for a command or a keyring, in seconds.

    Raises:
        SecretError: there is none, and the reference has no default.
    """
    try:
        return Secret(_read(reference, patience))
    except SecretError as error:
        if reference.default is not None:
            return Secret(reference.default)
        place = f"{reference.place}: " if reference.place.file else ""
        raise SecretError(f"{place}{error}") from None


def read_public_reference(reference: Reference) -> str:
    """Return a public value; its error leaves the place to the caller.

    Raises:
        SecretError: there is none, and the reference has no default.
    """
    try:
        return _read(reference, PATIENCE)
    except SecretError:
        if reference.default is None:
            raise
        return reference.default


def _read(reference: Reference, patience: float) -> str:
    source = reference.source
    match source:
        case EnvSource():
            value = _environment(source)
        case FileSource():
            value = _file(source)
        case CommandSource():
            value = _command(source, patience)
        case KeyringSource():
            value = _keyring(source, patience)
        case _:
            assert_never(source)
    return value


def _environment(source: EnvSource) -> str:
    value = os.environ.get(source.name)
    if value is None:
        raise SecretError(f"the environment variable {source.name} is not set; set it, or change {source}")
    if not value:
        raise SecretError(f"the environment variable {source.name} is set and empty; give it a value")
    if not value.isprintable() and any("\ud800" <= letter <= "\udfff" for letter in value):
        raise SecretError(f"the environment variable {source.name} is not UTF-8 text")
    return _one_line_break_less(value)


def _file(source: FileSource) -> str:
    try:
        # Without O_NONBLOCK, opening a FIFO that nobody writes to would wait for ever (F-136).
        descriptor = os.open(source.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as stream:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise SecretError(f"{source.path} is not a regular file; name one that holds the value")
            content = stream.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise SecretError(f"the file {source.path} cannot be read: {reason}") from None
    return _text(content, f"the file {source.path}")


def _command(source: CommandSource, patience: float) -> str:
    name = source.argv[0]
    try:
        process = subprocess.Popen(  # noqa: S603 - the profile's own command, as a list, without a shell
            source.argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise SecretError(f"the command {name} cannot be run: {reason}") from None
    with process:
        try:
            content = _output(process, name, patience)
        finally:
            _kill(process)
    if process.returncode != 0 and len(content) <= LARGEST:
        raise SecretError(f"the command {name} failed with exit status {process.returncode}; run it by hand to see why")
    return _text(content, f"the output of {name}")


def _keyring(source: KeyringSource, patience: float) -> str:
    from tokenflow.world.keyrings import read_item  # noqa: PLC0415 - keyrings are rare

    value = read_item(source, patience=patience).reveal()
    return _text(value.encode(errors="surrogatepass"), f"the keyring's item {source}")


def _output(process: subprocess.Popen[bytes], name: str, patience: float) -> bytes:
    """Read the output to its end, at most so much of it and for at most so long."""
    from threading import Timer  # noqa: PLC0415 - commands are rare

    assert process.stdout is not None
    timed_out = False

    def stop() -> None:
        nonlocal timed_out
        timed_out = True
        _kill(process)

    timer = Timer(patience, stop)
    timer.start()
    try:
        content = process.stdout.read(LARGEST + 1)
        if len(content) <= LARGEST:
            process.wait()
    finally:
        timer.cancel()
    if timed_out:
        raise SecretError(f"the command {name} did not finish within {patience:g} s")
    return content


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the command and whatever it started."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, SIGKILL)


def _text(content: bytes, what: str) -> str:
    if len(content) > LARGEST:
        raise SecretError(f"{what} is larger than {LARGEST // 1024} KiB, which no secret is")
    try:
        text = _one_line_break_less(content.decode())
    except UnicodeDecodeError:
        raise SecretError(f"{what} is not UTF-8 text") from None
    if not text:
        raise SecretError(f"{what} is empty")
    return text


def _one_line_break_less(text: str) -> str:
    return text[:-2] if text.endswith("\r\n") else text.removesuffix("\n")
