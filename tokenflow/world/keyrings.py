"""Read and write items of the system's keyring, through the `keyring` library (extra `keyring`); bounded in time.

A keyring may ask a person to unlock it, and nobody may be there. The library has no deadline, so that it is asked in a
daemon thread. Not in a process: a keyring grants access to the program that asks, a host may have set a backend of its
own, and `sys.executable` need not be Python. An abandoned question ends with the process; asked again meanwhile, its
answer is awaited rather than a second dialogue opened.
"""

from __future__ import annotations

import shlex
from concurrent.futures import Future
from contextlib import suppress
from importlib import import_module
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any, Final

from tokenflow.errors import SecretError
from tokenflow.printable import printable
from tokenflow.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from keyring.backend import KeyringBackend

    from tokenflow.profile import KeyringSource

PATIENCE: Final = 10.0  # seconds, with what a person takes to unlock it
INSTALL: Final = "run `pip install 'tokenflow[keyring]'`"

# They hold nothing, or write secrets where any program of the user reads them.
_UNSOUND: Final = ("keyring.backends.fail.", "keyring.backends.null.", "keyrings.alt.")
_CHAIN: Final = "keyring.backends.chainer.ChainerBackend"

_asking: Final[dict[KeyringSource, Future[object]]] = {}  # guarded by the lock
_asking_lock: Final = Lock()


def read_item(source: KeyringSource, *, patience: float = PATIENCE) -> Secret:
    """Return the item that `source` names.

    Raises:
        SecretError: there is none, or the keyring does not give it within `patience` seconds.
    """
    with _asking_lock:
        future = _asking.get(source)
        if future is None:
            future = _asking[source] = _in_background(lambda: _read(source), lambda: _asked(source))
    found = _answer(future, source, patience)
    if found is None:
        raise SecretError(f"the keyring has no item {_named(source)}; put it there: {_by_hand(source)}")
    if not isinstance(found, str):
        raise SecretError(f"the keyring's item {_named(source)} is not text; put it there anew: {_by_hand(source)}")
    return Secret(found)


def write_item(source: KeyringSource, secret: Secret, *, patience: float = PATIENCE) -> None:
    """Put `secret` into the keyring, in place of what is there.

    Raises:
        SecretError: the keyring does not take it within `patience` seconds.
    """
    _answer(_in_background(lambda: _write(source, secret)), source, patience)


def _asked(source: KeyringSource) -> None:
    """Forget a question before its answer is known, so that no answer is ever given to who asks later."""
    with _asking_lock:
        del _asking[source]


def _in_background(ask: Callable[[], object], ended: Callable[[], object] = lambda: None) -> Future[object]:
    future: Future[object] = Future()

    def run() -> None:
        try:
            answer = ask()
        except BaseException as error:  # noqa: BLE001 - backends raise whatever their platform does, panics too
            ended()
            future.set_exception(error)
        else:
            ended()
            future.set_result(answer)

    Thread(target=run, name="tokenflow-keyring", daemon=True).start()
    return future


def _answer(future: Future[object], source: KeyringSource, patience: float) -> object:
    """Wait for the keyring; whatever a backend raises is the keyring's failure, not ours.

    Its error is not chained: it may hold the secret (UnicodeDecodeError does), and several may wait for it.
    """
    try:
        error = future.exception(patience)
    except TimeoutError:
        raise SecretError(
            f"the keyring did not answer within {patience:g} s about {_named(source)}: it is probably locked, and"
            " nobody answers its prompt; unlock it, or refer to the value by env, file or command"
        ) from None
    if error is not None:
        raise SecretError(_reason(error, source))
    return future.result()


def _read(source: KeyringSource) -> object:
    for backend in _sound_backends():
        found = backend.get_password(source.service, source.username)
        if found is not None:
            return found
    return None


def _write(source: KeyringSource, secret: Secret) -> None:
    next(_sound_backends()).set_password(source.service, source.username, secret.reveal())


def _sound_backends() -> Iterator[KeyringBackend]:
    """Yield the keyrings in use: one, or those of a chain; what is none is refused by name.

    Raises:
        SecretError: the extra is missing, or there is nothing but keyrings that keep no secret.
    """
    try:
        keyring: Any = import_module("keyring")
    except ModuleNotFoundError as error:
        if error.name != "keyring":
            raise
        raise SecretError(f"a keyring needs the extra `keyring`, which is not installed; {INSTALL}") from None
    chosen = keyring.get_keyring()
    members = chosen.backends if _name(chosen) == _CHAIN else [chosen]
    sound = [backend for backend in members if not _name(backend).startswith(_UNSOUND)]
    if not sound:
        name = _name(chosen)
        what = (
            "this machine has no keyring that can be used"
            if name.startswith("keyring.backends.fail.")
            else f"the keyring in use ({name}) does not keep secrets safe, and is refused"
        )
        raise SecretError(
            f"{what}; install and unlock one (Linux: gnome-keyring or KWallet, in a D-Bus session), or refer to the"
            " value by env, file or command"
        )
    yield from sound


def _name(backend: KeyringBackend) -> str:
    kind = type(backend)
    return f"{kind.__module__}.{kind.__qualname__}"


def _reason(error: BaseException, source: KeyringSource) -> str:
    """Say why a keyring failed: in its own words where the library speaks, else by the kind of error alone."""
    if isinstance(error, SecretError):
        return str(error)
    if isinstance(error, UnicodeDecodeError):
        return f"the keyring's item {_named(source)} is not UTF-8 text; put it there anew: {_by_hand(source)}"
    with suppress(ImportError):
        from keyring.errors import KeyringError, KeyringLocked  # noqa: PLC0415 - an optional extra

        if isinstance(error, KeyringLocked):
            return (
                f"the keyring is locked, so that {_named(source)} cannot be used; unlock it (sign in to the desktop, or"
                " `gnome-keyring-daemon --unlock`), or refer to the value by env, file or command"
            )
        if isinstance(error, KeyringError):
            return _failed(source, printable(str(error)) or type(error).__name__)
    return _failed(source, type(error).__name__)


def _failed(source: KeyringSource, why: str) -> str:
    return f"the keyring failed with {_named(source)}: {why}; try `keyring get {_words(source)}` by hand"


def _named(source: KeyringSource) -> str:
    return printable(str(source))


def _by_hand(source: KeyringSource) -> str:
    return f"`keyring set {_words(source)}`"


def _words(source: KeyringSource) -> str:
    return printable(shlex.join((source.service, source.username)))
