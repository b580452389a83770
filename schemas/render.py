"""Write schemas/README.md, the profile language as a page, from profile.schema.json: `make schema-page`."""
# ruff: noqa: INP001 - a program, no package

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

Node = dict[str, Any]

FOLDER: Final = Path(__file__).resolve().parent
PAGE: Final = FOLDER / "README.md"
SCHEMA: Final[Node] = json.loads((FOLDER / "profile.schema.json").read_text(encoding="utf-8"))
_DEFINITIONS: Final[dict[str, Node]] = SCHEMA["$defs"]
BAR: Final = r"\|"  # in a table
_FEW: Final = 2  # so many keys inside a key are told beside it
_KINDS: Final = {
    "string": "text",
    "integer": "whole number",
    "boolean": "`true` or `false`",
    "array": "list",
    "object": "keys",
}
_HEAD: Final = "| Key | Value | Default | Meaning |\n|---|---|---|---|\n"


def page() -> str:
    """Return the whole page."""
    return "\n".join([*_introduction(), *_keys(), *_shared()])


def _introduction() -> Iterator[str]:
    yield "<!-- Written by render.py from profile.schema.json (`make schema-page`): change the schema instead. -->\n"
    yield f"# {SCHEMA['title']}\n"
    yield f"{SCHEMA['description']}\n"
    needed = " and ".join(f"[`{name}`](#{name})" for name in SCHEMA["required"])
    yield f"Every profile has {needed}; what else it needs depends on them. No other keys than these are taken:\n"
    yield ", ".join(f"[`{name}`](#{name})" for name in SCHEMA["properties"]) + ".\n"
    yield "A whole profile, in the JSON that every YAML file is another way of writing:\n"
    for example in SCHEMA["examples"]:
        yield f"```json\n{json.dumps(example, indent=2)}\n```\n"


def _keys() -> Iterator[str]:
    yield "# Keys\n"
    for name, node in SCHEMA["properties"].items():
        yield from _section(name, node)


def _shared() -> Iterator[str]:
    yield "# Values in more than one place\n"
    for node in _DEFINITIONS.values():
        yield from _section(node["title"], node, code=False)


def _section(name: str, node: Node, *, code: bool = True) -> Iterator[str]:
    """Tell of one key or kind of value, then of what stands in it, in a table; and so on below."""
    resolved = _resolved(node)
    yield f"## `{name}`\n" if code else f"## {name}\n"
    yield f"{resolved['description']}\n"
    yield "".join(f"* {label}: {text}\n" for label, text in _facts(node))
    members = {} if "$ref" in node else _members(resolved)
    if members:
        yield _HEAD + "".join(_rows(resolved))
    for key, member in members.items():
        if len(_members(member)) > _FEW:
            yield from _section(f"{name}{'[]' if resolved.get('type') == 'array' else ''}.{key}", member)


def _rows(owner: Node, above: str = "") -> Iterator[str]:
    """Write a row for each member, and for what stands in it where that is little."""
    for key, member in _members(owner).items():
        node = _resolved(member)
        meaning = node["description"]
        if key in _mapping(owner).get("required", ()):
            meaning = f"Required. {meaning}"
        if examples := _examples(node):
            meaning += f" Example: {examples}"
        cells = (f"`{above}{key}`", _value(member), _default(node), meaning)
        yield f"| {' | '.join(cell.replace('|', BAR) for cell in cells)} |\n"
        if len(_members(member)) <= _FEW:
            yield from _rows(member, f"{above}{key}{'[]' if node.get('type') == 'array' else ''}.")


def _facts(node: Node) -> Iterator[tuple[str, str]]:
    yield "Value", _value(node)
    node = _resolved(node)
    if default := _default(node):
        yield "Default", default
    if examples := _examples(node):
        yield "Example", examples


def _resolved(node: Node) -> Node:
    """Follow a `$ref`; what stands beside it wins."""
    if "$ref" not in node:
        return node
    return {**_DEFINITIONS[_definition(node)], **{key: value for key, value in node.items() if key != "$ref"}}


def _definition(node: Node) -> str:
    return str(node.get("$ref", "")).rpartition("/")[2]


def _mapping(node: Node) -> Node:
    """Return the node itself, its items or that of its alternatives which has keys in it; references are told once."""
    inside = (node, node.get("items", {}), *node.get("anyOf", ()))
    return next((each for each in inside if "properties" in each or "propertyNames" in each), {})


def _members(node: Node) -> dict[str, Node]:
    mapping = _mapping(node)
    any_name = {"*": mapping["additionalProperties"]} if "propertyNames" in mapping else {}
    return {**mapping.get("properties", {}), **any_name}


def _value(node: Node) -> str:
    """Say what may be written: words, a kind of value, a reference."""
    if name := _definition(node):
        return _link(name)
    said = [_value(branch) if "$ref" in branch else _kind(branch) for branch in node.get("anyOf", [node])]
    return ", or ".join(text for text in said if text)


def _link(name: str) -> str:
    title = str(_DEFINITIONS[name]["title"])
    return f"[{title.lower()}](#{title.lower().replace(' ', '-')})"


def _kind(node: Node) -> str:
    if "const" in node:
        return _code(node["const"])
    if "enum" in node:
        return ", ".join(_code(word) for word in node["enum"])
    kinds = node.get("type", "object")
    said = " or ".join(_KINDS[kind] for kind in ([kinds] if isinstance(kinds, str) else kinds))
    if "propertyNames" in node:
        return f"{said} of any name"
    if kinds == "array":
        return f"{said} of {_value(node['items'])}"
    if "minimum" in node and "maximum" in node and kinds == "integer":
        return f"{said} from {node['minimum']} to {node['maximum']}"
    return said


def _default(node: Node) -> str:
    return _code(node["default"]) if "default" in node else ""


def _examples(node: Node) -> str:
    return ", ".join(_code(example) for example in node.get("examples", ()))


def _code(value: Any) -> str:
    return f"`{value if isinstance(value, str) and value else json.dumps(value)}`"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
