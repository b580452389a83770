"""`tokenflow schema`: print the JSON Schema of profiles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokenflow.deliver.stdout import write

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare no argument: there is one schema."""


def execute(arguments: argparse.Namespace) -> int:  # noqa: ARG001 - one signature for all
    """Print the schema as it is shipped."""
    from tokenflow.config.schema import schema_file  # noqa: PLC0415 - only this command needs it

    write(schema_file().read_text(encoding="utf-8"))
    return 0
