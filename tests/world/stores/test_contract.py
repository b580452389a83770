"""One contract, every store."""

from __future__ import annotations

import multiprocessing
import os
import stat
import threading
from typing import TYPE_CHECKING

import pytest

from tokenflow.errors import StoreError
from tokenflow.world.stores.file import FileStore
from tokenflow.world.stores.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection
    from pathlib import Path

    from tokenflow.world.stores import Store

KEY = "0f" * 32


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state" / "tokens"


@pytest.fixture(params=["memory", "file"])
def store(request: pytest.FixtureRequest, folder: Path) -> Store:
    kinds: dict[str, Callable[[], Store]] = {"memory": MemoryStore, "file": lambda: FileStore(folder)}
    return kinds[request.param]()


def test_what_was_saved_is_loaded_and_other_keys_are_empty(store: Store) -> None:
    assert store.load(KEY) is None
    store.save(KEY, "text é", replaces=None)
    assert store.load(KEY) == "text é"
    assert store.load("1" * 64) is None


def test_saving_none_removes_the_entry_and_removing_nothing_is_no_error(store: Store) -> None:
    store.save(KEY, "one", replaces=None)
    store.save(KEY, None, replaces="one")
    assert store.load(KEY) is None
    store.save(KEY, None, replaces=None)


@pytest.mark.parametrize("believed", [None, "older"])
def test_an_entry_that_was_changed_meanwhile_is_not_overwritten(store: Store, believed: str | None) -> None:
    store.save(KEY, "newer", replaces=None)
    with pytest.raises(StoreError, match="changed by somebody else"):
        store.save(KEY, "mine", replaces=believed)
    assert store.load(KEY) == "newer"


def test_a_key_is_leased_to_one_at_a_time(store: Store) -> None:
    lease = store.try_acquire(KEY)
    assert lease is not None
    assert store.try_acquire(KEY) is None
    other = store.try_acquire("1" * 64)
    assert other is not None
    other.release()
    lease.release()
    again = store.try_acquire(KEY)
    assert again is not None
    again.release()


def test_a_lease_keeps_other_threads_out_and_may_be_released_by_one(store: Store) -> None:
    lease = store.try_acquire(KEY)
    assert lease is not None
    seen: list[object] = []
    thread = threading.Thread(target=lambda: (seen.append(store.try_acquire(KEY)), lease.release()))
    thread.start()
    thread.join()
    assert seen == [None]
    again = store.try_acquire(KEY)
    assert again is not None
    again.release()


def _hold_and_die(folder: Path, ready: Connection) -> None:
    lease = FileStore(folder).try_acquire(KEY)
    ready.send(lease is not None)
    ready.recv()
    os._exit(9)


def test_a_lease_dies_with_its_process(folder: Path) -> None:  # F-070
    context = multiprocessing.get_context("spawn")
    mine, theirs = context.Pipe()
    process = context.Process(target=_hold_and_die, args=(folder, theirs))
    process.start()
    try:
        assert mine.recv() is True
        store = FileStore(folder)
        assert store.try_acquire(KEY) is None
        mine.send("die")
    finally:
        process.join(10)
    lease = store.try_acquire(KEY)
    assert lease is not None
    lease.release()


def test_two_file_stores_share_a_name_exactly_when_they_share_a_folder(folder: Path) -> None:
    assert FileStore(folder).name == FileStore(folder).name
    assert FileStore(folder).name != FileStore(folder.parent).name
    assert MemoryStore().name != (other := MemoryStore()).name
    assert other.name == other.name


def test_entries_are_0600_in_0700_folders_whatever_the_umask(folder: Path) -> None:  # F-086
    old = os.umask(0)
    try:
        store = FileStore(folder)
        store.save(KEY, "text", replaces=None)
        lease = store.try_acquire(KEY)
        assert lease is not None
        lease.release()
    finally:
        os.umask(old)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in [folder, *folder.iterdir()]}
    assert modes == {"tokens": 0o700, f"{KEY}.json": 0o600, f"{KEY}.lock": 0o600}


def test_permissions_that_others_got_are_taken_back(folder: Path) -> None:  # F-083
    store = FileStore(folder)
    store.save(KEY, "text", replaces=None)
    entry = folder / f"{KEY}.json"
    entry.chmod(0o644)
    folder.chmod(0o755)
    assert store.load(KEY) == "text"
    assert stat.S_IMODE(entry.stat().st_mode) == 0o600
    store.save(KEY, "new", replaces="text")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("kind", ["symlink", "fifo", "directory"])
def test_what_is_no_regular_file_is_refused(folder: Path, tmp_path: Path, kind: str) -> None:  # F-084
    folder.mkdir(parents=True, mode=0o700)
    entry = folder / f"{KEY}.json"
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("theirs")
    {"symlink": lambda: entry.symlink_to(elsewhere), "fifo": lambda: os.mkfifo(entry), "directory": entry.mkdir}[kind]()
    with pytest.raises(StoreError):
        FileStore(folder).load(KEY)
    with pytest.raises(StoreError):
        FileStore(folder).save(KEY, "mine", replaces=None)
    assert elsewhere.read_text() == "theirs"


def test_a_store_of_another_user_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # F-083
    store = FileStore(folder)
    store.save(KEY, "text", replaces=None)
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(StoreError, match="belongs to another user"):
        store.load(KEY)


def test_a_failed_write_leaves_the_old_entry_and_no_litter(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = FileStore(folder)
    store.save(KEY, "old", replaces=None)

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)  # F-079: the operating system refuses
    with pytest.raises(StoreError, match=r"No space left on device; set TOKENFLOW_HOME"):
        store.save(KEY, "new", replaces="old")
    monkeypatch.undo()
    assert store.load(KEY) == "old"
    assert [path.name for path in folder.iterdir()] == [f"{KEY}.json"]


def test_a_folder_that_cannot_be_made_is_said_by_name(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"File exists|Not a directory"):
        FileStore(tmp_path / "file" / "tokens").save(KEY, "text", replaces=None)
    with pytest.raises(StoreError, match=r"locking tokens"):
        FileStore(tmp_path / "file" / "tokens").try_acquire(KEY)
