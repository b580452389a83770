"""Runner and AsyncRunner against a strict fake server."""

from __future__ import annotations

import asyncio
import copy
import os
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from support.clocks import FakeClock
from support.fake_server import CLOSE, Answer, FakeServer

from tokenflow import (
    AsyncRunner,
    OAuthError,
    Profile,
    ProfileError,
    Runner,
    TokenSet,
    TransportError,
    VerificationError,
)
from tokenflow.profile import Client, HttpOptions, RefreshPolicy, RetryPolicy, StoreChoice, VerifyPolicy
from tokenflow.secret import Secret
from tokenflow.world.stores.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

IMPATIENT = RefreshPolicy(retry=RetryPolicy(attempts=1, first_delay=0.01, deadline=5))


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with FakeServer() as running:
        yield running


def profile_for(server: FakeServer, **changes: Any) -> Profile:
    profile = Profile(
        app_type="service",
        issuer=server.url,
        client=Client(id="service", secret=Secret("service-secret")),
        refresh=IMPATIENT,
        store=StoreChoice(kind="memory"),
    )
    return replace(profile, **changes)


def test_a_fresh_token_costs_no_request_no_lock_and_no_file(server: FakeServer) -> None:
    class Untouchable:
        def __getattr__(self, name: str) -> Any:
            raise AssertionError(f"the store was asked for {name}")

    with Runner(profile_for(server)) as runner:
        first = runner.token()
        assert runner._session is not None
        runner._session.around.store = Untouchable()  # type: ignore[assignment]
        assert runner.token() is first
    assert len(server.token_requests) == 1


def test_constructing_a_runner_does_nothing() -> None:
    Runner(Profile(app_type="service", issuer="https://unreachable.test", client=Client(id="c")))
    AsyncRunner(Profile(app_type="service", issuer="https://unreachable.test", client=Client(id="c")))


def test_what_is_not_built_is_refused_by_name_before_anything_is_done() -> None:
    for kind in (Runner, AsyncRunner):
        with pytest.raises(ProfileError, match="flow authorization_code is not built yet"):
            kind(Profile(app_type="desktop", issuer="https://unreachable.test", client=Client(id="c")))


@pytest.mark.parametrize("kind", ["threads", "tasks"])
def test_many_callers_make_one_request(server: FakeServer, kind: str) -> None:  # F-093
    server.token_delay = 0.1
    if kind == "threads":
        with Runner(profile_for(server)) as runner, ThreadPoolExecutor(50) as pool:
            tokens = list(pool.map(lambda _: runner.token(), range(50)))
    else:

        async def main() -> list[TokenSet]:
            async with AsyncRunner(profile_for(server)) as runner:
                return list(await asyncio.gather(*(runner.token() for _ in range(200))))

        tokens = asyncio.run(main())
    assert len(server.token_requests) == 1
    assert len({token.access_token for token in tokens}) == 1


def test_a_token_that_was_refused_is_renewed_once_by_all_who_had_it(server: FakeServer) -> None:
    server.token_delay = 0.05
    with Runner(profile_for(server)) as runner:
        failed = runner.token()
        barrier = threading.Barrier(20)

        def renew(_: int) -> TokenSet:
            barrier.wait()
            runner.invalidate(failed)
            return runner.token()

        with ThreadPoolExecutor(20) as pool:
            tokens = list(pool.map(renew, range(20)))
    assert len(server.token_requests) == 2
    assert {token.access_token for token in tokens} == {server.issued[1]}


def test_invalidating_an_older_token_does_not_cost_the_newer_one(server: FakeServer) -> None:
    async def main() -> None:
        async with AsyncRunner(profile_for(server)) as runner:
            old = await runner.token()
            new = await runner.token(refresh=True)
            await runner.invalidate(old)
            assert await runner.token() == new

    asyncio.run(main())
    assert len(server.token_requests) == 2


def test_a_due_token_is_renewed_and_serves_when_that_fails(server: FakeServer) -> None:  # promise 2
    server.refresh_tokens = "rotating"
    clock = FakeClock()
    with Runner(profile_for(server), clock=clock) as runner:
        first = runner.token()
        clock.time += 3600 - 200  # due: 300 s before expiry
        server.script("/token", Answer(status=500))
        assert runner.token() == first
        assert runner.token() != first
        assert len(server.token_requests) == 3


def test_an_expired_token_is_not_served_when_the_server_is_down(server: FakeServer) -> None:
    clock = FakeClock()
    with Runner(profile_for(server), clock=clock) as runner:
        runner.token()
        server.stop()
        clock.time += 3600 - 30
        with pytest.raises(TransportError, match="cannot be reached"):
            runner.token()
        clock.time += 3600
        with pytest.raises(TransportError):
            runner.token()


def test_a_store_and_a_client_of_the_callers_own_are_used_and_left_open(server: FakeServer) -> None:
    store = MemoryStore()
    with httpx.Client() as client:
        with Runner(profile_for(server), store=store, client=client) as one:
            token = one.token()
        assert not client.is_closed
        with Runner(profile_for(server), store=store, client=client) as another:
            assert another.token() == token
    assert len(server.token_requests) == 1


def test_an_async_client_of_the_callers_own_is_left_open(server: FakeServer) -> None:
    async def main() -> None:
        async with httpx.AsyncClient() as client:
            async with AsyncRunner(profile_for(server), client=client) as runner:
                await runner.token()
            assert not client.is_closed

    asyncio.run(main())


def test_a_closed_runner_can_begin_anew(server: FakeServer) -> None:
    runner = Runner(profile_for(server))
    runner.close()
    first = runner.token()
    runner.close()
    assert runner.token() != first  # the memory store went with the session
    runner.close()


def test_an_explicit_validity_is_met_or_refused(server: FakeServer) -> None:  # promise 1
    clock = FakeClock()
    with Runner(profile_for(server), clock=clock) as runner:
        first = runner.token()
        clock.time += 600
        assert runner.token(min_validity=2000) == first
        assert runner.token(min_validity=3300) != first
        with pytest.raises(VerificationError, match=r"3600 s.*at least 7200 s"):
            runner.token(min_validity=7200)


def test_two_requests_lost_in_a_refresh_cost_at_most_one_token(server: FakeServer) -> None:  # F-009
    server.refresh_tokens = "kept"
    with Runner(profile_for(server)) as runner:
        runner.token()
        server.script("/token", CLOSE)
        with pytest.raises(TransportError):
            runner.token(refresh=True)  # the present token is still valid: the refresh token is not sent again
        assert len(server.token_requests) == 2


def test_verify_says_what_a_token_is() -> None:
    with FakeServer(signed=True) as server, Runner(profile_for(server)) as runner:
        token = runner.token()
        assert runner.verify(token.access_token)["client_id"] == "service"
        tampered = token.access_token[:-5] + ("AAAAA" if not token.access_token.endswith("AAAAA") else "BBBBB")
        with pytest.raises(VerificationError, match="the signature"):
            runner.verify(tampered)
        with pytest.raises(VerificationError, match="opaque"):
            runner.verify(server.sign(iss="https://another.test"))


def test_verification_that_is_switched_off_still_serves_verify() -> None:
    with FakeServer(signed=True) as server:
        profile = profile_for(server, verify=VerifyPolicy(access_token="none"))
        with Runner(profile) as runner:
            assert runner.verify(runner.token().access_token)["iss"] == server.url


def test_a_token_shows_itself_nowhere(server: FakeServer) -> None:  # F-151
    with Runner(profile_for(server)) as runner:
        token = runner.token()
        secret = token.access_token
        shown = [
            repr(token),
            str(token),
            repr(runner),
            repr(runner.profile),
            repr(asdict(token)),
            str(copy.copy(token)),
        ]
        assert all(secret not in text and "service-secret" not in text for text in shown)
        assert copy.deepcopy(token) == token
        with pytest.raises(TypeError, match="cannot be pickled"):
            pickle.dumps(token)


def test_a_profile_from_a_file_and_a_wrong_secret(server: FakeServer, tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(
        f"version: 1\napp_type: service\nissuer: {server.url}\nclient: {{id: service, secret: {{env: S}}}}\n"
        "store: memory\nrefresh: {retry: {attempts: 1}}\n"
    )
    os.environ["S"] = "wrong-canary"
    try:
        with Runner.from_file(path) as runner, pytest.raises(OAuthError) as caught:
            runner.token()
        async_runner = AsyncRunner.from_file(path)
        assert async_runner.profile == runner.profile
    finally:
        del os.environ["S"]
    assert (caught.value.error, caught.value.error_description) == (
        "invalid_client",
        "the client's credentials are wrong",
    )
    assert "wrong-canary" not in str(caught.value)


def test_the_embedded_issuer_lives_as_long_as_its_runner() -> None:
    profile = Profile(
        app_type="service",
        issuer="embedded",
        client=Client(id="service-quickstart", secret=Secret("quickstart-secret")),
        scopes=("itwin-platform",),
    )
    with Runner(profile) as runner:
        token = runner.token()
        assert httpx.get(f"{token.issuer}/jwks", trust_env=False).status_code == 200
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{token.issuer}/jwks", trust_env=False)

    async def main() -> TokenSet:
        async with AsyncRunner(profile) as runner:
            return await runner.token()

    assert asyncio.run(main()).scopes == ("itwin-platform",)


def test_an_unusable_ca_bundle_is_said_before_anything_is_sent(server: FakeServer) -> None:
    profile = profile_for(server, http=HttpOptions(ca_bundle="/no/such/ca.pem"))
    from tokenflow import SecretError

    with Runner(profile) as runner, pytest.raises(SecretError, match=r"/no/such/ca\.pem"):
        runner.token()
    assert server.requests == []


def test_a_caller_that_is_cancelled_puts_no_refresh_token_in_flight_twice(server: FakeServer) -> None:  # promise 3
    server.refresh_tokens = "rotating"

    async def main() -> TokenSet:
        async with AsyncRunner(profile_for(server)) as runner:
            await runner.token()
            server.token_delay = 0.3
            impatient = asyncio.create_task(runner.token(refresh=True))
            patient = asyncio.create_task(runner.token(refresh=True))
            await asyncio.sleep(0.1)
            impatient.cancel()
            return await patient

    assert asyncio.run(main()).access_token == server.issued[1]
    assert len(server.token_requests) == 2


def test_a_validity_that_the_token_at_hand_has_costs_no_more_than_none(server: FakeServer) -> None:
    with Runner(profile_for(server)) as runner:
        first = runner.token()
        runner._session = None  # whatever asks for it again would begin a new one, with an empty store
        assert runner.token(min_validity=300) is first


def test_two_folders_are_two_identities_and_two_ways_to_one_file_are_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tokenflow import load_profile
    from tokenflow.protocol.identity import identity

    text = (
        "version: 1\napp_type: service\nflow: refresh_token\nissuer: https://as.test\n"
        "client: {id: c, secret: {env: S}}\nrefresh_token: {file: rt.txt}\n"
    )
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "p.yaml").write_text(text)
    monkeypatch.chdir(tmp_path)
    from_above = identity(load_profile("one/p.yaml"))
    monkeypatch.chdir(tmp_path / "one")
    from_within = identity(load_profile("p.yaml"))
    monkeypatch.chdir(tmp_path / "two")
    other = identity(load_profile("p.yaml"))
    assert from_above == from_within
    assert from_above != other
