"""A profile's plain values as the rules see them: what is written and fits the schema, and what is at least there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, final

from tokenflow.app_types import APP_TYPES
from tokenflow.config.document import dotted
from tokenflow.config.durations import seconds
from tokenflow.config.schema import at
from tokenflow.profile import EMBEDDED, Reference

if TYPE_CHECKING:
    from collections.abc import Iterable

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
        self._doubtful = {*doubtful, *(problem.path for problem in found)}
        self._suggested = {problem.advice for problem in found if problem.rule == "unknown-key"}

    def has(self, *path: str) -> bool:
        """Whether something stands at `path`, or was meant to."""
        if self._value(path) is not None or self.doubts(path):
            return True
        return self.meant(path[-1])

    def meant(self, key: str) -> bool:
        """Whether an unknown key somewhere is probably `key` misspelt."""
        return f"did you mean `{key}`?" in self._suggested

    def value(self, *path: str) -> Any:
        """Return what stands at `path`; None where nothing does, where it is doubtful, or where it is a secret's."""
        value = self._value(path)
        return None if self.doubts(path) or isinstance(value, Reference) else value

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
        try:
            return seconds(value) if isinstance(value, str | int) else None
        except ValueError:
            return None

    @property
    def app_type(self) -> str | None:
        """The app type, where it is one."""
        name = self.text("app_type")
        return name if name in APP_TYPES else None

    @property
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
        return any(dotted(path[:length]) in self._doubtful for length in range(1, len(path) + 1))

    def _value(self, path: tuple[str, ...]) -> Any:
        value: Any = self.document.data
        for part in path:
            value = value.get(part) if isinstance(value, dict) else None
        return value
