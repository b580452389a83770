"""The source line under a problem, with a caret, and nothing in it that may be a secret."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from tokenflow.config.schema import is_public
from tokenflow.printable import printable
from tokenflow.secret import REDACTED

if TYPE_CHECKING:
    from tokenflow.config.document import Document
    from tokenflow.errors import Problem

WIDEST: Final = 160
_NAMES: Final = ("env", "file", "service", "username")  # they say where a secret is, not what
_KEY: Final = re.compile(r"(?:^|[\s{,\[-])([A-Za-z_][A-Za-z0-9_.-]*)\s*:(?:\s|$)")


def hide_secrets(document: Document, problem: Problem) -> Problem:
    """Return the problem with its excerpt cleared of every value that the schema does not know to be public."""
    if not problem.excerpt:
        return problem
    number = problem.line - 1
    line = document.lines[number]
    hidden: list[tuple[int, int]] = []
    for path, spot in document.spots.items():
        if not spot.scalar or not spot.start[0] <= number <= spot.end[0]:
            continue
        if is_public(path) or path[-1] in _NAMES:
            continue
        start = spot.start[1] if spot.start[0] == number else 0
        end = spot.end[1] if spot.end[0] == number else len(line)
        if end > start:
            hidden.append((start, end))
    for start, end in sorted(hidden, reverse=True):
        line = line[:start] + REDACTED.ljust(min(end - start, 3)) + line[end:]
    return replace(problem, excerpt=line)


def hide_values(line: str) -> str:
    """Clear a line that could not be parsed: what follows its first key may be anything."""
    found = _KEY.search(line)
    if not found:
        return ""
    rest = line[found.end() :].strip()
    return line[: found.end()].rstrip() + (f" {REDACTED}" if rest else "")


def render(problem: Problem) -> str:
    """Write a problem as people read it: the message, the line, the caret."""
    text = printable(str(problem), longest=2000)
    if problem.severity == "warning":
        text = text.replace(": ", ": warning: ", 1)
    if not problem.excerpt.strip():
        return text
    number = str(problem.line)
    line = printable(problem.excerpt.replace("\t", " "), longest=WIDEST)
    caret = " " * min(problem.column - 1, len(line)) + "^"
    return f"{text}\n  {number} | {line}\n  {' ' * len(number)} | {caret}"
