"""Time, as something that can be given: tests give one that does not wait."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """The wall clock, and waiting; all in seconds."""

    def now(self) -> float:
        """Return Unix time."""

    def sleep(self, seconds: float) -> None:
        """Wait."""

    async def sleep_async(self, seconds: float) -> None:
        """Wait without holding up the event loop."""


class SystemClock:
    """The machine's own clock."""

    def now(self) -> float:
        """Return Unix time."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)

    async def sleep_async(self, seconds: float) -> None:
        """Wait without holding up the event loop."""
        import asyncio  # noqa: PLC0415 - a sync caller never needs it

        await asyncio.sleep(seconds)
