"""The argument parser. Only the command that is called adds its arguments, so that only its module is loaded."""

from __future__ import annotations

import argparse
import difflib
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, NoReturn

import tokenflow
from tokenflow.cli.commands import COMMANDS
from tokenflow.config.durations import seconds
from tokenflow.printable import printable

if TYPE_CHECKING:
    from collections.abc import Sequence


SHELLS: Final = ("bash", "zsh", "tcsh")


class _Parser(argparse.ArgumentParser):
    """argparse with suggestions for misspelt commands, and help that is laid out by rich."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_abbrev=False, formatter_class=_formatter, **options)

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\nTry `{self.prog} --help`.\n")


class _PrintCompletion(argparse.Action):
    """Print what a shell needs to complete every command and option, and end."""

    def __call__(self, parser: argparse.ArgumentParser, _namespace: Any, values: Any, _option: Any = None) -> NoReturn:
        import shtab  # noqa: PLC0415 - only completion needs it

        from tokenflow.deliver.stdout import write  # noqa: PLC0415

        write(shtab.complete(_parser(*COMMANDS), shell=values))
        parser.exit(0)


def _formatter(prog: str) -> argparse.HelpFormatter:
    from rich_argparse import RichHelpFormatter  # noqa: PLC0415 - only help is laid out

    return RichHelpFormatter(prog)


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Parse a command line; a mistake in it ends the program with exit status 2."""
    called = _called(argv)
    parser = _parser(called)
    if not argv:
        parser.print_help(sys.stderr)
        parser.exit(2)
    if called is not None and called not in COMMANDS:
        near = difflib.get_close_matches(called, COMMANDS, 1)
        meant = f"did you mean `{near[0]}`?" if near else f"the commands are {', '.join(COMMANDS)}"
        parser.error(f"there is no command `{printable(called, longest=60)}` in this version; {meant}")
    return parser.parse_args(argv)


def _parser(*called: str | None) -> argparse.ArgumentParser:
    parser = _Parser(
        prog="tokenflow",
        description="A YAML profile in, a valid OAuth 2.0 access token out.",
        epilog="Exit status: 0 done, 1 refused by the server, 2 usage or profile, 4 a person is needed,"
        " 5 unreachable, 6 verification failed, 7 store or delivery failed.",
    )
    parser.add_argument(
        "--print-completion", action=_PrintCompletion, choices=SHELLS, help="print a completion script for a shell"
    )
    parser.add_argument("--version", action="version", version=f"tokenflow {tokenflow.__version__}")
    _add_common(parser, verbose=0, log_format="text")
    commands = parser.add_subparsers(
        title="commands", dest="command", metavar="COMMAND", required=True, prog="tokenflow"
    )
    for name, row in COMMANDS.items():
        command = commands.add_parser(
            name, help=row.summary, description=row.summary[0].upper() + row.summary[1:] + "."
        )
        _add_common(command, verbose=argparse.SUPPRESS, log_format=argparse.SUPPRESS)
        if name in called:
            import_module(f"tokenflow.cli.{row.module}").add_arguments(command)
    return parser


def _add_common(parser: argparse.ArgumentParser, *, verbose: Any, log_format: Any) -> None:
    parser.add_argument(
        "-v", "--verbose", action="count", default=verbose, help="tell every exchange with the server, secrets hidden"
    )
    parser.add_argument(
        "--log-format", choices=("text", "json"), default=log_format, help="how messages on stderr are written"
    )


def _called(argv: Sequence[str]) -> str | None:
    """Return the command: the first word that is neither an option nor an option's value."""
    words = iter(argv)
    for word in words:
        if word in ("--log-format", "--print-completion"):
            next(words, None)
        elif not word.startswith("-"):
            return word
    return None


def duration(text: str) -> float:
    """Read a duration argument, in seconds."""
    try:
        return seconds(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
