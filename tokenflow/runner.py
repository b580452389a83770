"""Runner and AsyncRunner: a profile that hands out valid tokens, for blocking and for asynchronous programs.

Both drive the same flows. On a fresh token they do no more than compare the time.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any, Self, final

from tokenflow.protocol.freshness import windows
from tokenflow.protocol.pipeline import Obtained, Wish, forget_access_token, valid_token
from tokenflow.secret import Secret
from tokenflow.session import Session
from tokenflow.tokens import TokenSet
from tokenflow.unbuilt import refuse_unbuilt

if TYPE_CHECKING:
    import os

    import httpx

    from tokenflow.auth import RunnerAuth
    from tokenflow.profile import Profile
    from tokenflow.world.async_driver import AsyncDriver
    from tokenflow.world.clock import Clock
    from tokenflow.world.driver import Driver
    from tokenflow.world.stores import Store


class _Held:
    """The token that a runner has at hand, until when (Unix time) it is simply fresh, and when it expires."""

    __slots__ = ("expires_at", "token", "until")

    def __init__(self, token: TokenSet, until: float, expires_at: float) -> None:
        self.token = token
        self.until = until
        self.expires_at = expires_at

    @classmethod
    def of(cls, obtained: Obtained, profile: Profile) -> _Held:
        token = obtained.token
        if token.expires_at is None:
            return cls(token, float("inf"), float("inf"))
        window = windows(profile.refresh, obtained.record.lifetime).widest
        return cls(token, token.expires_at - window, token.expires_at)

    def serves(self, now: float, min_validity: float | None) -> bool:
        return now < self.until and (min_validity is None or self.expires_at - now >= min_validity)


_NOTHING = _Held(TokenSet(""), 0.0, 0.0)


@final
class Runner:
    """Hand out valid tokens for one profile. Threads may share it.

    `store` and `client` are the caller's own, where given; a `client` stays the caller's to close. The constructor does
    no I/O.

    Raises:
        ProfileError: this version does not do all that the profile asks for.
    """

    def __init__(
        self,
        profile: Profile,
        *,
        store: Store | None = None,
        client: httpx.Client | None = None,
        clock: Clock | None = None,
    ) -> None:
        refuse_unbuilt(profile)
        self.profile = profile
        self._store = store
        self._client = client
        self._clock = clock
        self._now = clock.now if clock else time.time
        self._own_client: httpx.Client | None = None
        self._session: Session | None = None
        self._held = _NOTHING
        self._starting = threading.Lock()

    @classmethod
    def from_file(cls, path: str | os.PathLike[str], **seams: Any) -> Self:
        """Make a runner for the profile in `path`.

        Raises:
            ProfileError: the profile cannot be used.
        """
        from tokenflow.loading import load_profile  # noqa: PLC0415 - a profile made by hand needs no YAML

        return cls(load_profile(path), **seams)

    def token(self, min_validity: float | None = None, refresh: bool = False) -> TokenSet:  # noqa: FBT002 - the shape callers know
        """Return a token that is good for at least `min_validity` seconds more (default: the profile's).

        With `refresh`, ask for a new one. A fresh token costs no lock, no file, no request.

        Raises:
            VerificationError: the server's tokens do not live that long, or the new one is not right.
            OAuthError, ProtocolError, TransportError, SecretError, StoreError, InteractionRequired: see their classes.
        """
        held = self._held
        if not refresh and held.serves(self._now(), min_validity):
            return held.token
        return self.obtain(Wish(min_validity=min_validity, new=refresh)).token

    def obtain(self, wish: Wish) -> Obtained:
        """Return a token as `token` does, and how it came about."""
        driver, session = self._started()
        obtained = driver.run(valid_token(session.profile, wish))
        self._held = _Held.of(obtained, session.profile)
        return obtained

    def invalidate(self, token: TokenSet) -> None:
        """Forget `token`, which a server refused; N callers that got the same one renew once."""
        self._held = _NOTHING
        driver, session = self._started()
        driver.run(forget_access_token(session.profile, Secret(token.access_token)))

    def verify(self, access_token: str) -> dict[str, Any]:
        """Verify an access token of the profile's server and return its claims.

        Raises:
            VerificationError: it is not one of the server's, or is out of date.
        """
        from tokenflow.protocol.verification import verified_claims  # noqa: PLC0415 - rarely wanted

        driver, session = self._started()
        return driver.run(verified_claims(access_token, session.profile))

    def auth(self) -> RunnerAuth:
        """Return an `httpx.Auth` that sends the token, and a new one after a 401."""
        from tokenflow.auth import RunnerAuth  # noqa: PLC0415 - it loads httpx

        return RunnerAuth(self)

    def close(self) -> None:
        """Close what the runner opened."""
        if self._own_client is not None:
            self._own_client.close()
        if self._session is not None:
            self._session.close()
        self._own_client = self._session = None
        self._held = _NOTHING

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _started(self) -> tuple[Driver, Session]:
        from tokenflow.world.driver import Driver  # noqa: PLC0415 - a profile made by hand may never start

        with self._starting:
            if self._session is None:
                self._session = Session(self.profile, self._store, self._clock)
            return Driver(self._http, self._session.around), self._session

    def _http(self) -> httpx.Client:
        if self._client is not None:
            return self._client
        with self._starting:
            if self._own_client is None:
                from tokenflow.world.exchange import new_client  # noqa: PLC0415 - a stored token needs no network

                self._own_client = new_client(self.profile.http)
            return self._own_client


@final
class AsyncRunner:
    """Hand out valid tokens for one profile to the tasks of one event loop. The twin of `Runner`; see there."""

    def __init__(
        self,
        profile: Profile,
        *,
        store: Store | None = None,
        client: httpx.AsyncClient | None = None,
        clock: Clock | None = None,
    ) -> None:
        refuse_unbuilt(profile)
        self.profile = profile
        self._store = store
        self._client = client
        self._clock = clock
        self._now = clock.now if clock else time.time
        self._own_client: httpx.AsyncClient | None = None
        self._session: Session | None = None
        self._held = _NOTHING

    @classmethod
    def from_file(cls, path: str | os.PathLike[str], **seams: Any) -> Self:
        """Make a runner for the profile in `path`; see `Runner.from_file`."""
        from tokenflow.loading import load_profile  # noqa: PLC0415 - a profile made by hand needs no YAML

        return cls(load_profile(path), **seams)

    async def token(self, min_validity: float | None = None, refresh: bool = False) -> TokenSet:  # noqa: FBT002 - the shape callers know
        """Return a token that is good for at least `min_validity` seconds more; see `Runner.token`."""
        held = self._held
        if not refresh and held.serves(self._now(), min_validity):
            return held.token
        driver, session = self._started()
        obtained = await driver.run(valid_token(session.profile, Wish(min_validity=min_validity, new=refresh)))
        self._held = _Held.of(obtained, session.profile)
        return obtained.token

    async def invalidate(self, token: TokenSet) -> None:
        """Forget `token`, which a server refused; see `Runner.invalidate`."""
        self._held = _NOTHING
        driver, session = self._started()
        await driver.run(forget_access_token(session.profile, Secret(token.access_token)))

    def auth(self) -> RunnerAuth:
        """Return an `httpx.Auth` for an `httpx.AsyncClient`."""
        from tokenflow.auth import RunnerAuth  # noqa: PLC0415 - it loads httpx

        return RunnerAuth(self)

    async def close(self) -> None:
        """Close what the runner opened."""
        if self._own_client is not None:
            await self._own_client.aclose()
        if self._session is not None:
            self._session.close()
        self._own_client = self._session = None
        self._held = _NOTHING

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def _started(self) -> tuple[AsyncDriver, Session]:
        from tokenflow.world.async_driver import AsyncDriver  # noqa: PLC0415 - it loads asyncio

        if self._session is None:
            self._session = Session(self.profile, self._store, self._clock)
        return AsyncDriver(self._http, self._session.around), self._session

    def _http(self) -> httpx.AsyncClient:
        if self._client is not None:
            return self._client
        if self._own_client is None:
            from tokenflow.world.exchange import new_async_client  # noqa: PLC0415 - a stored token needs no network

            self._own_client = new_async_client(self.profile.http)
        return self._own_client
