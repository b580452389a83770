"""A YAML document with the place of everything in it, as a value."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, final

from tokenflow.errors import Problem
from tokenflow.profile import Place

Path = tuple[str | int, ...]
Mark = tuple[int, int]  # line and column, both from 0


def dotted(path: Path) -> str:
    """Write a path as people do: `deliver[0].to`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where one node stands: its key (None for the root and for list items), and its value from start to end."""

    key: Mark | None
    start: Mark
    end: Mark
    scalar: bool


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One profile's text as plain values (dict, list, str, int, bool, None), with a spot for each path."""

    file: str
    data: dict[str, Any]
    lines: list[str] = field(repr=False)
    spots: dict[Path, Spot] = field(repr=False)

    def spot(self, path: Path) -> Spot:
        """Where `path` stands, or its nearest parent that is written in the file."""
        while path not in self.spots:
            path = path[:-1]
        return self.spots[path]

    def place(self, path: Path) -> Place:
        """Where the value of `path` begins."""
        line, column = self.spot(path).start
        return Place(self.file, line + 1, column + 1, dotted(path))

    def problem(self, path: Path, message: str, advice: str = "", *, at_key: bool = False, **more: Any) -> Problem:
        """Build the problem at `path`: at its value, or at its key."""
        spot = self.spot(path)
        line, column = spot.key if at_key and spot.key else spot.start
        return Problem(
            file=self.file,
            line=line + 1,
            column=column + 1,
            path=dotted(path),
            message=message,
            advice=advice,
            excerpt=self.lines[line] if line < len(self.lines) else "",
            **more,
        )
