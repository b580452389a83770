"""`runner.auth()` on httpx requests."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import httpx
import pytest

from tokenflow import AsyncRunner, Profile, ProfileError, Runner
from tokenflow.auth import check_destination
from tokenflow.profile import Client
from tokenflow.secret import Secret

PROFILE = Profile(
    app_type="service",
    issuer="embedded",
    client=Client(id="service-quickstart", secret=Secret("quickstart-secret")),
)


class Api:
    """A resource server that refuses the first `refusals` requests."""

    def __init__(self, refusals: int = 0) -> None:
        self.refusals = refusals
        self.seen: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request.headers["Authorization"])
        return httpx.Response(401 if len(self.seen) <= self.refusals else 200)


@pytest.mark.parametrize(("refusals", "status", "sent"), [(0, 200, 1), (1, 200, 2), (5, 401, 2)])
def test_a_refused_token_is_renewed_once_and_the_request_sent_once_more(
    refusals: int, status: int, sent: int
) -> None:  # R6750-04
    api = Api(refusals)
    with Runner(PROFILE) as runner, httpx.Client(transport=httpx.MockTransport(api), auth=runner.auth()) as client:
        assert client.get("https://api.test/").status_code == status
    assert len(api.seen) == len(set(api.seen)) == sent
    assert all(header.startswith("Bearer ") for header in api.seen)


@pytest.mark.parametrize(("refusals", "sent"), [(0, 1), (1, 2), (5, 2)])
def test_the_same_for_an_async_client(refusals: int, sent: int) -> None:
    api = Api(refusals)

    async def main() -> None:
        transport = httpx.MockTransport(api)
        async with AsyncRunner(PROFILE) as runner, httpx.AsyncClient(transport=transport, auth=runner.auth()) as client:
            await client.get("https://api.test/")

    asyncio.run(main())
    assert len(set(api.seen)) == sent


@pytest.mark.parametrize(
    ("send_to", "address", "allowed"),
    [
        ((), "https://anywhere.test/x", True),
        ((), "http://127.0.0.1:8000/x", True),
        ((), "http://localhost/x", True),
        ((), "http://anywhere.test/x", False),
        (("https://api.test",), "https://api.test/deep/path?q", True),
        (("https://api.test",), "https://API.test:443/", True),
        (("https://api.test",), "https://api.test:8443/", False),
        (("https://api.test",), "https://api.test.evil.test/", False),
        (("https://api.test", "https://other.test"), "https://other.test/", True),
        (("http://api.test",), "http://api.test/", False),
    ],
)
def test_a_token_goes_only_where_it_may(send_to: tuple[str, ...], address: str, *, allowed: bool) -> None:  # R6750-03
    profile = replace(PROFILE, send_to=send_to)
    if allowed:
        check_destination(profile, address)
    else:
        with pytest.raises(ProfileError, match="the token may not be sent to"):
            check_destination(profile, address)


def test_a_request_to_a_forbidden_host_is_not_sent_at_all() -> None:
    api = Api()
    profile = replace(PROFILE, send_to=("https://api.test",))
    with (
        Runner(profile) as runner,
        httpx.Client(transport=httpx.MockTransport(api), auth=runner.auth()) as client,
        pytest.raises(ProfileError),
    ):
        client.get("https://evil.test/")
    assert api.seen == []


def test_a_runner_is_for_its_own_kind_of_client() -> None:
    transport = httpx.MockTransport(Api())
    with httpx.Client(transport=transport) as client, pytest.raises(TypeError, match="use a Runner"):
        client.get("https://api.test/", auth=AsyncRunner(PROFILE).auth())

    async def main() -> None:
        async with httpx.AsyncClient(transport=transport) as client:
            await client.get("https://api.test/", auth=Runner(PROFILE).auth())

    with pytest.raises(TypeError, match="use an AsyncRunner"):
        asyncio.run(main())
