"""The memory store: for tests, for `issuer: embedded`, for processes that want nothing on disk."""

from __future__ import annotations

import threading
from typing import final

from tokenflow.errors import StoreError


@final
class MemoryStore:
    """Keep entries in this process, for as long as this object lives."""

    def __init__(self) -> None:
        self._entries: dict[str, str] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._own = threading.Lock()

    @property
    def name(self) -> str:
        """A name that no other store has."""
        return f"memory:{id(self)}"

    def load(self, key: str) -> str | None:
        """Return the entry of `key`, or None."""
        return self._entries.get(key)

    def save(self, key: str, text: str | None, *, replaces: str | None) -> None:
        """Write or remove the entry of `key`, if it still is `replaces`.

        Raises:
            StoreError: it is not.
        """
        with self._own:
            if self._entries.get(key) != replaces:
                raise StoreError("the stored token was changed by somebody else meanwhile; try again")
            if text is None:
                self._entries.pop(key, None)
            else:
                self._entries[key] = text

    def try_acquire(self, key: str) -> threading.Lock | None:
        """Lock `key`, or return None at once."""
        with self._own:
            lock = self._locks.setdefault(key, threading.Lock())
        return lock if lock.acquire(blocking=False) else None
