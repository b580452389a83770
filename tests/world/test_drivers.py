"""Both drivers, one set of expectations: every effect, every fault of the network, every repetition."""

from __future__ import annotations

import asyncio
import logging
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import trustme
from support.clocks import FakeClock
from support.fake_server import CLOSE, Answer, FakeServer

from tokenflow.dev_issuer import DevIssuer
from tokenflow.errors import ProtocolError, SecretError, StoreError, TransportError
from tokenflow.profile import EnvSource, HttpOptions, Reference, RetryPolicy
from tokenflow.protocol.effects import (
    BUSY,
    Flow,
    exclusive,
    exclusive_or_busy,
    load,
    now,
    random,
    recall,
    remember,
    resolve,
    save,
    send,
    sleep,
    tell,
    within,
)
from tokenflow.protocol.messages import HttpRequest, HttpResponse
from tokenflow.secret import Secret
from tokenflow.world.async_driver import AsyncDriver
from tokenflow.world.driver import Driver
from tokenflow.world.exchange import new_async_client, new_client
from tokenflow.world.stores.memory import MemoryStore
from tokenflow.world.surroundings import Surroundings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Perform = Callable[..., Any]
ONCE = RetryPolicy(attempts=1)


def _sync(flow: Flow[Any], around: Surroundings, options: HttpOptions) -> Any:
    with new_client(options) as client:
        return Driver(lambda: client, around).run(flow)


def _async(flow: Flow[Any], around: Surroundings, options: HttpOptions) -> Any:
    async def run() -> Any:
        async with new_async_client(options) as client:
            return await AsyncDriver(lambda: client, around).run(flow)

    return asyncio.run(run())


@pytest.fixture(params=[_sync, _async], ids=["sync", "async"])
def perform(request: pytest.FixtureRequest) -> Perform:
    def run(flow: Flow[Any], around: Surroundings | None = None, options: HttpOptions | None = None) -> Any:
        around = around or Surroundings(store=MemoryStore(), clock=FakeClock(), retry=ONCE)
        return request.param(flow, around, options or HttpOptions())

    return run


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with FakeServer() as running:
        yield running


def get(server: FakeServer) -> HttpRequest:
    return HttpRequest(method="GET", url=f"{server.url}/jwks")


def post(server: FakeServer, *, repeatable: bool = True) -> HttpRequest:
    request = HttpRequest(method="POST", url=f"{server.url}/token", form=(), repeatable=repeatable)
    return request.with_parameters(
        ("grant_type", "client_credentials"), ("client_id", "service"), ("client_secret", Secret("service-secret"))
    )


def test_a_form_is_sent_and_the_answer_comes_back_as_a_value(perform: Perform, server: FakeServer) -> None:
    response: HttpResponse = perform(send(post(server)))
    assert response.status == 200
    assert response.media_type == "application/json"
    assert response.header("cache-control") == "no-store"
    (seen,) = server.requests
    assert seen.form == {
        "grant_type": "client_credentials",
        "client_id": "service",
        "client_secret": "service-secret",
    }
    assert seen.headers["user-agent"].startswith("tokenflow/")


def test_characters_travel_as_they_are(perform: Perform, server: FakeServer) -> None:
    request = post(server).with_parameters(("odd", Secret("a+b&c=d é%")))
    perform(send(request))
    assert server.requests[0].form["odd"] == "a+b&c=d é%"


def test_no_redirect_is_followed_and_no_cookie_kept(perform: Perform, server: FakeServer) -> None:  # F-024, F-034
    server.script("/jwks", Answer(status=307, headers={"Location": f"{server.url}/elsewhere", "Set-Cookie": "a=b"}))

    def twice() -> Flow[list[int]]:
        first = yield from send(get(server))
        second = yield from send(get(server))
        return [first.status, second.status]

    assert perform(twice()) == [307, 200]
    assert [seen.path for seen in server.requests] == ["/jwks", "/jwks"]
    assert "cookie" not in server.requests[1].headers


FAULTS: dict[str, tuple[Answer, str]] = {
    "closed before an answer": (CLOSE, "broke before the answer was whole"),  # F-007
    "truncated": (Answer(body=b"{}", declared_length=10), "broke before the answer was whole"),  # F-008
    "garbage": (Answer(raw=b"\x00\x01garbage\r\n\r\n"), "broke before the answer was whole"),  # F-033
}


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(body=b"x" * 65536, copies=20), "larger than 1024 KiB"),  # F-029
        (Answer(headers={"Content-Encoding": "gzip"}, body=b"no gzip"), "compressed wrongly"),
    ],
)
def test_an_answer_that_cannot_be_taken_is_not_asked_for_again(
    perform: Perform, server: FakeServer, answer: Answer, said: str
) -> None:
    server.script("/jwks", answer)
    with pytest.raises(ProtocolError, match=said):
        perform(send(get(server)), _policy())
    assert len(server.requests) == 1


@pytest.mark.parametrize("fault", FAULTS)
def test_a_broken_answer_is_a_transport_error(perform: Perform, server: FakeServer, fault: str) -> None:
    answer, said = FAULTS[fault]
    server.script("/jwks", answer)
    with pytest.raises(TransportError, match=said) as caught:
        perform(send(get(server)))
    assert server.host in str(caught.value)
    assert caught.value.sent


@pytest.mark.parametrize(
    "answer",
    [Answer(delay=30), Answer(body=b"{" + b" " * 500 + b"}", pause=0.05)],
    ids=["silent", "one byte at a time"],
)
def test_an_exchange_is_bounded_as_a_whole(
    perform: Perform, server: FakeServer, answer: Answer
) -> None:  # F-005, F-006
    server.script("/jwks", answer)
    around = Surroundings(store=MemoryStore(), clock=FakeClock(), retry=ONCE, timeout=0.4)
    with pytest.raises(TransportError, match=r"did not answer in full within 0\.4 s"):
        perform(send(get(server)), around)


def test_an_exchange_for_which_no_time_is_left_is_not_begun(perform: Perform, server: FakeServer) -> None:
    with pytest.raises(TransportError, match=r"no time is left to ask 127\.0\.0\.1") as caught:
        perform(within(0, send(get(server))))
    assert not caught.value.sent
    assert server.requests == []


def test_a_reference_is_read_within_the_time_that_is_left(perform: Perform) -> None:
    asked: list[float] = []

    def read(reference: Reference, *, patience: float) -> Secret:
        asked.append(patience)
        return Secret(str(reference))

    around = Surroundings(store=MemoryStore(), clock=FakeClock(), read=read)
    perform(within(2, resolve(Reference(EnvSource("S")))), around)
    perform(resolve(Reference(EnvSource("S"))), around)
    assert asked == [2, 10]


@pytest.mark.parametrize("proxy", ["socks9://127.0.0.1:1", "foo", "proxy.example.com:3128"])
def test_a_proxy_that_cannot_be_used_is_said_by_name(perform: Perform, proxy: str) -> None:
    request = HttpRequest(method="GET", url="https://127.0.0.1/")
    with pytest.raises(SecretError, match=r"http\.proxy cannot be used .*write `http://host:port`"):
        perform(send(request), None, HttpOptions(proxy=Secret(proxy)))


def test_a_proxy_variable_that_cannot_be_used_is_said_by_name(
    perform: Perform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", "foo://bar")
    with pytest.raises(SecretError, match=r"a proxy variable .* cannot be used"):
        perform(send(HttpRequest(method="GET", url="https://127.0.0.1/")))


def test_a_proxy_may_be_a_reference(perform: Perform, server: FakeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKENFLOW_TEST_PROXY", "http://127.0.0.1:9")
    options = HttpOptions(proxy=Reference(EnvSource("TOKENFLOW_TEST_PROXY")))
    assert perform(send(get(server)), None, options).status == 200  # loopback goes round it


def test_a_server_without_tls_where_tls_is_asked_for_is_told_so(perform: Perform) -> None:
    with DevIssuer() as issuer:
        url = issuer.url.replace("http://", "https://")
        with pytest.raises(TransportError, match="answers without TLS; check scheme and port") as caught:
            perform(send(HttpRequest(method="GET", url=f"{url}/jwks")))
    assert caught.value.permanent


def test_a_server_that_is_down_was_certainly_not_asked(perform: Perform) -> None:  # F-003
    with FakeServer() as server:
        pass
    with pytest.raises(TransportError, match="cannot be reached: connection refused") as caught:
        perform(send(get(server)))
    assert not caught.value.sent


def test_an_address_of_no_kind_is_not_asked_again(perform: Perform) -> None:
    with pytest.raises(TransportError, match="cannot be asked") as caught:
        perform(send(HttpRequest(method="GET", url="ftp://127.0.0.1/")))
    assert caught.value.permanent


def _policy(**changes: Any) -> Surroundings:
    policy = replace(RetryPolicy(attempts=4, first_delay=0.5, max_delay=30, deadline=120), **changes)
    return Surroundings(store=MemoryStore(), clock=FakeClock(), retry=policy)


def _slept(around: Surroundings) -> list[float]:
    assert isinstance(around.clock, FakeClock)
    return around.clock.slept


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_what_may_pass_is_repeated_with_growing_jitter(perform: Perform, server: FakeServer, status: int) -> None:
    server.script("/jwks", *[Answer(status=status)] * 3)  # F-020
    around = _policy()
    assert perform(send(get(server)), around).status == 200
    assert len(server.requests) == 4
    for slept, most in zip(_slept(around), (0.5, 1.0, 2.0), strict=True):
        assert 0 <= slept <= most


def test_when_the_tries_are_used_up_the_last_answer_is_returned(perform: Perform, server: FakeServer) -> None:
    server.script("/jwks", *[Answer(status=503)] * 3, Answer(status=502))
    assert perform(send(get(server)), _policy()).status == 502


def test_a_lost_connection_is_repeated(perform: Perform, server: FakeServer) -> None:
    server.drop_connections(2)
    assert perform(send(get(server)), _policy()).status == 200


def test_retry_after_is_obeyed(perform: Perform, server: FakeServer) -> None:  # F-021
    server.script("/jwks", Answer(status=429, headers={"Retry-After": "17"}))
    around = _policy()
    assert perform(send(get(server)), around).status == 200
    assert _slept(around) == [17]


def test_a_retry_after_beyond_the_deadline_ends_the_exchange_at_once(perform: Perform, server: FakeServer) -> None:
    server.script("/jwks", Answer(status=503, headers={"Retry-After": "121"}))
    around = _policy()
    assert perform(send(get(server)), around).status == 503
    assert _slept(around) == []


@pytest.mark.parametrize("status", [400, 401, 404, 501])
def test_what_is_final_is_not_repeated(perform: Perform, server: FakeServer, status: int) -> None:
    server.script("/jwks", Answer(status=status))
    assert perform(send(get(server)), _policy()).status == status
    assert len(server.requests) == 1


@pytest.mark.parametrize("answer", [CLOSE, Answer(status=500), Answer(status=502)])
def test_a_request_that_spends_something_is_not_repeated_after_a_doubt(
    perform: Perform, server: FakeServer, answer: Answer
) -> None:  # R6749-25
    server.script("/token", answer)
    flow = send(post(server, repeatable=False))
    if answer is CLOSE:
        with pytest.raises(TransportError):
            perform(flow, _policy())
    else:
        assert perform(flow, _policy()).status == answer.status
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [429, 503])
def test_a_request_that_spends_something_is_repeated_when_it_was_not_looked_at(
    perform: Perform, server: FakeServer, status: int
) -> None:
    server.script("/token", Answer(status=status))
    assert perform(send(post(server, repeatable=False)), _policy()).status == 200


def test_within_cuts_retries_short(perform: Perform, server: FakeServer) -> None:
    server.script("/jwks", Answer(status=503, headers={"Retry-After": "5"}))
    around = _policy()
    assert perform(within(4, send(get(server))), around).status == 503
    assert _slept(around) == []


def test_the_nearer_of_two_deadlines_counts(perform: Perform, server: FakeServer) -> None:
    server.script("/jwks", Answer(status=503, headers={"Retry-After": "5"}))
    around = _policy()
    assert perform(within(4, within(60, send(get(server)))), around).status == 503
    assert _slept(around) == []


def test_the_small_effects(perform: Perform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKENFLOW_TEST_SECRET", "s")
    clock = FakeClock(1000)
    around = Surroundings(store=MemoryStore(), clock=clock)

    def flow() -> Flow[tuple[Any, ...]]:
        yield from sleep(5)
        yield from save("k", "v", replaces=None)
        yield from remember("document", "text")
        drawn = yield from random(16)
        return (
            (yield from now()),
            len(drawn),
            (yield from resolve(Reference(EnvSource("TOKENFLOW_TEST_SECRET")))),
            (yield from load("k")),
            (yield from recall("document")),
            (yield from recall("nothing")),
        )

    time_, size, secret, text, remembered, nothing = perform(flow(), around)
    assert (time_, size, secret, text, nothing) == (1005, 16, Secret("s"), "v", None)
    assert (remembered.text, remembered.at) == ("text", 1005)


def test_a_flow_gets_the_error_of_its_effect_and_may_handle_it(perform: Perform) -> None:
    def flow() -> Flow[str]:
        try:
            yield from resolve(Reference(EnvSource("TOKENFLOW_TEST_UNSET")))
        except SecretError:
            return "handled"
        return "not reached"

    assert perform(flow()) == "handled"
    with pytest.raises(SecretError):
        perform(resolve(Reference(EnvSource("TOKENFLOW_TEST_UNSET"))))


def test_a_warning_is_told_once_and_a_step_every_time(perform: Perform, caplog: pytest.LogCaptureFixture) -> None:
    def flow() -> Flow[None]:
        for _ in range(2):
            yield from tell("warning", "once")
            yield from tell("info", "again")

    with caplog.at_level(logging.DEBUG, "tokenflow"):
        perform(flow())
    assert [record.message for record in caplog.records if record.message in ("once", "again")] == [
        "once",
        "again",
        "again",
    ]


def test_exclusive_runs_its_body_alone_and_frees_the_lock_after_an_error(perform: Perform) -> None:
    store = MemoryStore()
    around = Surroundings(store=store, clock=FakeClock())

    def body() -> Flow[str]:
        assert store.try_acquire("k") is None
        yield from sleep(0)
        raise ValueError("from the body")

    with pytest.raises(ValueError, match="from the body"):
        perform(exclusive("k", body()), around)
    lease = store.try_acquire("k")
    assert lease
    lease.release()


def _answer() -> Flow[str]:
    yield from sleep(0)
    return "ran"


def test_exclusive_waits_for_another_process_and_gives_up_in_the_end(perform: Perform) -> None:  # F-096
    store = MemoryStore()
    lease = store.try_acquire("k")
    assert lease
    around = Surroundings(store=store, clock=FakeClock(), retry=replace(ONCE, deadline=3))
    with pytest.raises(StoreError, match="another process holds the lock"):
        perform(exclusive("k", _answer()), around)
    assert sum(_slept(around)) == pytest.approx(13, abs=0.1)
    assert perform(exclusive_or_busy("k", _answer()), around) is BUSY
    lease.release()
    assert perform(exclusive("k", _answer()), around) == "ran"
    assert perform(exclusive_or_busy("k", _answer()), around) == "ran"


def test_exclusive_takes_its_turn_when_the_other_is_done(perform: Perform) -> None:
    store = MemoryStore()
    lease = store.try_acquire("k")
    assert lease
    clock = FakeClock()
    release, tick = lease.release, clock.sleep

    def sleep_then_release(seconds: float) -> None:
        tick(seconds)
        if len(clock.slept) == 3:
            release()

    clock.sleep = sleep_then_release  # type: ignore[method-assign]  # the third look finds the lock free
    assert perform(exclusive("k", _answer()), Surroundings(store=store, clock=clock)) == "ran"


def test_threads_of_one_process_wait_for_each_other_without_polling() -> None:
    store = MemoryStore()
    order: list[str] = []
    inside, leave = threading.Event(), threading.Event()

    def first() -> Flow[None]:
        order.append("first begins")
        inside.set()
        assert leave.wait(10)
        order.append("first ends")
        yield from sleep(0)

    def second() -> Flow[None]:
        order.append("second")
        yield from sleep(0)

    with httpx.Client() as client:
        clock = FakeClock()
        drivers = [Driver(lambda: client, Surroundings(store=store, clock=clock)) for _ in range(2)]
        threads = [
            threading.Thread(target=lambda d=driver, f=flow: d.run(exclusive("k", f())))  # type: ignore[misc]
            for driver, flow in zip(drivers, (first, second), strict=True)
        ]
        threads[0].start()
        assert inside.wait(10)
        threads[1].start()
        assert drivers[1].run(exclusive_or_busy("k", _answer())) is BUSY
        leave.set()
        for thread in threads:
            thread.join(10)
    assert order == ["first begins", "first ends", "second"]
    assert clock.slept.count(0) == 2
    assert len(clock.slept) == 2


def test_tasks_of_one_loop_wait_for_each_other_and_cancelling_one_harms_no_other() -> None:  # F-101
    async def main() -> list[str]:
        store = MemoryStore()
        order: list[str] = []
        async with httpx.AsyncClient() as client:
            driver = AsyncDriver(lambda: client, Surroundings(store=store))

            def slow() -> Flow[None]:
                order.append("slow begins")
                yield from sleep(0.1)
                order.append("slow ends")

            def quick() -> Flow[None]:
                order.append("quick")
                yield from sleep(0)

            holder = asyncio.create_task(driver.run(exclusive("k", slow())))
            await asyncio.sleep(0.02)
            waiters = [asyncio.create_task(driver.run(exclusive("k", quick()))) for _ in range(3)]
            await asyncio.sleep(0)
            assert await driver.run(exclusive_or_busy("k", quick())) is BUSY
            waiters[0].cancel()
            holder.cancel()
            results = await asyncio.gather(holder, *waiters, return_exceptions=True)
            assert [type(result) for result in results] == [
                asyncio.CancelledError,
                asyncio.CancelledError,
                type(None),
                type(None),
            ]
            lease = store.try_acquire("k")
            assert lease
            lease.release()
        return order

    # What was under way comes to its end: a refresh token may be in flight (promise 3).
    assert asyncio.run(main()) == ["slow begins", "slow ends", "quick", "quick"]


def test_a_renewal_that_fails_when_its_caller_is_gone_is_heard_by_nobody() -> None:
    async def main() -> None:
        async with httpx.AsyncClient() as client:
            driver = AsyncDriver(lambda: client, Surroundings(store=MemoryStore()))

            def failing() -> Flow[None]:
                yield from sleep(0.02)
                raise ValueError("nobody hears this")

            caller = asyncio.create_task(driver.run(exclusive("k", failing())))
            await asyncio.sleep(0.01)
            caller.cancel()
            await asyncio.sleep(0.05)

    asyncio.run(main())


def test_a_task_that_waits_too_long_for_another_gives_up() -> None:
    async def main() -> None:
        async with httpx.AsyncClient() as client:
            driver = AsyncDriver(lambda: client, Surroundings(store=MemoryStore()))
            holder = asyncio.create_task(driver.run(exclusive("k", sleep(60))))
            await asyncio.sleep(0.01)
            with pytest.raises(StoreError, match="another process holds the lock"):
                await driver.run(within(0.05, exclusive("k", _answer())))
            holder.cancel()
            await asyncio.gather(holder, return_exceptions=True)

    asyncio.run(main())


class _TlsServer:
    """Accept TLS connections with a certificate of our own authority, and answer `{}`."""

    def __init__(self, authority: trustme.CA, name: str) -> None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert(name).configure_cert(context)
        self._listener = __import__("socket").create_server(("127.0.0.1", 0))
        self._context = context
        self.url = f"https://127.0.0.1:{self._listener.getsockname()[1]}/"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
                with self._context.wrap_socket(connection, server_side=True) as stream:
                    stream.recv(65536)
                    stream.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
            except ssl.SSLError:
                continue
            except OSError:
                return

    def close(self) -> None:
        self._listener.close()


@pytest.mark.parametrize(
    ("name", "trusted", "said"),
    [("127.0.0.1", False, "is refused"), ("other.test", True, "is refused"), ("127.0.0.1", True, None)],
    ids=["unknown authority", "wrong host", "trusted"],
)
def test_certificates_are_checked_and_never_waived(
    perform: Perform, tmp_path: Path, name: str, *, trusted: bool, said: str | None
) -> None:  # R6749-27, F-013
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    options = HttpOptions(ca_bundle=str(tmp_path / "ca.pem")) if trusted else HttpOptions()
    around = _policy()
    with closing(_TlsServer(authority, name)) as server:
        flow = send(HttpRequest(method="GET", url=server.url))
        if said is None:
            assert perform(flow, around, options).status == 200
            return
        with pytest.raises(TransportError, match=said) as caught:
            perform(flow, around, options)
    assert caught.value.permanent
    assert not caught.value.sent
    assert _slept(around) == []


def test_a_ca_bundle_that_cannot_be_read_is_said_by_name(perform: Perform) -> None:
    with pytest.raises(SecretError, match=r"http\.ca_bundle: /no/such/ca\.pem cannot be used: No such file"):
        perform(
            send(HttpRequest(method="GET", url="https://127.0.0.1/")), None, HttpOptions(ca_bundle="/no/such/ca.pem")
        )


def test_loopback_is_never_asked_through_a_proxy(
    perform: Perform, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:  # F-011
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert perform(send(get(server)), None, HttpOptions(proxy=Secret("http://127.0.0.1:9"))).status == 200


def test_narration_tells_every_exchange_and_no_secret(
    perform: Perform, server: FakeServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.script("/token", Answer.error("invalid_request", error_description="got service-secret", extra="e"))
    with caplog.at_level(logging.DEBUG):
        perform(send(post(server)))
        server.script("/jwks", Answer.html(404))
        perform(send(get(server)))
    said = [record.getMessage() for record in caplog.records if record.name == "tokenflow"]
    assert said[0] == f"POST {server.url}/token grant_type=client_credentials, client_id=service, client_secret=***"
    assert "error=invalid_request, error_description=got ***, extra=***" in said[1]
    assert said[3].endswith("text/html")
    assert "service-secret" not in caplog.text


def test_time_left_is_never_negative() -> None:
    around = Surroundings(store=MemoryStore(), clock=FakeClock(100), timeout=10)
    assert around.time_left(None) == 10
    assert around.time_left(105) == 5
    assert around.time_left(50) == 0


def test_the_system_clock_is_the_machines() -> None:
    around = Surroundings(store=MemoryStore())
    before = time.time()
    around.clock.sleep(0)
    asyncio.run(around.clock.sleep_async(0))
    assert before <= around.clock.now() <= time.time()
