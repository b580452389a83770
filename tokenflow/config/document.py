"""A YAML document with the place of everything in it, as a value."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple, final

from tokenflow.errors import Problem
from tokenflow.profile import Place
from tokenflow.secret import REDACTED

if TYPE_CHECKING:
    from collections.abc import Iterator

Path = tuple[str | int, ...]
Mark = tuple[int, int]  # line and column, both from 0

_KEY: Final = re.compile(r"[$\w.-]{1,64}\Z")


def is_key(key: str) -> bool:
    """Whether `key` looks like one and may be shown: in `secret:VALUE`, without a blank, all of it is the key."""
    return bool(_KEY.match(key))


def dotted(path: Path) -> str:
    """Write a path as people do: `deliver[0].to`; what does not look like a key is hidden."""
    text = ""
    for part in path:
        text = _below(text, part)
    return text


def _below(text: str, part: str | int) -> str:
    if isinstance(part, int):
        return f"{text}[{part}]"
    key = part if is_key(part) else REDACTED
    return f"{text}.{key}" if text else key


class Spot(NamedTuple):
    """Where one node stands: its key (None for the root and for list items), and its value from start to end.

    A tuple because there is one for each value of every profile, and a frozen dataclass takes four times as long.
    """

    key: Mark | None
    start: Mark
    end: Mark
    scalar: bool


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One profile's text as plain values (dict, list, str, int, bool, None), with a spot for each path.

    `borrowed` says where those values stand that come from a preset.
    """

    file: str
    data: dict[str, Any]
    lines: list[str] = field(repr=False)
    spots: dict[Path, Spot] = field(repr=False)
    borrowed: dict[Path, Place] = field(default_factory=dict, repr=False)

    def spot(self, path: Path) -> Spot:
        """Where `path` stands, or its nearest parent that is written in the file."""
        while path not in self.spots:
            path = path[:-1]
        return self.spots[path]

    def place(self, path: Path) -> Place:
        """Where the value of `path` begins, here or in a preset."""
        if (lent := self._lent(path)) is not None:
            return Place(lent.file, lent.line, lent.column, dotted(path))
        line, column = self.spot(path).start
        return Place(self.file, line + 1, column + 1, dotted(path))

    def places(self) -> Iterator[Place]:
        """Tell of every path that is written, here or in a preset, where its value begins."""
        texts: dict[Path, str] = {}
        for path, spot in self.spots.items():
            text = texts[path] = _below(texts[path[:-1]], path[-1]) if path else ""
            yield Place(self.file, spot.start[0] + 1, spot.start[1] + 1, text)
        for path, place in self.borrowed.items():
            yield Place(place.file, place.line, place.column, dotted(path))

    def base(self, path: Path) -> str:
        """Return the file from whose folder a relative path counts that is written at `path`."""
        file = self.place(path).file
        return self.file if file.startswith("preset ") else file

    def _lent(self, path: Path) -> Place | None:
        """Return where a preset says `path`, or its nearest parent, unless the profile says something nearer."""
        while path and path not in self.borrowed and path not in self.spots:
            path = path[:-1]
        return self.borrowed.get(path)

    def problem(self, path: Path, message: str, advice: str = "", *, at_key: bool = False, **more: Any) -> Problem:
        """Build the problem at `path`: at its value, or at its key."""
        if (lent := self._lent(path)) is not None:
            file, line, column = lent.file, lent.line, lent.column
            where = dotted(path)
            return Problem(file=file, line=line, column=column, path=where, message=message, advice=advice, **more)
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
