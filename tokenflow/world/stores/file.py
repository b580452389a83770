"""The file store: one file an identity, 0600 in a 0700 folder, replaced whole, with a lock file beside it.

A save is: temporary file in the same folder (created 0600 and new), write, fsync, rename, fsync of the folder. Whenever
the machine stops, the old entry or the new one is there, whole. The lock is flock's: it dies with its process.
"""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final, final

from filelock import FileLock, Timeout

from tokenflow.errors import StoreError
from tokenflow.world.narration import logger

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FOLDER_MODE: Final = 0o700
_FILE_MODE: Final = 0o600
_OTHERS: Final = 0o077
LARGEST: Final = 4 * 1024 * 1024  # bytes of an entry


@final
class FileStore:
    """Keep entries in `folder`, which is made when it is first needed. Keys are digests: they make file names."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def name(self) -> str:
        """The folder."""
        return f"file:{self._folder}"

    def load(self, key: str) -> str | None:
        """Return the entry of `key`, or None.

        Raises:
            StoreError: the file is there and cannot be trusted or read.
        """
        with self._explained("reading"):
            try:
                descriptor = os.open(self._entry(key), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            except FileNotFoundError:
                return None
            with os.fdopen(descriptor, "rb") as stream:
                self._secure(self._folder, os.stat(self._folder))
                self._secure(self._entry(key), os.fstat(descriptor), descriptor)
                return stream.read(LARGEST).decode(errors="replace")

    def save(self, key: str, text: str | None, *, replaces: str | None) -> None:
        """Write or remove the entry of `key`, if it still is `replaces`.

        Raises:
            StoreError: it is not, or the disk does not take it; what was there is still there.
        """
        with self._explained("writing"):
            self._make_folder()
            if self.load(key) != replaces:
                raise StoreError(f"the token in {self._folder} was changed by somebody else meanwhile; try again")
            if text is None:
                with suppress(FileNotFoundError):
                    os.unlink(self._entry(key))
            else:
                self._replace(self._entry(key), text.encode())
            self._sync_folder()

    def try_acquire(self, key: str) -> FileLock | None:
        """Lock `key`, or return None at once.

        Raises:
            StoreError: no lock can be made here.
        """
        with self._explained("locking"):
            self._make_folder()
            lock = FileLock(self._folder / f"{key}.lock", mode=_FILE_MODE, thread_local=False)
            try:
                lock.acquire(blocking=False)
            except Timeout:
                return None
            return lock

    def _entry(self, key: str) -> Path:
        return self._folder / f"{key}.json"

    def _replace(self, entry: Path, content: bytes) -> None:
        descriptor, temporary = tempfile.mkstemp(prefix=".new-", dir=self._folder)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                os.fchmod(descriptor, _FILE_MODE)
                stream.write(content)
                stream.flush()
                os.fsync(descriptor)
            os.replace(temporary, entry)
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary)
            raise

    def _make_folder(self) -> None:
        missing = [folder for folder in (self._folder, *self._folder.parents) if not folder.exists()]
        for folder in reversed(missing):
            with suppress(FileExistsError):  # another process makes it too
                os.mkdir(folder, _FOLDER_MODE)
                os.chmod(folder, _FOLDER_MODE)  # whatever the umask says
        self._secure(self._folder, os.stat(self._folder))

    def _secure(self, path: Path, found: os.stat_result, descriptor: int | None = None) -> None:
        """Refuse what is no plain file or folder of this user; take others' permissions away (F-083, F-084)."""
        if found.st_uid != os.geteuid():
            raise StoreError(f"{path} belongs to another user; use a store of your own (TOKENFLOW_HOME)")
        if not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)):
            raise StoreError(f"{path} is not a regular file; remove it")
        if found.st_mode & _OTHERS:
            logger.warning("%s could be read by others; that is mended now", path)
            mode = _FOLDER_MODE if stat.S_ISDIR(found.st_mode) else _FILE_MODE
            os.chmod(path if descriptor is None else descriptor, mode)

    def _sync_folder(self) -> None:
        descriptor = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    @contextmanager
    def _explained(self, doing: str) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError) as error:
            reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
            raise StoreError(
                f"{doing} tokens in {self._folder}: {reason}; set TOKENFLOW_HOME to a folder of yours"
            ) from error
