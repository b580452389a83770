"""Durations as profiles and flags write them: `90s`, `5m`, `1h30m`, `500ms`, or whole seconds."""

from __future__ import annotations

import re
from typing import Final

_DURATION: Final = re.compile(r"(?:([0-9]{1,6})h)?(?:([0-9]{1,8})m(?!s))?(?:([0-9]{1,10})s)?(?:([0-9]{1,12})ms)?\Z")
_UNITS: Final = (3600.0, 60.0, 1.0, 0.001)


def seconds(written: str | int) -> float:
    """Return a duration in seconds.

    Raises:
        ValueError: it is not one.
    """
    if isinstance(written, int):
        return float(written)
    if written.isascii() and written.isdigit() and len(written) <= 10:  # noqa: PLR2004 - as many digits as the pattern takes
        return float(written)
    found = _DURATION.match(written)
    if not written or not found:
        raise ValueError("write a duration such as 90s, 5m, 1h30m or 500ms")
    return sum(int(number) * unit for number, unit in zip(found.groups(), _UNITS, strict=True) if number)
