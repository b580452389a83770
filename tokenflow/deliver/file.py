"""Deliver to a file: replaced whole in its folder, with the mode that the profile says; never through a link."""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import suppress
from typing import TYPE_CHECKING

from tokenflow.errors import DeliveryError

if TYPE_CHECKING:
    from tokenflow.profile import DeliveryTarget

LARGEST = 4 * 1024 * 1024  # bytes


def deliver(target: DeliveryTarget, text: str) -> None:
    """Write `text` and a line break to the target's file, in place of what is there.

    Raises:
        DeliveryError: the file cannot be written; what was there is still there.
    """
    path = target.path or ""
    try:
        _replace(path, (text + "\n").encode(), int(target.mode, 8))
    except OSError as error:
        raise DeliveryError(f"the token could not be written to {path}: {error.strerror}; check the folder") from error


def lacks(target: DeliveryTarget, text: str) -> bool:
    """Tell whether the target's file does not hold `text` yet, or others may read it who should not."""
    try:
        descriptor = os.open(target.path or "", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as stream:
            if stat.S_IMODE(os.fstat(descriptor).st_mode) != int(target.mode, 8):
                return True
            return stream.read(LARGEST) != (text + "\n").encode()
    except OSError:
        return True


def _replace(path: str, content: bytes, mode: int) -> None:
    with suppress(FileNotFoundError):
        if not stat.S_ISREG(os.lstat(path).st_mode):
            raise DeliveryError(f"{path} is a link or no regular file; the token was not written through it")
    folder = os.path.dirname(path) or "."
    descriptor, temporary = tempfile.mkstemp(prefix=".tokenflow-", dir=folder)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            os.fchmod(descriptor, mode)
            stream.write(content)
            stream.flush()
            os.fsync(descriptor)
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
