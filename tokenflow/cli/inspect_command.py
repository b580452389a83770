"""`tokenflow inspect [TOKEN|-]`: decode a JWT; with `--profile`, verify it."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Final

from tokenflow.cli.messages import say
from tokenflow.deliver.stdout import write
from tokenflow.errors import VerificationError

if TYPE_CHECKING:
    import argparse

    from tokenflow.protocol.jws import Jwt

LARGEST: Final = 1024 * 1024  # characters


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "token", metavar="TOKEN", nargs="?", default="-", help="the token; - or nothing reads it from standard input"
    )
    parser.add_argument("--profile", metavar="PROFILE", help="verify the token against this profile's server")


def execute(arguments: argparse.Namespace) -> int:
    """Print the token's header and claims as JSON; say on stderr whether they were verified."""
    token = _verified(arguments) if arguments.profile is not None else _decoded(_token(arguments.token))
    write(json.dumps({"header": token.header, "claims": token.claims}, indent=2) + "\n")
    if arguments.profile is None:
        say("tokenflow: decoded, not verified (--profile verifies)", log_format=arguments.log_format)
    else:
        say("tokenflow: verified", log_format=arguments.log_format)
    return 0


def _verified(arguments: argparse.Namespace) -> Jwt:
    from tokenflow.runner import Runner  # noqa: PLC0415 - only with --profile

    with Runner.from_file(arguments.profile) as runner:
        token = _decoded(_token(arguments.token))
        runner.verify(token.text)
    return token


def _decoded(text: str) -> Jwt:
    from tokenflow.protocol.jws import NotAJwtError, decode  # noqa: PLC0415 - it loads PyJWT

    try:
        return decode(text)
    except NotAJwtError as error:
        raise VerificationError("the token", "a JWT", f"opaque ({error})", doing="decoding it") from None


def _token(argument: str) -> str:
    if argument != "-":
        return argument.strip()
    if sys.stdin is None or sys.stdin.isatty():
        say("tokenflow: paste the token, then a line break and Ctrl-D")
    return sys.stdin.read(LARGEST).strip() if sys.stdin is not None else ""
