"""`tokenflow dev-issuer`: run the development issuer until it is interrupted."""

from __future__ import annotations

import argparse
import signal
from contextlib import closing
from typing import Final

from tokenflow.cli.arguments import duration
from tokenflow.cli.messages import say
from tokenflow.deliver.stdout import write
from tokenflow.errors import Problem, ProfileError

HIGHEST_PORT: Final = 65535


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--port", type=_port, default=0, help="the port on 127.0.0.1 (default: a free one)")
    parser.add_argument(
        "--access-token-lifetime",
        type=duration,
        default=3600.0,
        metavar="DURATION",
        help="how long access tokens are good for, such as 30s (default: 1h)",
    )


def _port(text: str) -> int:
    if text.isascii() and text.isdigit() and int(text[:6]) <= HIGHEST_PORT:
        return int(text)
    raise argparse.ArgumentTypeError(f"a port is a number from 0 to {HIGHEST_PORT}")


def execute(arguments: argparse.Namespace) -> int:
    """Print the issuer's address on stdout, and serve."""
    try:
        from tokenflow.dev_issuer import KNOWN_CLIENTS, KNOWN_USERS, DevIssuer  # noqa: PLC0415 - an optional extra
    except ImportError as error:
        message = f"needs the extra `demo` ({error.name} is missing)"
        raise ProfileError(
            [Problem(file="tokenflow dev-issuer", message=message, advice="run `pip install 'tokenflow[demo]'`")]
        ) from None
    issuer = DevIssuer(port=arguments.port, access_token_lifetime=int(arguments.access_token_lifetime))
    try:
        issuer.start()
    except OSError as error:
        message = f"port {arguments.port} on 127.0.0.1 cannot be used: {error.strerror}"
        raise ProfileError(
            [Problem(file="tokenflow dev-issuer", message=message, advice="name another with --port")]
        ) from None
    with closing(issuer):
        say(
            "\n".join(
                (
                    "tokenflow: warning: this authorization server is for development: everybody knows its secrets",
                    f"  clients  {', '.join(client.client_id for client in KNOWN_CLIENTS)}",
                    f"  users    {', '.join(user.name for user in KNOWN_USERS)}",
                    "  Ctrl-C ends it",
                )
            ),
            log_format=arguments.log_format,
            message="this authorization server is for development: everybody knows its secrets",
            issuer=issuer.url,
        )
        write(issuer.url + "\n")
        signal.pause()
    return 0
