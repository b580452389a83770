"""Questions to a person on the terminal: on stderr, answered on stdin; what is a secret is not echoed."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Final

from tokenflow.errors import InteractionRequired
from tokenflow.printable import printable
from tokenflow.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LONGEST: Final = 4096  # characters of an answer; a terminal's own bound


def can_ask() -> bool:
    """Whether somebody sits there who sees a question and can answer it."""
    streams = (sys.stdin, sys.stderr)
    return not os.environ.get("CI") and all(stream is not None and stream.isatty() for stream in streams)


def ask(asks: str, *, hint: str = "", default: str = "", objection: Callable[[str], str] = lambda _: "") -> str:
    """Return the answer, or `default` where it is empty; ask again as long as there is an objection to it.

    Raises:
        InteractionRequired: the input ended.
    """
    if hint:
        _show(f"  {hint}\n")
    while True:
        _show(f"{asks} [{default}]: " if default else f"{asks}: ")
        answer = _line() or default
        if not (wrong := objection(answer)):
            return answer
        _show(f"  {wrong}\n")


def choose(asks: str, choices: Mapping[str, str], *, default: str = "") -> str:
    """Return one of `choices` (name: what it is), answered by its name or its number."""
    names = list(choices)
    width = max(map(len, names))
    for number, (name, what) in enumerate(choices.items(), 1):
        _show(f"  {number:2}  {name.ljust(width)}  {what}\n")

    def meant(answer: str) -> str:
        return names[int(answer) - 1] if answer.isdecimal() and 0 < int(answer) <= len(names) else answer

    def objection(answer: str) -> str:
        return "" if meant(answer) in choices else f"answer with a name, or a number from 1 to {len(names)}"

    return meant(ask(asks, default=default, objection=objection))


def agreed(asks: str) -> bool:
    """Whether the person says yes; anything else is no."""
    return ask(f"{asks} [y/N]").lower() in ("y", "yes")


def ask_secret(asks: str) -> Secret:
    """Return what is typed, unseen.

    Raises:
        InteractionRequired: the input ended.
    """
    from getpass import getpass  # noqa: PLC0415 - few are asked for a secret

    try:
        while not (typed := getpass(f"{asks} (not shown): ", stream=sys.stderr)):
            _show("  an answer is needed\n")
    except EOFError:
        raise _ended() from None
    return Secret(typed)


def _line() -> str:
    line = sys.stdin.readline(LONGEST)
    if not line:
        _show("\n")
        raise _ended()
    return line.strip()


def _ended() -> InteractionRequired:
    return InteractionRequired("the input ended before all questions were answered; nothing was written")


def _show(text: str) -> None:
    sys.stderr.write("".join(letter if letter == "\n" else printable(letter) for letter in text))
    sys.stderr.flush()
