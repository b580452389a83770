"""`tokenflow token PROFILE`: print a valid access token and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokenflow.cli.arguments import duration
from tokenflow.deliver.formats import FORMATS
from tokenflow.deliver.stdout import write

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("profile", metavar="PROFILE", help="a profile's YAML file")
    parser.add_argument(
        "--format", choices=tuple(FORMATS), default="token", help="what is printed (default: the bare token)"
    )
    parser.add_argument(
        "--min-validity", type=duration, metavar="DURATION", help="how long the token must be good for, such as 10m"
    )
    parser.add_argument("--refresh", action="store_true", help="ask for a new token, whatever is stored")


def execute(arguments: argparse.Namespace) -> int:
    """Obtain the token and print it."""
    from tokenflow.runner import Runner  # noqa: PLC0415 - after the arguments are known to be right

    with Runner.from_file(arguments.profile) as runner:
        token = runner.token(min_validity=arguments.min_validity, refresh=arguments.refresh)
        write(FORMATS[arguments.format](token, runner.profile.name) + "\n")
    return 0
