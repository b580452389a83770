"""Imported by a process whose PYTHONPATH begins here: its wall clock is ahead by SHIFTED_CLOCK_SECONDS.

The monotonic clock goes as ever, as when a machine's clock is set, or when hours pass between two commands.
"""

from __future__ import annotations

import os
import time
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def _ahead_by(seconds: float, clock: Callable[[], float]) -> float:
    return clock() + seconds


def _ahead_by_ns(nanoseconds: int, clock: Callable[[], int]) -> int:
    return clock() + nanoseconds


_SECONDS = float(os.environ["SHIFTED_CLOCK_SECONDS"])
time.time = partial(_ahead_by, _SECONDS, time.time)
time.time_ns = partial(_ahead_by_ns, int(_SECONDS * 1e9), time.time_ns)
