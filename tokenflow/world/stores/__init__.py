"""Stores: where tokens are kept. One contract, one file a kind, one table.

A store keeps texts under keys. It writes an entry only in place of the one that the writer has read, so that nobody who
was asleep can overwrite what came meanwhile. It offers a lock for each key that never waits: waiting is the driver's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from tokenflow.profile import StoreChoice


class Lease(Protocol):
    """The right to renew one entry; it dies with its process."""

    def release(self) -> None:
        """Give the right back."""


class Store(Protocol):
    """What a driver needs of a store. All methods raise StoreError where the store cannot be used."""

    @property
    def name(self) -> str:
        """A name that two stores share exactly when they keep the same entries."""

    def load(self, key: str) -> str | None:
        """Return the entry of `key`, or None."""

    def save(self, key: str, text: str | None, *, replaces: str | None) -> None:
        """Write the entry of `key`, or remove it where `text` is None, if it still is `replaces`."""

    def try_acquire(self, key: str) -> Lease | None:
        """Lock `key`, or return None at once where somebody else has."""


def _memory(choice: StoreChoice) -> Store:  # noqa: ARG001 - one signature for all
    from tokenflow.world.stores.memory import MemoryStore  # noqa: PLC0415 - only the chosen kind is loaded

    return MemoryStore()


def _file(choice: StoreChoice) -> Store:
    from pathlib import Path  # noqa: PLC0415 - only the chosen kind is loaded

    from tokenflow.world.places import token_folder  # noqa: PLC0415
    from tokenflow.world.stores.file import FileStore  # noqa: PLC0415

    return FileStore(Path(choice.path) if choice.path else token_folder())


STORES: Final[dict[str, Callable[[StoreChoice], Store]]] = {"memory": _memory, "file": _file}
