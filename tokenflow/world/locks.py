"""Locks inside the process: one thread or task an identity polls the store's lock, the others wait for that one.

Polling by all of them is slow: 500 tasks took two seconds in a trial.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary, WeakValueDictionary

if TYPE_CHECKING:
    import asyncio

Name = tuple[str, str]  # store and key

_threads: Final[WeakValueDictionary[Name, threading.Lock]] = WeakValueDictionary()
_loops: Final[WeakKeyDictionary[asyncio.AbstractEventLoop, WeakValueDictionary[Name, asyncio.Lock]]] = (
    WeakKeyDictionary()
)
_own: Final = threading.Lock()


def thread_lock(name: Name) -> threading.Lock:
    """Return the lock that threads share for one identity."""
    with _own:
        lock = _threads.get(name)
        if lock is None:
            lock = _threads[name] = threading.Lock()
        return lock


def task_lock(name: Name) -> asyncio.Lock:
    """Return the lock that the tasks of the running event loop share for one identity."""
    import asyncio  # noqa: PLC0415 - a sync caller never needs it

    locks = _loops.setdefault(asyncio.get_running_loop(), WeakValueDictionary())
    lock = locks.get(name)
    if lock is None:
        lock = locks[name] = asyncio.Lock()
    return lock
