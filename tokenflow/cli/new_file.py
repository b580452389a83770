"""Write a file that a person asked for: whole or not at all, with the umask's mode, over nothing unless told to."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress

from tokenflow.errors import DeliveryError


def write_new(path: str, text: str, *, overwrite: bool) -> bool:
    """Write `path`, making the folders above it; False where it is there already and must not be overwritten.

    Raises:
        DeliveryError: it cannot be written; what was there is still there.
    """
    folder = os.path.dirname(path) or "."
    temporary = os.path.join(folder, f".tokenflow-{secrets.token_hex(8)}")
    try:
        os.makedirs(folder, exist_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(text.encode())
                stream.flush()
                os.fsync(descriptor)
            return _placed(temporary, path, overwrite=overwrite)
        finally:
            with suppress(FileNotFoundError):
                os.unlink(temporary)
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise DeliveryError(f"{path} cannot be written: {reason}; name another file") from error


def _placed(temporary: str, path: str, *, overwrite: bool) -> bool:
    if overwrite:
        os.replace(temporary, path)
        return True
    try:
        os.link(temporary, path)  # unlike a rename, it never takes the place of anything
    except FileExistsError:
        return False
    return True
