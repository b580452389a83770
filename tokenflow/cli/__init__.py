"""The command line: one file a command; the only place that prints, exits and sets up logging."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    from tokenflow.cli.dispatch import run  # noqa: PLC0415 - the console script imports this package for every command

    return run(argv)
