"""Every value that counts in a profile, and where it comes from: a line, a preset, the schema, the app type."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, final

from tokenflow.app_types import APP_TYPES
from tokenflow.config.building import stem
from tokenflow.config.document import dotted
from tokenflow.config.references import refer
from tokenflow.config.schema import REFERENCE_KINDS, branches, child, may_show, resolved, schema, takes_reference
from tokenflow.printable import printable
from tokenflow.secret import REDACTED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tokenflow.config.document import Document, Path
    from tokenflow.config.schema import Node

LONGEST: Final = 1000
_USER_INFO: Final = re.compile(r"(?<=://)\S+(?=@)")


@final
@dataclass(frozen=True, slots=True)
class EffectiveValue:
    """One value, ready to be shown: its dotted path, itself or *** or its reference, and its origin."""

    path: str
    shown: str
    origin: str


@final
@dataclass(frozen=True, slots=True)
class Effective:
    """The values of a checked document; `given` is what public references gave, by dotted path."""

    document: Document
    given: Mapping[str, str]

    def values(self) -> Iterator[EffectiveValue]:
        """Yield every value in the schema's order."""
        yield from self._values(self.document.data, schema(), ())

    def _values(self, value: Any, node: Node, path: Path) -> Iterator[EffectiveValue]:
        if value is None:
            yield from self._unwritten(node, path)
        elif isinstance(value, dict) and not _is_reference(value, node):
            known = _properties(node)
            for name in (*known, *(other for other in value if other not in known)):
                below = known.get(name) or child(node, name) or {}
                yield from self._values(value.get(name), below, (*path, name))
        elif isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
            for number, item in enumerate(value):
                yield from self._values(item, child(node, number) or {}, (*path, number))
        else:
            place = self.document.place(path)
            yield EffectiveValue(dotted(path), self._shown(value, node, path), f"{place.file}:{place.line}")

    def _unwritten(self, node: Node, path: Path) -> Iterator[EffectiveValue]:
        """Yield what counts where nothing is written."""
        node = resolved(node)
        if path == ("name",):
            yield EffectiveValue("name", printable(stem(self.document.file)), "file name")
        elif path == ("flow",):
            app_type = self.given.get("app_type") or str(self.document.data["app_type"])
            yield EffectiveValue("flow", APP_TYPES[app_type].default_flow, f"app_type {app_type}")
        elif "default" in node:
            yield EffectiveValue(dotted(path), _written(node["default"]), "default")
        else:
            for name, below in _properties(node).items():
                yield from self._unwritten(below, (*path, name))

    def _shown(self, value: Any, node: Node, path: Path) -> str:
        if isinstance(value, dict):
            reference = refer(value, file=self.document.base(path), place=self.document.place(path))
            given = self.given.get(dotted(path))
            told = printable(str(reference), longest=LONGEST)
            return told if given is None else f"{told} = {_clean(given)}"
        if isinstance(value, list):
            items = [self._shown(item, child(node, number) or {}, (*path, number)) for number, item in enumerate(value)]
            return f"[{', '.join(items)}]"
        text = _written(value)
        return _clean(text) if may_show(path, text) else REDACTED


def _is_reference(value: dict[str, Any], node: Node) -> bool:
    return takes_reference(node) and bool(value.keys() & REFERENCE_KINDS)


def _properties(node: Node) -> dict[str, Node]:
    """Return what a mapping here may hold, other than as a reference."""
    found: dict[str, Node] = {}
    for branch in branches(node):
        properties = branch.get("properties", {})
        if properties.keys() - {"default"} != REFERENCE_KINDS:
            found |= properties
    return found


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(map(_written, value))}]"
    return '""' if value == "" else str(value)


def _clean(text: str) -> str:
    """Make a public value safe to show; an address may hold a password all the same."""
    return printable(_USER_INFO.sub(REDACTED, text), longest=LONGEST)
