"""A profile's plain values as the rules see them: what is written and fits the schema, and what is at least there."""

from __future__ import annotations

import re
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Final, final

from tokenflow.app_types import APP_TYPES
from tokenflow.config.document import dotted
from tokenflow.config.durations import seconds
from tokenflow.config.schema import at
from tokenflow.profile import EMBEDDED, Reference

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tokenflow.config.document import Document, Path
    from tokenflow.errors import Problem


@final
class Facts:
    """What rules ask of a document.

    A place that already has a problem is *doubtful*: it counts as present, and its value as unknown, so that one
    mistake does not bring followers.
    """

    def __init__(self, document: Document, found: Iterable[Problem] = (), *, doubtful: Iterable[str] = ()) -> None:
        self.document = document
        self._known: dict[tuple[str, ...], Any] = {}  # rules ask the same again and again
        self._doubtful = {*doubtful, *(problem.path for problem in found)}
        self._meant = {path for problem in found if problem.rule == "unknown-key" for path in _suggested(problem)}

    def has(self, *path: str) -> bool:
        """Whether something stands at `path`, or was meant to."""
        if self._value(path) is not None or self.doubts(path):
            return True
        return self.meant(path[-1]) or any(dotted(path[:length]) in self._meant for length in range(1, len(path)))

    def meant(self, key: str) -> bool:
        """Whether an unknown key somewhere is probably `key` misspelt."""
        return any(path.rpartition(".")[2] == key for path in self._meant)

    def value(self, *path: str) -> Any:
        """Return what stands at `path`; None where nothing does, where it is doubtful, or where it is a secret's."""
        try:
            return self._known[path]
        except KeyError:
            value = self._value(path)
            self._known[path] = None if self.doubts(path) or isinstance(value, Reference) else value
            return self._known[path]

    def text(self, *path: str) -> str:
        """Return the text at `path`, or nothing."""
        value = self.value(*path)
        return value if isinstance(value, str) else ""

    def words(self, *path: str) -> tuple[str, ...]:
        """Return a list, or the words of a string."""
        value = self.value(*path)
        if isinstance(value, str):
            return tuple(value.split())
        return tuple(word for word in value if isinstance(word, str)) if isinstance(value, list) else ()

    def seconds(self, *path: str) -> float | None:
        """Return a duration, from the profile or the schema's default; None where it is doubtful."""
        if self.doubts(path):
            return None
        value = self._value(path)
        if value is None:
            value = (at(path) or {}).get("default")
        return _seconds(value) if isinstance(value, str | int) else None

    @cached_property
    def app_type(self) -> str | None:
        """The app type, where it is one."""
        name = self.text("app_type")
        return name if name in APP_TYPES else None

    @cached_property
    def flow(self) -> str | None:
        """The flow that the profile names or its app type means; None where that is in doubt."""
        if self.doubts(("flow",)) or self.app_type is None:
            return None
        return self.text("flow") or APP_TYPES[self.app_type].default_flow

    @property
    def embedded(self) -> bool:
        """Whether the development issuer is meant."""
        return self.text("issuer") == EMBEDDED

    def doubts(self, path: Path) -> bool:
        """Whether `path`, or what it stands in, already has a problem."""
        if not self._doubtful:
            return False
        return any(dotted(path[:length]) in self._doubtful for length in range(1, len(path) + 1))

    def doubts_within(self, path: Path) -> bool:
        """Whether something that stands in `path` already has a problem."""
        inside = (f"{dotted(path)}.", f"{dotted(path)}[")
        return any(place.startswith(inside) for place in self._doubtful)

    def _value(self, path: tuple[str, ...]) -> Any:
        value: Any = self.document.data
        for part in path:
            if not isinstance(value, dict):
                return None
            value = value.get(part)
        return value


@lru_cache(maxsize=64)
def _seconds(value: str | int) -> float | None:
    try:
        return seconds(value)
    except ValueError:
        return None


_SUGGESTION: Final = re.compile(r"did you mean `(\w+)`(?: under `(\w+)`)?|it belongs under `(\w+)`")


def _suggested(problem: Problem) -> Iterator[str]:
    """Tell which path an unknown key probably stands for, from what its problem advises."""
    section, _, key = problem.path.rpartition(".")
    if found := _SUGGESTION.match(problem.advice):
        name, under, home = found.groups()
        yield f"{home or under or section}.{name or key}".removeprefix(".")
