"""From arguments to an exit status: call the command, and map every error to its row of the table."""

from __future__ import annotations

import signal
import sys
import traceback
from importlib import import_module
from typing import TYPE_CHECKING, Final, Never

from tokenflow.cli.arguments import parse
from tokenflow.cli.commands import COMMANDS
from tokenflow.cli.messages import report_error, report_problems, set_up, write_error
from tokenflow.deliver.stdout import give_up
from tokenflow.errors import (
    DeliveryError,
    InteractionRequired,
    OAuthError,
    ProfileError,
    ProtocolError,
    SecretError,
    StoreError,
    TokenflowError,
    TransportError,
    VerificationError,
)

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from types import FrameType

UNEXPECTED: Final = 3
NO_READER: Final = 7  # stdout is a delivery like any other
EXIT_STATUS: Final[dict[type[TokenflowError], int]] = {
    OAuthError: 1,
    ProtocolError: 1,
    ProfileError: 2,
    SecretError: 2,
    InteractionRequired: 4,
    TransportError: 5,
    VerificationError: 6,
    StoreError: 7,
    DeliveryError: 7,
}


class _Terminated(BaseException):
    """SIGTERM came."""


def _terminate(_signum: int, _frame: FrameType | None) -> Never:
    raise _Terminated


def run(argv: Sequence[str] | None = None) -> int:
    """Run one command and return the exit status."""
    words = list(sys.argv[1:] if argv is None else argv)
    verbose, log_format = 0, "text"
    try:
        signal.signal(signal.SIGTERM, _terminate)
        arguments = parse(words)
        verbose, log_format = arguments.verbose, arguments.log_format
        set_up(verbose=verbose, log_format=log_format)
        status = _execute(arguments)
    except SystemExit as exit_:
        status = exit_.code if isinstance(exit_.code, int) else UNEXPECTED
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except _Terminated:
        return 128 + signal.SIGTERM
    except BrokenPipeError:
        return NO_READER
    except Exception as error:  # noqa: BLE001 - a bug, said as one, without a traceback that nobody asked for
        _report_bug(error, verbose=verbose, log_format=log_format)
        return UNEXPECTED
    return status if _flushed() else NO_READER


def _flushed() -> bool:
    """Write out what argparse printed (help, version), if anybody reads it."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        give_up()
        return False
    return True


def _execute(arguments: argparse.Namespace) -> int:
    command = import_module(f"tokenflow.cli.{COMMANDS[arguments.command].module}")
    try:
        status: int = command.execute(arguments)
    except TokenflowError as error:
        return failed(error, log_format=arguments.log_format)
    return status


def failed(error: TokenflowError, *, log_format: str, about: str = "") -> int:
    """Report an error, `about` a profile where several are run, and return its exit status."""
    status = EXIT_STATUS[type(error)]
    if isinstance(error, ProfileError):
        report_problems(error.problems, status=status, log_format=log_format)
    else:
        report_error(error, status=status, log_format=log_format, about=about)
    return status


def _report_bug(error: Exception, *, verbose: int, log_format: str) -> None:
    if verbose:
        write_error("".join(traceback.format_exception(error)).rstrip())
    more = "" if verbose else "; -v shows where"
    bug = TokenflowError(f"unexpected {type(error).__name__}: this is a bug in tokenflow, please report it{more}")
    report_error(bug, status=UNEXPECTED, log_format=log_format)
