"""A clock that does not wait: it remembers how long it was asked to."""

from __future__ import annotations


class FakeClock:
    """A wall clock that stands still, but for what is slept."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.time = now
        self.slept: list[float] = []

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds

    async def sleep_async(self, seconds: float) -> None:
        self.sleep(seconds)
