"""What a runner works with once it works: the effective profile, its surroundings, and the embedded issuer."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, Protocol, final

from tokenflow.profile import EMBEDDED, Profile
from tokenflow.world.clock import Clock, SystemClock
from tokenflow.world.narration import logger
from tokenflow.world.stores import STORES, Store
from tokenflow.world.stores.memory import MemoryStore
from tokenflow.world.surroundings import Surroundings

EMBEDDED_LIFETIME: Final = 3600  # seconds, as IdentityServer's default


class _Closable(Protocol):
    def close(self) -> None: ...


@final
class Session:
    """Open a profile for use. `close` ends the embedded issuer, where there is one."""

    def __init__(self, profile: Profile, store: Store | None, clock: Clock | None) -> None:
        self._issuer: _Closable | None = None
        if profile.issuer == EMBEDDED:
            profile, store = self._embedded(profile), store or MemoryStore()
        self.profile = profile
        self.around = Surroundings(
            store=store or STORES[profile.store.kind](profile.store),
            retry=profile.refresh.retry,
            timeout=profile.http.timeout,
            clock=clock or SystemClock(),
        )

    def close(self) -> None:
        """End what the session started."""
        if self._issuer is not None:
            self._issuer.close()

    def _embedded(self, profile: Profile) -> Profile:
        try:
            from tokenflow.dev_issuer import DevIssuer  # noqa: PLC0415 - an optional extra
        except ImportError as error:
            message = f"the embedded issuer needs the extra `demo` ({error.name} is missing)"
            raise profile.refused("issuer", message, "run `pip install 'tokenflow[demo]'`") from None
        issuer = DevIssuer(access_token_lifetime=EMBEDDED_LIFETIME)
        issuer.start()
        self._issuer = issuer
        logger.warning("%s is an authorization server for development, for as long as this command runs", issuer.url)
        return replace(profile, issuer=issuer.url)
