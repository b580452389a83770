"""Deliver to standard output, which has nothing yet; also where every command prints what it was asked for."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from tokenflow.errors import DeliveryError

if TYPE_CHECKING:
    from tokenflow.profile import DeliveryTarget


def deliver(target: DeliveryTarget, text: str) -> None:  # noqa: ARG001 - one signature for all
    """Write `text` and a line break. Raises DeliveryError."""
    write(text + "\n")


def lacks(target: DeliveryTarget, text: str) -> bool:  # noqa: ARG001 - one signature for all
    """Say yes: standard output has nothing yet."""
    return True


def write(text: str) -> None:
    """Write `text` to standard output, now and whole.

    Raises:
        BrokenPipeError: nobody reads it any more.
        DeliveryError: it cannot be written: the disk behind it is full, or it is closed.
    """
    if sys.stdout is None:
        raise DeliveryError("standard output is closed; nothing can be printed")
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        give_up()
        if isinstance(error, BrokenPipeError):
            raise
        raise DeliveryError(f"standard output cannot be written: {error.strerror}") from error


def give_up() -> None:
    """Send what is left in the buffer nowhere: Python would try again when it ends, and complain."""
    if sys.stdout is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
