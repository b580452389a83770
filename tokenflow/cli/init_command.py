"""`tokenflow init [PATH]`: write a commented profile, from flags, or from questions on a terminal."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Final, Never

from tokenflow.app_types import APP_TYPES
from tokenflow.cli.answers import FLAGS, SUFFIXES, answered, begun, checked, commands, refuse, set_by_hand
from tokenflow.cli.dialogue import agreed, ask, ask_secret, can_ask
from tokenflow.cli.messages import say
from tokenflow.cli.new_file import write_new
from tokenflow.config.excerpts import render
from tokenflow.config.questions import REPLACE_ME, secrets_in_keyring
from tokenflow.deliver.stdout import write
from tokenflow.secret import Secret

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from tokenflow.config.questions import Draft
    from tokenflow.errors import Problem
    from tokenflow.profile import KeyringSource

LARGEST_LINE: Final = 64 * 1024


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "path", metavar="PATH", nargs="?", help="the file, or its folder (default: named after preset and app type)"
    )
    parser.add_argument(
        "--preset", metavar="PRESET", help="a provider's known values (itwin, google, keycloak, ...), or ./file.yaml"
    )
    parser.add_argument("--app-type", choices=tuple(APP_TYPES), help="what kind of application it is")
    for path, (flag, metavar, text) in FLAGS.items():
        parser.add_argument(flag, dest=path, metavar=metavar, help=text)
    parser.add_argument(
        "--store-secret",
        action="store_true",
        help="put the secret into the keyring: asked for on the terminal, or one line of standard input each",
    )
    parser.add_argument("--force", action="store_true", help="overwrite the file if it is there")


def execute(arguments: argparse.Namespace) -> int:
    """Write the profile, print its path, and say on stderr what comes next."""
    draft, asked = begun(arguments)
    path = _path(arguments.path, draft, asked=asked)
    force = arguments.force or _may_overwrite(path, asked=asked)
    draft = answered(draft, path, asked=asked)
    text, warnings = checked(draft, path)
    stored = _store(draft, wanted=arguments.store_secret, asked=asked)
    if not write_new(path, text, overwrite=force):
        _refuse_existing(path)
    _report(draft, path, warnings, stored, log_format=arguments.log_format)
    return 0


def _path(given: str | None, draft: Draft, *, asked: bool) -> str:
    """Return the file to write: as given, or named after what it is."""
    first = (draft.preset or "").rpartition("/")[2].removesuffix(".yaml").removesuffix(".yml")
    named = f"{first}-{draft.app_type}.yaml".lstrip("-")
    if given is None:
        given = ask("File", default=named, objection=_no_path) if asked else named
    path = os.path.join(given, named) if os.path.isdir(given) else given
    if wrong := _no_path(path):
        refuse([("PATH", wrong, "")])
    return path


def _no_path(path: str) -> str:
    if not path.isprintable() or any("\ud800" <= letter <= "\udfff" for letter in path):
        return "the path holds letters that cannot be shown; name another"
    if not os.path.isdir(path) and not path.endswith(SUFFIXES):
        return "a profile's name ends in .yaml, so that `tokenflow validate FOLDER` finds it; name it so"
    return ""


def _may_overwrite(path: str, *, asked: bool) -> bool:
    if not os.path.lexists(path):
        return False
    if not asked or not agreed(f"{path} is there already; overwrite it?"):
        _refuse_existing(path)
    return True


def _store(draft: Draft, *, wanted: bool, asked: bool) -> list[KeyringSource]:
    """Put the secrets that the profile refers to into the keyring, if that is wanted; return what was put there."""
    items = secrets_in_keyring(draft)
    if not wanted and not (asked and items and agreed("Put the secret into the keyring now?")):
        return []
    if not items:
        refuse(
            [("--store-secret", "there is no secret in the keyring to store", "add --secret-from keyring:SERVICE/USER")]
        )
    from tokenflow.world.keyrings import write_item  # noqa: PLC0415 - few secrets are stored here

    read: Callable[[str], Secret] = ask_secret if can_ask() else _secret_line
    secrets = [read(f"Secret for {each.service}/{each.username}") for each in items]
    for item, secret in zip(items, secrets, strict=True):
        write_item(item, secret)
    return items


def _secret_line(asks: str) -> Secret:
    line = sys.stdin.readline(LARGEST_LINE + 1) if sys.stdin is not None else ""
    if not line.rstrip("\r\n") or len(line) > LARGEST_LINE:
        refuse([("--store-secret", f"standard input has no line for it ({asks})", "give it one line for each secret")])
    return Secret(line.rstrip("\r\n"))


def _report(draft: Draft, path: str, warnings: list[Problem], stored: list[KeyringSource], *, log_format: str) -> None:
    write(path + "\n")
    lines = [render(warning) for warning in warnings]
    lines += [f"{path}: written. What comes next:"]
    lines += [f"  replace {REPLACE_ME} at {each}" for each, text in draft.answers.items() if text == REPLACE_ME]
    put = [set_by_hand(item) for item in stored]
    steps = [command for command in commands(draft, path) if command not in put]
    lines += [f"  {step}" for step in steps]
    say("\n".join(lines), log_format=log_format, message=f"{path}: written", path=path, next=steps)


def _refuse_existing(path: str) -> Never:
    refuse([("PATH", f"{path} is there already and was left alone", "name another file, or add --force")])
