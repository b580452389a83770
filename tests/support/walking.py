"""Drive flows without a socket or a clock: `walk` by a script of effects; `World` by a small world in memory."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar
from urllib.parse import urlsplit

from tokenflow.errors import StoreError, TokenflowError
from tokenflow.protocol.effects import (
    BUSY,
    Effect,
    Exclusive,
    Flow,
    Load,
    Now,
    Random,
    Recall,
    Remember,
    Remembered,
    Resolve,
    Save,
    Send,
    Sleep,
    Tell,
    Within,
)
from tokenflow.protocol.messages import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from collections.abc import Callable

    from tokenflow.profile import Source
    from tokenflow.secret import Secret

T = TypeVar("T")
NOW: Final = 1_800_000_000.0  # Unix time at which every test begins


class Enter(Enum):
    """The answer to an Exclusive or a Within whose body is to be walked by the steps that follow."""

    ENTER = "enter"


ENTER: Final = Enter.ENTER

Expected: TypeAlias = "type[Effect] | Effect | Callable[[Any], bool]"
Step: TypeAlias = tuple[Expected, Any]


def walk(flow: Flow[T], *steps: Step) -> T:
    """Run a flow by a script of (expected effect, its result) and return the flow's value.

    An expected effect is a type, the effect itself, or a predicate of it. A result that is an exception is thrown. For
    Exclusive and Within, ENTER goes into the body; anything else is the result, and the body is closed unrun. Every
    step must be used.
    """
    script = deque(steps)
    value = _walk(flow, script)
    assert not script, f"the flow ended, and these steps were not used: {list(script)}"
    return value


def _walk(flow: Flow[T], script: deque[Step]) -> T:
    try:
        effect = next(flow)
        while True:
            assert script, f"the flow asks for {effect}, and the script has ended"
            expected, result = script.popleft()
            assert _matches(effect, expected), f"the flow asks for {effect}, expected {expected}"
            try:
                result = _result(effect, result, script)
            except AssertionError:
                raise
            except Exception as error:  # noqa: BLE001 - whatever the script throws is the flow's to handle
                effect = flow.throw(error)
            else:
                effect = flow.send(result)
    except StopIteration as stop:
        value: T = stop.value
        return value


def _matches(effect: Effect, expected: Expected) -> bool:
    if isinstance(expected, type):
        return isinstance(effect, expected)
    return expected(effect) if callable(expected) else effect == expected


def _result(effect: Effect, result: Any, script: deque[Step]) -> Any:
    if isinstance(effect, Exclusive | Within):
        if result is ENTER:
            return _walk(effect.body, script)
        effect.body.close()
    if isinstance(result, Exception):
        raise result
    return result


Reply: TypeAlias = "HttpResponse | Exception | Callable[[HttpRequest], HttpResponse]"


@dataclass
class World:
    """A world in memory: one clock that stands still unless moved, one store, servers that answer by script.

    `trace` tells what happened, in order: lock, unlock, busy, load, save, remove, remember, `METHOD url`, `within N`.
    `now` and `recall` leave no trace. A reply may be a function, which may do to the world what others do meanwhile.
    """

    time: float = NOW
    entries: dict[str, str] = field(default_factory=dict)
    secrets: dict[Source, Secret] = field(default_factory=dict)
    remembered: dict[str, Remembered] = field(default_factory=dict)
    busy: bool = False
    trace: list[str] = field(default_factory=list)
    told: list[tuple[str, str]] = field(default_factory=list)
    requests: list[HttpRequest] = field(default_factory=list)
    _replies: dict[str, deque[Reply]] = field(default_factory=dict)
    _locked: set[str] = field(default_factory=set)

    def on(self, url: str, *replies: Reply) -> World:
        """Let `url` answer so, in turn."""
        self._replies.setdefault(url, deque()).extend(replies)
        return self

    def run(self, flow: Flow[T]) -> T:
        """Run a flow to its end; every reply must have been asked for, and every lock be free again."""
        try:
            value = self._run(flow)
        except TokenflowError:
            self._expect_nothing_left()
            raise
        self._expect_nothing_left()
        return value

    def _expect_nothing_left(self) -> None:
        unused = {url: list(replies) for url, replies in self._replies.items() if replies}
        assert not unused, f"nobody asked for {unused}"
        assert not self._locked

    def warnings(self) -> list[str]:
        """Return the warnings that were given."""
        return [message for level, message in self.told if level == "warning"]

    def asked(self, url: str) -> list[HttpRequest]:
        """Return the requests that were sent to `url`."""
        return [request for request in self.requests if request.url == url]

    def _run(self, flow: Flow[T]) -> T:
        try:
            effect = next(flow)
            while True:
                try:
                    result = self._perform(effect)
                except AssertionError:
                    raise
                except Exception as error:  # noqa: BLE001 - whatever happened is the flow's to handle
                    effect = flow.throw(error)
                else:
                    effect = flow.send(result)
        except StopIteration as stop:
            value: T = stop.value
            return value

    def _perform(self, effect: Effect) -> Any:  # noqa: C901, PLR0911 - a line an effect
        match effect:
            case Now():
                return self.time
            case Sleep(seconds):
                self.time += seconds
                return None
            case Random(size):
                return bytes(size)
            case Resolve(reference):
                return self.secrets[reference.source]
            case Recall(key):
                return self.remembered.get(key)
            case Remember(key, text):
                self.trace.append("remember")
                self.remembered[key] = Remembered(text, self.time)
                return None
            case Tell(level, message):
                self.told.append((level, message))
                return None
            case Load(key):
                self.trace.append("load")
                return self.entries.get(key)
            case Save():
                return self._save(effect)
            case Send(request):
                return self._send(request)
            case Within(seconds, body):
                self.trace.append(f"within {seconds:g}")
                return self._run(body)
            case Exclusive():
                return self._exclusive(effect)

    def _save(self, effect: Save) -> None:
        if self.entries.get(effect.key) != effect.replaces:
            raise StoreError("the stored token was changed by somebody else meanwhile; try again")
        self.trace.append("remove" if effect.text is None else "save")
        if effect.text is None:
            del self.entries[effect.key]
        else:
            self.entries[effect.key] = effect.text

    def _send(self, request: HttpRequest) -> HttpResponse:
        self.trace.append(f"{request.method} {urlsplit(request.url).path}")
        self.requests.append(request)
        replies = self._replies.get(request.url)
        assert replies, f"nobody expects {request}"
        reply = replies.popleft()
        if isinstance(reply, Exception):
            raise reply
        return reply if isinstance(reply, HttpResponse) else reply(request)

    def _exclusive(self, effect: Exclusive) -> Any:
        assert effect.key not in self._locked, "a flow waits for its own lock"
        if self.busy and not effect.wait:
            self.trace.append("busy")
            effect.body.close()
            return BUSY
        self.trace.append("lock")
        self._locked.add(effect.key)
        try:
            return self._run(effect.body)
        finally:
            self._locked.remove(effect.key)
            self.trace.append("unlock")
