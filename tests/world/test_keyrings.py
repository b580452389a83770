from __future__ import annotations

import gc
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

import keyring
import keyring.backends.fail
import keyring.backends.null
import keyring.errors
import pytest
from keyring.backend import KeyringBackend
from keyring.backends.chainer import ChainerBackend
from keyring.backends.SecretService import Keyring as SecretServiceKeyring
from support.secret_service import lock, prompter_that_never_answers, put, secret_service

from tokenflow.errors import SecretError
from tokenflow.profile import KeyringSource, Place, Reference
from tokenflow.secret import Secret
from tokenflow.world.keyrings import read_item, write_item
from tokenflow.world.references import read_reference

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

CANARY: Final = "canary-8f2e61"
ITEM: Final = KeyringSource("itwin", "svc@example.com")
PLACE: Final = Place("p.yaml", 3, 5, "client.secret")


class Vault(KeyringBackend):
    """A keyring that answers as a test says."""

    priority = 1  # type: ignore[assignment]

    def __init__(self, answer: Callable[[], Any] = lambda: None) -> None:
        super().__init__()
        self.answer = answer
        self.asked = 0
        self.taken: list[tuple[str, str, str]] = []

    def get_password(self, service: str, username: str) -> Any:
        self.asked += 1
        assert (service, username) == (ITEM.service, ITEM.username)
        return self.answer()

    def set_password(self, service: str, username: str, password: str) -> None:
        self.answer()
        self.taken.append((service, username, password))


class PlaintextKeyring(Vault):
    """Called like the one of the package keyrings.alt, which writes secrets to a file as they are."""


PlaintextKeyring.__module__ = "keyrings.alt.file"


@pytest.fixture(autouse=True)
def _chosen_again() -> Iterator[None]:
    before = keyring.core._keyring_backend
    yield
    keyring.core._keyring_backend = before


def raising(error: BaseException) -> Callable[[], Any]:
    def answer() -> Any:
        raise error

    return answer


def use(backend: KeyringBackend) -> None:
    keyring.set_keyring(backend)


def test_the_item_that_is_named_is_read_when_it_is_asked_for() -> None:
    use(Vault(lambda: "one\n"))
    assert read_reference(Reference(ITEM)).reveal() == "one"
    use(Vault(lambda: "two"))
    assert read_reference(Reference(ITEM)).reveal() == "two"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda: None, "the keyring has no item .*itwin.*; put it there: `keyring set itwin svc@example.com`"),
        (CANARY.encode, "is not text; put it there anew: `keyring set"),
        (b"\xff\xfe".decode, "is not UTF-8 text; put it there anew"),
        (lambda: f"{CANARY}\udcff", "is not UTF-8 text"),
        (lambda: "", "is empty"),
        (lambda: CANARY * 10_000, "larger than 64 KiB"),
        (raising(keyring.errors.KeyringLocked("Failed")), "is locked, so that .* cannot be used; unlock it"),
        (raising(keyring.errors.InitError("no collection")), "no collection; try `keyring get itwin"),
        (raising(keyring.errors.KeyringError()), "failed with .*: KeyringError; try"),
        (raising(TimeoutError()), "failed with .*: TimeoutError; try"),
        (raising(OSError(CANARY)), "failed with .*: OSError; try"),
        (raising(SystemExit(CANARY)), "failed with .*: SystemExit; try"),
    ],
)
def test_what_gives_no_value_is_said_with_its_place_and_without_its_content(
    answer: Callable[[], Any], said: str
) -> None:
    use(Vault(answer))
    with pytest.raises(SecretError, match=said) as caught:
        read_reference(Reference(ITEM, place=PLACE))
    assert str(caught.value).startswith("p.yaml:3:5: client.secret: ")
    assert CANARY not in repr(caught.value)


def test_an_error_that_may_hold_the_secret_is_not_carried_on() -> None:
    use(Vault(f"{CANARY}\xff".encode("latin-1").decode))
    with pytest.raises(SecretError, match="not UTF-8") as caught:
        read_item(ITEM)
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("backend", "said"),
    [
        (keyring.backends.fail.Keyring(), "this machine has no keyring that can be used; install and unlock one"),  # type: ignore[no-untyped-call]
        (keyring.backends.null.Keyring(), r"\(keyring.backends.null.Keyring\) does not keep secrets safe"),  # type: ignore[no-untyped-call]
        (PlaintextKeyring(lambda: CANARY), r"\(keyrings.alt.file.PlaintextKeyring\) does not keep secrets safe"),
    ],
)
def test_what_keeps_no_secret_is_refused_by_name_for_reading_and_writing(backend: KeyringBackend, said: str) -> None:
    use(backend)
    with pytest.raises(SecretError, match=said):
        read_item(ITEM)
    with pytest.raises(SecretError, match=said):
        write_item(ITEM, Secret(CANARY))
    assert not getattr(backend, "asked", 0)
    assert not getattr(backend, "taken", [])


def test_of_a_chain_only_the_sound_ones_are_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    plain, empty, vault = PlaintextKeyring(lambda: "plain"), Vault(), Vault(lambda: "sound")
    monkeypatch.setattr(ChainerBackend, "backends", [plain, empty, vault])
    use(ChainerBackend())  # type: ignore[no-untyped-call]
    assert read_item(ITEM).reveal() == "sound"
    write_item(ITEM, Secret(CANARY))
    assert (plain.asked, plain.taken) == (0, [])
    assert empty.taken == [(ITEM.service, ITEM.username, CANARY)]


def test_a_keyring_that_never_answers_is_not_waited_for_and_asked_once() -> None:
    answered = threading.Event()
    vault = Vault(lambda: answered.wait(30) and "late")
    use(vault)
    start = time.monotonic()
    for _ in range(3):
        with pytest.raises(SecretError, match=r"did not answer within 0.1 s .* locked, .*; unlock it"):
            read_reference(Reference(ITEM, place=PLACE), patience=0.1)
    assert time.monotonic() - start < 5
    assert vault.asked == 1
    answered.set()
    assert read_item(ITEM).reveal() == "late"


def test_many_who_wait_for_one_answer_get_it() -> None:
    answered = threading.Event()
    vault = Vault(lambda: answered.wait(30) and CANARY)
    use(vault)
    with ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(read_item, ITEM) for _ in range(4)]
        answered.set()
        assert {each.result().reveal() for each in waiting} == {CANARY}
    assert 1 <= vault.asked <= 4


def test_the_extra_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(SecretError, match=r"extra `keyring`.*pip install 'tokenflow\[keyring\]'") as caught:
        read_reference(Reference(ITEM, place=PLACE))
    assert str(caught.value).startswith("p.yaml:3:5: client.secret: ")


def test_a_chosen_backend_that_cannot_be_imported_is_no_missing_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    keyring.core._keyring_backend = None
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "no_such_package.Keyring")
    with pytest.raises(SecretError, match=r"failed with .*: ModuleNotFoundError"):
        read_item(ITEM)


def test_a_keyring_that_takes_nothing_says_so_without_the_secret() -> None:
    use(Vault(raising(keyring.errors.PasswordSetError("the disk is full"))))
    with pytest.raises(SecretError, match="the disk is full") as caught:
        write_item(ITEM, Secret(CANARY))
    assert CANARY not in str(caught.value)


@pytest.fixture(scope="module")
def gnome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with secret_service(tmp_path_factory.mktemp("gnome")) as address:
        yield address


@pytest.fixture
def session(gnome: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The D-Bus session of a real, unlocked gnome-keyring, for this process too."""
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", gnome)
    use(SecretServiceKeyring())  # type: ignore[no-untyped-call]
    return gnome


def test_a_real_keyring_gives_what_it_was_given(session: str) -> None:
    with pytest.raises(SecretError, match="has no item"):
        read_item(ITEM)
    write_item(ITEM, Secret("first"))
    write_item(ITEM, Secret(CANARY))
    assert read_reference(Reference(ITEM)).reveal() == CANARY
    put(session, "binary", "svc", b"\xff\xfe")
    with pytest.raises(SecretError, match="is not UTF-8 text"):
        read_item(KeyringSource("binary", "svc"))


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # keyring does not close its connection to a locked one
def test_a_real_keyring_that_is_locked_says_so_or_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with secret_service(tmp_path) as address:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        use(SecretServiceKeyring())  # type: ignore[no-untyped-call]
        write_item(ITEM, Secret(CANARY))
        lock(address)
        with pytest.raises(SecretError, match=r"the keyring is locked, .*; unlock it"):  # no display, no dialogue
            read_item(ITEM)
        with prompter_that_never_answers(address):
            start = time.monotonic()
            with pytest.raises(SecretError, match=r"did not answer within 1 s"):
                read_item(ITEM, patience=1)
            assert time.monotonic() - start < 5
    gc.collect()
