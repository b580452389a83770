"""The profile's JSON Schema: where it lies, its validator, and what it says about one place in a profile."""

from __future__ import annotations

import json
import re
from functools import cache, lru_cache
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jsonschema import Draft202012Validator

    from tokenflow.config.document import Path

_PACKAGE: Final = FilePath(__file__).resolve().parent.parent
_PLACES: Final = (
    _PACKAGE / "schemas" / "profile.schema.json",  # a wheel
    _PACKAGE.parent / "schemas" / "profile.schema.json",  # a checkout, an sdist, an editable install
)
REFERENCE_KINDS: Final = frozenset({"env", "file", "keyring", "command"})

_WORD: Final = re.compile(r"[\w. -]{1,40}\Z")
_WHEREABOUTS: Final = frozenset({"env", "file", "service", "username", "profile", "ambient"})

Node = dict[str, Any]


def schema_file() -> FilePath:
    """Where `profile.schema.json` lies in this installation."""
    for place in _PLACES:
        if place.is_file():
            return place
    raise FileNotFoundError(f"profile.schema.json is missing from this installation; looked in {_PLACES[0].parent}")


@cache
def schema() -> Node:
    """Return the schema as it is written; treat it as read-only."""
    loaded: Node = json.loads(schema_file().read_text(encoding="utf-8"))
    return loaded


@cache
def expanded() -> Node:
    """Return the schema with each `$ref` replaced once for all by what it names; treat it as read-only."""
    whole: Node = _expanded({key: value for key, value in schema().items() if key != "$defs"})
    return whole


def _expanded(node: Any) -> Any:
    if isinstance(node, list):
        return [_expanded(item) for item in node]
    return {key: _expanded(value) for key, value in resolved(node).items()} if isinstance(node, dict) else node


@cache
def validator() -> Draft202012Validator:
    """Return the validator, built once, and without references to follow at every value."""
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - only a profile with a mistake comes here

    return Draft202012Validator(expanded())


def resolved(node: Node) -> Node:
    """Follow a local `$ref`; what stands beside it stays."""
    reference = node.get("$ref")
    if reference is None:
        return node
    target: Node = schema()["$defs"][reference.rpartition("/")[2]]
    return {**resolved(target), **{key: value for key, value in node.items() if key != "$ref"}}


def branches(node: Node) -> list[Node]:
    """Return the alternatives of a node: those of its `anyOf`, or itself."""
    node = resolved(node)
    return [resolved(branch) for branch in node.get("anyOf", [node])]


def takes_reference(node: Node) -> bool:
    """Whether a `{env: ...}` or the like may stand here instead of the value."""
    return any(branch.get("properties", {}).keys() - {"default"} == REFERENCE_KINDS for branch in branches(node))


def child(node: Node, part: str | int) -> Node | None:
    """Return the schema of one member or item of a node's value; None where the schema does not know it."""
    for branch in branches(node):
        below: Node | None = None
        if isinstance(part, int):
            below = branch.get("items")
        elif part in branch.get("properties", {}):
            below = branch["properties"][part]
        elif isinstance(branch.get("additionalProperties"), dict):
            below = branch["additionalProperties"]
        if below is not None:
            return below
    return None


@lru_cache(maxsize=1024)
def at(path: Path) -> Node | None:
    """Return the schema of the value at `path`; None where the schema does not know it."""
    node: Node | None = expanded()
    for part in path:
        if node is None:
            return None
        node = child(node, part)
    return node


def is_public(path: Path) -> bool:
    """Whether the schema knows the place and does not call it secret; the nearest mark on the way there counts."""
    node: Node | None = expanded()
    secret = False
    for part in path:
        node = child(node, part) if node else None
        if node is None:
            return False
        secret = resolved(node).get("writeOnly", secret)
    return not secret


def may_show(path: Path, text: str) -> bool:
    """Whether `text`, which stands at `path`, may be shown.

    It may in a public place and where it says of a secret where that is (unless it is no name: the secret itself may
    have been written there). Where keys or one of a few words belong, anything else may have been pasted.
    """
    node = resolved(at(path) or {"writeOnly": True})
    if not is_public(path):
        names = path[-1] in _WHEREABOUTS and not node.get("writeOnly")
        if not names or not re.search(node.get("pattern", ""), text):
            return False
    kinds = {kind for branch in branches(node) for kind in _kinds(branch)}
    return "string" in kinds or (not kinds <= {"object", "array"} and bool(_WORD.match(text)))


def _kinds(branch: Node) -> list[str]:
    kinds: str | list[str] = branch.get("type", "word")
    return [kinds] if isinstance(kinds, str) else kinds


class Found(NamedTuple):
    """A reference that stands in a profile."""

    path: Path
    value: dict[str, Any]
    secret: bool
    text: bool  # the schema takes any text here, so that the value is not read as a number or a boolean


def references(value: Any, node: Node | None = None, path: Path = (), *, secret: bool = False) -> Iterator[Found]:
    """Yield every reference in a profile that fits the schema."""
    node = resolved(node if node is not None else expanded())
    secret = bool(node.get("writeOnly", secret))
    if isinstance(value, dict):
        if takes_reference(node):
            yield Found(path, value, secret, _takes_text(node))
            return
        members: list[tuple[str | int, Any]] = list(value.items())
    elif isinstance(value, list):
        members = list(enumerate(value))
    else:
        return
    for part, member in members:
        if (below := child(node, part)) is not None and isinstance(member, dict | list):
            yield from references(member, below, (*path, part), secret=secret)


def _takes_text(node: Node) -> bool:
    first = branches(node)[0]
    return "string" in _kinds(first) or all(isinstance(word, str) for word in first.get("enum", [None]))
