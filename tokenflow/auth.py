"""`runner.auth()`: tokens on httpx requests, to the hosts that may have them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, final
from urllib.parse import urlsplit

import httpx

from tokenflow.addresses import is_loopback, origin
from tokenflow.runner import AsyncRunner, Runner

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator

    from tokenflow.profile import Profile
    from tokenflow.tokens import TokenSet

_REFUSED: Final = 401


@final
class RunnerAuth(httpx.Auth):
    """Send the runner's token; after a 401, renew it once and send the request once more (RFC 6750 section 3.1)."""

    def __init__(self, runner: Runner | AsyncRunner) -> None:
        self._runner = runner

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Authorize one request of an `httpx.Client`."""
        runner = self._runner
        if not isinstance(runner, Runner):
            raise TypeError("an AsyncRunner's auth() is for httpx.AsyncClient; use a Runner with httpx.Client")
        check_destination(runner.profile, str(request.url))
        token = runner.token()
        response = yield _with(request, token)
        if response.status_code == _REFUSED:
            runner.invalidate(token)
            yield _with(request, runner.token())

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Authorize one request of an `httpx.AsyncClient`."""
        runner = self._runner
        if not isinstance(runner, AsyncRunner):
            raise TypeError("a Runner's auth() is for httpx.Client; use an AsyncRunner with httpx.AsyncClient")
        check_destination(runner.profile, str(request.url))
        token = await runner.token()
        response = yield _with(request, token)
        if response.status_code == _REFUSED:
            await runner.invalidate(token)
            yield _with(request, await runner.token())


def _with(request: httpx.Request, token: TokenSet) -> httpx.Request:
    request.headers["Authorization"] = token.authorization
    return request


def check_destination(profile: Profile, address: str) -> None:
    """Check that the profile's token may be sent to `address`: one of `send_to`, and https off loopback (R6750-03).

    Raises:
        ProfileError: it may not.
    """
    target = origin(address)
    if profile.send_to and target not in {origin(allowed) for allowed in profile.send_to}:
        allowed = ", ".join(profile.send_to)
        raise profile.refused("send_to", f"the token may not be sent to {target}", f"it may go to {allowed}")
    parts = urlsplit(address)
    if parts.scheme != "https" and not is_loopback(parts.hostname):
        raise profile.refused("send_to", f"the token may not be sent to {target}", "plain http is for loopback only")
