"""The async driver: perform what a flow asks for, on an event loop. Its twin is `driver`."""

from __future__ import annotations

import asyncio
import random
import time
from typing import TYPE_CHECKING, Any, Final, TypeVar, assert_never, final

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
from tokenflow.world.driver import POLL
from tokenflow.world.locks import task_lock
from tokenflow.world.narration import describe_response, logger

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from tokenflow.protocol.messages import HttpRequest, HttpResponse
    from tokenflow.world.stores import Lease
    from tokenflow.world.surroundings import Surroundings

T = TypeVar("T")

_under_way: Final[set[asyncio.Future[Any]]] = set()  # the event loop itself keeps no task alive


def _finished(work: asyncio.Future[Any]) -> None:
    """Let go of a renewal; where its caller is gone, nobody else would look at how it ended."""
    _under_way.discard(work)
    if not work.cancelled():
        work.exception()


@final
class AsyncDriver:
    """Run flows with an asynchronous HTTP client; see `Driver`. What may block (store, references) goes to a thread."""

    def __init__(self, client: Callable[[], httpx.AsyncClient], surroundings: Surroundings) -> None:
        self._client = client
        self._around = surroundings

    async def run(self, flow: Flow[T], *, deadline: float | None = None) -> T:
        """Run a flow to its end and return its value; `deadline` is Unix time."""
        try:
            effect = next(flow)
            while True:
                try:
                    result = await self._perform(effect, deadline)
                except Exception as error:  # noqa: BLE001 - whatever happened is the flow's to handle
                    effect = flow.throw(error)
                else:
                    effect = flow.send(result)
        except StopIteration as stop:
            value: T = stop.value
            return value
        finally:
            flow.close()

    async def _perform(self, effect: Effect, deadline: float | None) -> Any:  # noqa: C901, PLR0911, PLR0912 - a line an effect
        around = self._around
        match effect:
            case Send(request):
                return await self._send(request, deadline)
            case Sleep(seconds):
                return await around.clock.sleep_async(seconds)
            case Now():
                return around.clock.now()
            case Random(size):
                return around.random(size)
            case Resolve(reference):
                return await asyncio.to_thread(around.resolve, reference, deadline)
            case Load(key):
                return await asyncio.to_thread(around.store.load, key)
            case Save(key, text, replaces):
                return await asyncio.to_thread(around.store.save, key, text, replaces=replaces)
            case Exclusive():
                return await self._exclusive(effect, deadline)
            case Within(seconds, body):
                end = around.clock.now() + seconds
                return await self.run(body, deadline=end if deadline is None else min(end, deadline))
            case Recall(key):
                return around.recall(key)
            case Remember(key, text):
                return around.remember(key, text)
            case Tell(level, message):
                return around.tell(level, message)
            case _:
                assert_never(effect)

    async def _send(self, request: HttpRequest, deadline: float | None) -> HttpResponse:
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
        return await tenacity.AsyncRetrying(**arguments, sleep=around.clock.sleep_async)(
            self._exchange, request, deadline
        )

    async def _exchange(self, request: HttpRequest, deadline: float | None) -> HttpResponse:
        from tokenflow.world.exchange import no_time_left, too_slow, translated  # noqa: PLC0415 - it loads httpx

        timeout = self._around.time_left(deadline)
        if timeout <= 0:
            raise no_time_left(request)
        logger.info("%s", request)
        start = time.monotonic()
        try:
            async with asyncio.timeout(timeout):
                with translated(request, timeout):
                    answer = await self._stream(request, timeout)
        except TimeoutError:
            raise too_slow(request, timeout) from None
        logger.info("%s", describe_response(request, answer, time.monotonic() - start))
        return answer

    async def _stream(self, request: HttpRequest, timeout: float) -> HttpResponse:  # noqa: ASYNC109 - httpx's own timeout
        from tokenflow.world.exchange import Body, prepared  # noqa: PLC0415 - it loads httpx

        async with self._client().stream(**prepared(request, timeout)) as response:
            body = Body(request, response)
            async for chunk in response.aiter_bytes():
                body.take(chunk)
        return body.whole()

    async def _exclusive(self, effect: Exclusive, deadline: float | None) -> Any:
        around = self._around
        end = around.lock_deadline(deadline)
        lock = task_lock((around.store.name, effect.key))
        if not effect.wait and lock.locked():
            return self._kept_out(effect)
        try:
            async with asyncio.timeout(max(0.0, end - around.clock.now())):
                await lock.acquire()
        except TimeoutError:
            return self._kept_out(effect)
        # A caller that is cancelled does not take the renewal with it: a refresh token would be in flight, and the lock
        # free for the next one (promise 3). The renewal has its own deadline.
        work = asyncio.ensure_future(self._alone(effect, lock, end, deadline))
        _under_way.add(work)
        work.add_done_callback(_finished)
        return await asyncio.shield(work)

    async def _alone(self, effect: Exclusive, lock: asyncio.Lock, end: float, deadline: float | None) -> Any:
        try:
            lease = await self._lease(effect, end)
            if lease is None:
                return self._kept_out(effect)
            try:
                return await self.run(effect.body, deadline=deadline)
            finally:
                await asyncio.to_thread(lease.release)
        finally:
            lock.release()

    async def _lease(self, effect: Exclusive, end: float) -> Lease | None:
        around = self._around
        while (lease := await asyncio.to_thread(around.store.try_acquire, effect.key)) is None:
            if not effect.wait or around.clock.now() >= end:
                return None
            await around.clock.sleep_async(random.uniform(POLL / 2, POLL * 3 / 2))  # noqa: S311 - spreads the polls
        return lease

    def _kept_out(self, effect: Exclusive) -> Any:
        effect.body.close()
        if effect.wait:
            raise StoreError("another process holds the lock of this token and does not finish; try again")
        return BUSY
