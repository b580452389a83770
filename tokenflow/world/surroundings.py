"""What both drivers have in common: the things that flows ask for and that wait for nobody."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, final

from tokenflow.profile import Reference, RetryPolicy
from tokenflow.protocol.effects import Level, Remembered
from tokenflow.world.clock import Clock, SystemClock
from tokenflow.world.narration import logger
from tokenflow.world.references import read_reference

if TYPE_CHECKING:
    from collections.abc import Callable

    from tokenflow.secret import Secret
    from tokenflow.world.stores import Store

LEVELS: Final[dict[Level, int]] = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING}
# How much longer than a renewal may take a caller waits for somebody else's; seconds.
LOCK_GRACE: Final = 10.0


@final
@dataclass(slots=True, kw_only=True)
class Surroundings:
    """The world of one runner. `timeout` bounds one exchange, in seconds."""

    store: Store
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    timeout: float = 10.0
    clock: Clock = field(default_factory=SystemClock)
    read: Callable[..., Secret] = read_reference
    _remembered: dict[str, Remembered] = field(default_factory=dict)
    _told: set[str] = field(default_factory=set)

    def resolve(self, reference: Reference, deadline: float | None) -> Secret:
        """Read what a reference stands for, within the time that is left."""
        return self.read(reference, patience=self.time_left(deadline))

    def random(self, size: int) -> bytes:
        """Draw secure random bytes."""
        return os.urandom(size)

    def recall(self, key: str) -> Remembered | None:
        """Read what was remembered."""
        return self._remembered.get(key)

    def remember(self, key: str, text: str) -> None:
        """Keep a public document."""
        self._remembered[key] = Remembered(text, self.clock.now())

    def tell(self, level: Level, message: str) -> None:
        """Log a message; the same warning is given once."""
        if level == "warning":
            if message in self._told:
                return
            self._told.add(message)
        logger.log(LEVELS[level], "%s", message)

    def time_left(self, deadline: float | None) -> float:
        """Return how long one exchange may take now: the profile's timeout, or what is left until `deadline`."""
        return self.timeout if deadline is None else max(0.0, min(self.timeout, deadline - self.clock.now()))

    def lock_deadline(self, deadline: float | None) -> float:
        """Return until when (Unix time) a caller waits for somebody else's renewal."""
        own = self.clock.now() + self.retry.deadline + LOCK_GRACE
        return own if deadline is None else min(own, deadline)
