"""The sync driver: perform what a flow asks for, with threads and blocking calls. Its twin is `async_driver`."""

from __future__ import annotations

import random
import time
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any, Final, TypeVar, assert_never, cast, final

from tokenflow.errors import StoreError
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
    Resolve,
    Save,
    Send,
    Sleep,
    Tell,
    Within,
)
from tokenflow.world.locks import thread_lock
from tokenflow.world.narration import describe_response, logger

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from tokenflow.protocol.messages import HttpRequest, HttpResponse
    from tokenflow.world.stores import Lease
    from tokenflow.world.surroundings import Surroundings

T = TypeVar("T")
GRACE: Final = 0.2  # seconds by which httpx's own timeouts, which say more, come first
POLL: Final = 0.02  # seconds between two looks at somebody else's lock, on average


def _bounded(work: Callable[[], T], timeout: float, late: Exception) -> T:
    """Run `work` for at most `timeout` seconds, in a thread that is left behind when it takes longer.

    httpx bounds each read, not the exchange: a server that sends a byte now and then, or a name server that does not
    answer, would hold a blocking call for hours.
    """
    done: SimpleQueue[tuple[T | None, BaseException | None]] = SimpleQueue()

    def run() -> None:
        try:
            done.put((work(), None))
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            done.put((None, error))

    Thread(target=run, daemon=True, name="tokenflow exchange").start()
    try:
        value, error = done.get(timeout=timeout + GRACE)
    except Empty:
        raise late from None
    if error is not None:
        raise error
    return cast("T", value)


@final
class Driver:
    """Run flows with a blocking HTTP client, which `client` makes when the first request is sent."""

    def __init__(self, client: Callable[[], httpx.Client], surroundings: Surroundings) -> None:
        self._client = client
        self._around = surroundings

    def run(self, flow: Flow[T], *, deadline: float | None = None) -> T:
        """Run a flow to its end and return its value; `deadline` is Unix time."""
        try:
            effect = next(flow)
            while True:
                try:
                    result = self._perform(effect, deadline)
                except Exception as error:  # noqa: BLE001 - whatever happened is the flow's to handle
                    effect = flow.throw(error)
                else:
                    effect = flow.send(result)
        except StopIteration as stop:
            value: T = stop.value
            return value
        finally:
            flow.close()

    def _perform(self, effect: Effect, deadline: float | None) -> Any:  # noqa: C901, PLR0911, PLR0912 - a line an effect
        around = self._around
        match effect:
            case Send(request):
                return self._send(request, deadline)
            case Sleep(seconds):
                return around.clock.sleep(seconds)
            case Now():
                return around.clock.now()
            case Random(size):
                return around.random(size)
            case Resolve(reference):
                return around.resolve(reference, deadline)
            case Load(key):
                return around.store.load(key)
            case Save(key, text, replaces):
                return around.store.save(key, text, replaces=replaces)
            case Exclusive():
                return self._exclusive(effect, deadline)
            case Within(seconds, body):
                end = around.clock.now() + seconds
                return self.run(body, deadline=end if deadline is None else min(end, deadline))
            case Recall(key):
                return around.recall(key)
            case Remember(key, text):
                return around.remember(key, text)
            case Tell(level, message):
                return around.tell(level, message)
            case _:
                assert_never(effect)

    def _send(self, request: HttpRequest, deadline: float | None) -> HttpResponse:
        import tenacity  # noqa: PLC0415 - a stored token needs no network, and nothing that serves it

        from tokenflow.world.retry import retrying  # noqa: PLC0415

        around = self._around
        arguments = retrying(
            request,
            around.retry,
            clock=around.clock,
            deadline=deadline,
            narrate=lambda text: around.tell("info", text),
        )
        return tenacity.Retrying(**arguments, sleep=around.clock.sleep)(self._exchange, request, deadline)

    def _exchange(self, request: HttpRequest, deadline: float | None) -> HttpResponse:
        from tokenflow.world.exchange import (  # noqa: PLC0415 - it loads httpx
            Body,
            no_time_left,
            prepared,
            too_slow,
            translated,
        )

        timeout = self._around.time_left(deadline)
        if timeout <= 0:
            raise no_time_left(request)
        client = self._client()
        logger.info("%s", request)
        start = time.monotonic()

        def stream() -> HttpResponse:
            with translated(request, timeout), client.stream(**prepared(request, timeout)) as response:
                body = Body(request, response)
                for chunk in response.iter_bytes():
                    body.take(chunk)
                    if time.monotonic() - start > timeout:
                        raise too_slow(request, timeout)
            return body.whole()

        answer = _bounded(stream, timeout, too_slow(request, timeout))
        logger.info("%s", describe_response(request, answer, time.monotonic() - start))
        return answer

    def _exclusive(self, effect: Exclusive, deadline: float | None) -> Any:
        around = self._around
        end = around.lock_deadline(deadline)
        lock = thread_lock((around.store.name, effect.key))
        if not lock.acquire(timeout=max(0.0, end - around.clock.now()) if effect.wait else 0):
            return self._kept_out(effect)
        try:
            lease = self._lease(effect, end)
            if lease is None:
                return self._kept_out(effect)
            try:
                return self.run(effect.body, deadline=deadline)
            finally:
                lease.release()
        finally:
            lock.release()

    def _lease(self, effect: Exclusive, end: float) -> Lease | None:
        around = self._around
        while (lease := around.store.try_acquire(effect.key)) is None:
            if not effect.wait or around.clock.now() >= end:
                return None
            around.clock.sleep(random.uniform(POLL / 2, POLL * 3 / 2))  # noqa: S311 - spreads the polls
        return lease

    def _kept_out(self, effect: Exclusive) -> Any:
        effect.body.close()
        if effect.wait:
            raise StoreError("another process holds the lock of this token and does not finish; try again")
        return BUSY
