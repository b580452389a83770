"""`tokenflow explain PROFILE`: what the profile comes to, where each value is from, and every request it leads to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokenflow.deliver.stdout import write

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("profile", metavar="PROFILE", help="a profile's YAML file")
    parser.add_argument(
        "--discover", action="store_true", help="ask the server for its metadata; nothing is sent without it"
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument(
        "--format", choices=("text", "mermaid"), default="text", help="text, or a Mermaid sequence diagram"
    )
    form.add_argument(
        "--curl", action="store_true", help="print the requests as curl commands, with secrets as shell variables"
    )


def execute(arguments: argparse.Namespace) -> int:
    """Print the explanation."""
    from tokenflow.explanation.curl import curl  # noqa: PLC0415 - after the arguments are known to be right
    from tokenflow.explanation.explaining import explain  # noqa: PLC0415
    from tokenflow.explanation.mermaid import mermaid  # noqa: PLC0415
    from tokenflow.explanation.text import text  # noqa: PLC0415

    written = curl if arguments.curl else mermaid if arguments.format == "mermaid" else text
    write(written(explain(arguments.profile, discover=arguments.discover)))
    return 0
