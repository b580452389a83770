"""`tokenflow run PROFILE...`: get a valid token the way the profile says, deliver it, and say what was done."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from tokenflow.cli.dispatch import failed
from tokenflow.cli.messages import say
from tokenflow.errors import TokenflowError
from tokenflow.printable import printable
from tokenflow.profile import EMBEDDED

if TYPE_CHECKING:
    import argparse

    from tokenflow.protocol.pipeline import Obtained
    from tokenflow.runner import Runner

_MINUTE: Final = 60
_HOUR: Final = 3600


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("profiles", metavar="PROFILE", nargs="+", help="a profile's YAML file")


def execute(arguments: argparse.Namespace) -> int:
    """Run every profile; one that fails does not stop the others. Return the first failure's exit status."""
    first = 0
    for profile in arguments.profiles:
        try:
            _run(profile, arguments)
        except TokenflowError as error:
            about = profile if len(arguments.profiles) > 1 else ""
            status = failed(error, log_format=arguments.log_format, about=about)
            first = first or status
    return first


def _run(path: str, arguments: argparse.Namespace) -> None:
    from tokenflow.deliver import deliver_all  # noqa: PLC0415 - after the arguments are known to be right
    from tokenflow.protocol.pipeline import Origin, Wish  # noqa: PLC0415
    from tokenflow.runner import Runner  # noqa: PLC0415

    with Runner.from_file(path) as runner:
        obtained = runner.obtain(Wish())
        delivered = deliver_all(runner.profile, obtained.token, new=obtained.origin is not Origin.STORED)
        _summarize(path, runner, obtained, delivered, arguments)


def _summarize(
    path: str, runner: Runner, obtained: Obtained, delivered: list[str], arguments: argparse.Namespace
) -> None:
    token, profile = obtained.token, runner.profile
    claims = _claims(token.access_token)
    facts = {
        "token": f"{obtained.origin.value}, by {profile.flow}, from {token.issuer}",
        "granted": " ".join(token.scopes) or "no scope named",
        "expires": _expiry(token.expires_at),
    }
    if delivered:
        facts["delivered"] = ", ".join(delivered)
    if profile.issuer == EMBEDDED:
        facts["stored"] = "nowhere: the embedded issuer ends with this command"
    else:
        facts["use it"] = f"tokenflow token {path}"
    width = max(map(len, facts))
    lines = [f"{profile.name}: a valid access token"]
    lines += [f"  {name.ljust(width)}  {printable(value)}" for name, value in facts.items()]
    if claims is not None and (profile.issuer == EMBEDDED or arguments.verbose):
        lines.append("  its claims")
        lines += [f"    {printable(name)}: {printable(_claim(name, value))}" for name, value in claims.items()]
    say(
        "\n".join(lines),
        log_format=arguments.log_format,
        message=f"{profile.name}: a valid access token",
        profile=profile.name,
        origin=obtained.origin.value,
        issuer=token.issuer,
        scope=" ".join(token.scopes),
        expires_at=token.expires_at,
        delivered=delivered,
    )


def _claims(access_token: str) -> dict[str, Any] | None:
    from tokenflow.protocol.jws import NotAJwtError, decode  # noqa: PLC0415 - it loads PyJWT

    try:
        return decode(access_token).claims
    except NotAJwtError:
        return None


def _claim(name: str, value: object) -> str:
    if name in ("exp", "iat", "nbf", "auth_time") and isinstance(value, int | float):
        return f"{value} ({_clock(value)})"
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _clock(unix_time: float) -> str:
    try:
        return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(unix_time))
    except (ValueError, OverflowError, OSError):
        return "no time that a clock can show"


def _expiry(expires_at: int | None) -> str:
    if expires_at is None:
        return "nobody knows"
    return f"in {lasting(expires_at - time.time())} ({_clock(expires_at)})"


def lasting(seconds: float) -> str:
    """Write a time span as people say it."""
    whole = max(0, round(seconds))
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < 2 * _HOUR:
        return f"{whole // _MINUTE} min"
    return f"{whole // _HOUR} h"
