"""What a flow may ask of the world.

A flow is a generator: it yields effects, is sent their results, and returns a value. It does no I/O, so the same flow
runs under the sync and the async driver, and under a test's script. Each effect has one typed helper, so that
`response = yield from send(request)` is checked.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar, final

if TYPE_CHECKING:
    from tokenflow.profile import Reference
    from tokenflow.protocol.messages import HttpRequest, HttpResponse
    from tokenflow.secret import Secret

T = TypeVar("T")
Level = Literal["debug", "info", "warning"]


@final
@dataclass(frozen=True, slots=True)
class Send:
    """Exchange one request for its response. Raises TransportError when there is none."""

    request: HttpRequest


@final
@dataclass(frozen=True, slots=True)
class Sleep:
    """Wait, in seconds."""

    seconds: float


@final
@dataclass(frozen=True, slots=True)
class Now:
    """Read the wall clock: Unix time in seconds."""


@final
@dataclass(frozen=True, slots=True)
class Random:
    """Draw bytes from the system's secure source."""

    size: int


@final
@dataclass(frozen=True, slots=True)
class Resolve:
    """Read what a reference stands for. Raises SecretError."""

    reference: Reference


@final
@dataclass(frozen=True, slots=True)
class Load:
    """Read an entry of the store; None where there is none. Raises StoreError."""

    key: str


@final
@dataclass(frozen=True, slots=True)
class Save:
    """Write an entry of the store, if it still is `replaces`; None as `text` removes it. Raises StoreError."""

    key: str
    text: str | None
    replaces: str | None


@final
@dataclass(frozen=True, slots=True)
class Exclusive:
    """Run `body` while no other thread, task, process or host runs one for `key`.

    With `wait` False, the result is BUSY at once where somebody else runs one. The body is a flow of its own, so that
    the driver holds and frees the lock, and no flow ever yields in a `finally`.
    """

    key: str
    body: Flow[Any]
    wait: bool = True


@final
@dataclass(frozen=True, slots=True)
class Within:
    """Run `body` for at most so many seconds; its exchanges and waits then end in TransportError."""

    seconds: float
    body: Flow[Any]


@final
@dataclass(frozen=True, slots=True)
class Recall:
    """Read what was remembered under `key`, and when (Unix time); None where nothing was."""

    key: str


@final
@dataclass(frozen=True, slots=True)
class Remember:
    """Keep a public document (metadata, keys) for later flows of this driver."""

    key: str
    text: str


@final
@dataclass(frozen=True, slots=True)
class Tell:
    """Say something to whoever listens: a warning, or a step of the way."""

    level: Level
    message: str


Effect: TypeAlias = Send | Sleep | Now | Random | Resolve | Load | Save | Exclusive | Within | Recall | Remember | Tell
Flow: TypeAlias = Generator[Effect, Any, T]


class Busy(Enum):
    """The result of an Exclusive that would not wait."""

    BUSY = "busy"


BUSY = Busy.BUSY


@final
@dataclass(frozen=True, slots=True)
class Remembered:
    """A document as it was remembered, and when: Unix time in seconds."""

    text: str
    at: float


def send(request: HttpRequest) -> Flow[HttpResponse]:
    """Exchange `request` for its response."""
    response: HttpResponse = yield Send(request)
    return response


def sleep(seconds: float) -> Flow[None]:
    """Wait."""
    yield Sleep(seconds)


def now() -> Flow[float]:
    """Read the wall clock."""
    time: float = yield Now()
    return time


def random(size: int) -> Flow[bytes]:
    """Draw `size` secure random bytes."""
    drawn: bytes = yield Random(size)
    return drawn


def resolve(reference: Reference) -> Flow[Secret]:
    """Read what `reference` stands for."""
    secret: Secret = yield Resolve(reference)
    return secret


def load(key: str) -> Flow[str | None]:
    """Read the entry of `key`."""
    text: str | None = yield Load(key)
    return text


def save(key: str, text: str | None, *, replaces: str | None) -> Flow[None]:
    """Write, or with None remove, the entry of `key`, if it still is `replaces`."""
    yield Save(key, text, replaces)


def exclusive(key: str, body: Flow[T]) -> Flow[T]:
    """Run `body` alone, waiting for whoever runs one for `key`."""
    result: T = yield Exclusive(key, body)
    return result


def exclusive_or_busy(key: str, body: Flow[T]) -> Flow[T | Literal[Busy.BUSY]]:
    """Run `body` alone, or return BUSY at once where another runs."""
    result: T | Literal[Busy.BUSY] = yield Exclusive(key, body, wait=False)
    return result


def within(seconds: float, body: Flow[T]) -> Flow[T]:
    """Run `body` for at most `seconds`."""
    result: T = yield Within(seconds, body)
    return result


def recall(key: str) -> Flow[Remembered | None]:
    """Read what was remembered under `key`."""
    found: Remembered | None = yield Recall(key)
    return found


def remember(key: str, text: str) -> Flow[None]:
    """Keep a public document under `key`."""
    yield Remember(key, text)


def tell(level: Level, message: str) -> Flow[None]:
    """Say `message` to whoever listens."""
    yield Tell(level, message)
