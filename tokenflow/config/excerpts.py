"""The source line under a problem, with a caret, and nothing in it that may be a secret."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, NamedTuple, final

from tokenflow.config.document import is_key
from tokenflow.config.schema import may_show
from tokenflow.printable import printable
from tokenflow.secret import REDACTED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tokenflow.config.document import Document, Mark, Path, Spot
    from tokenflow.errors import Problem

WIDEST: Final = 160
# Possessive throughout, so that no line takes more than linear time.
_FIRST_KEY: Final = re.compile(r"\s*+(?:-\s++)*+[{\[]?\s*+[A-Za-z_][\w.-]*+\s*+:(?=\s|\Z)")


def hide_secrets(document: Document, problems: Sequence[Problem]) -> list[Problem]:
    """Return the problems, their excerpts cleared of every value that the schema does not know to be public."""
    if not problems:
        return []
    lines = _Lines(document)
    return [_hidden(problem, lines) if problem.excerpt else problem for problem in problems]


def _hidden(problem: Problem, lines: _Lines) -> Problem:
    line = lines.redacted(problem.line - 1)
    return replace(problem, excerpt=line.text, caret=line.column(problem.column - 1) + 1)


class _Redacted(NamedTuple):
    """A line without its secrets: where each of them ended, and by how much what follows has moved."""

    text: str
    ends: list[int]
    moved: list[int]

    def column(self, written: int) -> int:
        passed = bisect_right(self.ends, written)
        return written + (self.moved[passed - 1] if passed else 0)


@final
@dataclass(slots=True)
class _Lines:
    """The redacted lines of a document, each made once: thousands of problems may stand on one line."""

    document: Document
    spots: dict[int, list[tuple[Path, Spot]]] = field(default_factory=dict)
    done: dict[int, _Redacted] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for path, spot in self.document.spots.items():
            first = spot.key or spot.start
            last = spot.end if spot.scalar else spot.start
            for number in range(first[0], last[0] + 1):
                self.spots.setdefault(number, []).append((path, spot))

    def redacted(self, number: int) -> _Redacted:
        if number not in self.done:
            self.done[number] = _redacted(self.document.lines[number], sorted(self._spans(number)))
        return self.done[number]

    def _spans(self, number: int) -> Iterator[tuple[int, int]]:
        """Tell what must not be seen of a line: from which column to which."""
        line = self.document.lines[number]

        def part(start: Mark, end: Mark) -> tuple[int, int]:
            return (
                start[1] if start[0] == number else 0 if start[0] < number else len(line),
                end[1] if end[0] == number else 0 if end[0] < number else len(line),
            )

        for path, spot in self.spots.get(number, ()):
            if spot.key and not is_key(str(path[-1])):
                yield part(spot.key, spot.start)
            if spot.scalar:
                start, end = part(spot.start, spot.end)
                if not may_show(path, line[start:end].strip("\"'")):
                    yield start, end
        yield from _user_infos(line)


def _user_infos(line: str) -> Iterator[tuple[int, int]]:
    """Tell where `user:password` stands in an address, whatever is in it."""
    for run in re.finditer(r"\S+", line):
        start, end = run.group().find("://"), run.group().rfind("@")
        if start >= 0 and end > start + 3:
            yield run.start() + start + 3, run.start() + end


def _redacted(line: str, spans: list[tuple[int, int]]) -> _Redacted:
    shown = _Redacted("", [], [])
    pieces: list[str] = []
    done = moved = 0
    for start, end in spans:
        if end <= max(start, done):
            continue
        pieces += [line[done : max(start, done)], REDACTED]
        moved += len(REDACTED) - (end - max(start, done))
        done = end
        shown.ends.append(end)
        shown.moved.append(moved)
    return shown._replace(text="".join(pieces) + line[done:])


def hide_values(line: str) -> str:
    """Clear a line that could not be parsed: what follows its first key may be anything."""
    found = _FIRST_KEY.match(line)
    if not found:
        return ""
    return found.group() + (f" {REDACTED}" if line[found.end() :].strip() else "")


def render(problem: Problem) -> str:
    """Write a problem as people read it: the message, the line, the caret."""
    text = printable(str(problem), longest=2000)
    if problem.severity == "warning":
        text = text.replace(": ", ": warning: ", 1)
    if not problem.excerpt.strip():
        return text
    number = str(problem.line)
    cut = problem.excerpt[: WIDEST + 1]
    column = (problem.caret or problem.column) - 1
    line, before = (printable(text.replace("\t", " "), longest=WIDEST) for text in (cut, cut[:column]))
    return f"{text}\n  {number} | {line}\n  {' ' * len(number)} | {' ' * len(before)}^"
