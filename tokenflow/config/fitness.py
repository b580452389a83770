"""Whether a value fits the schema: yes or no, without a reason, in a tenth of the time that finding reasons takes.

Nearly every profile that is checked is right. So the schema is put together once as plain functions, and only what
they refuse goes to the JSON Schema validator, whose errors say why. Every keyword that the schema uses stands in
`_KEYWORDS` with JSON Schema's own meaning; what has another keyword never fits, and is left to the validator. Tests
compare the two answers.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any, Final

from tokenflow.config.schema import Node, expanded

Fits = Callable[[Any], bool]


@cache
def _whole() -> Fits:
    return fitting(expanded())


def fits(data: Any) -> bool:
    """Whether a profile's plain values (dict, list, str, int, bool, None) fit the schema."""
    return _whole()(data)


def fitting(node: Node) -> Fits:
    """Put together the function that tells whether a value fits `node`, which holds no `$ref`."""
    checks = [make(node) for make in dict.fromkeys(_KEYWORDS.get(keyword, _unknown) for keyword in node) if make]
    match checks:
        case [only]:
            return only
        case [first, second]:
            return lambda value: first(value) and second(value)
    return lambda value: all([check(value) for check in checks])  # noqa: C419 - a list is faster


def _when_needed(node: Node) -> Fits:
    """Put the function together at its first call: no profile has all the keys of the schema."""
    made = cache(lambda: fitting(node))
    return lambda value: made()(value)  # noqa: PLW0108 - not before a value comes


def _unknown(_: Node) -> Fits:
    return lambda _: False


_TYPES: Final[dict[str, tuple[type, ...]]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "boolean": (bool,),
}


def _type(node: Node) -> Fits:
    names = node["type"] if isinstance(node["type"], list) else [node["type"]]
    types = frozenset(each for name in names for each in _TYPES[name])
    return lambda value: type(value) in types  # exactly: true is no integer


def _enum(node: Node) -> Fits:
    allowed = frozenset((type(word), word) for word in node.get("enum", [node.get("const")]))
    return lambda value: not isinstance(value, dict | list) and (type(value), value) in allowed


def _members(node: Node) -> Fits:
    known = {name: _when_needed(below) for name, below in node.get("properties", {}).items()}
    more = node.get("additionalProperties", True)
    other = _when_needed(more) if isinstance(more, dict) else lambda _: bool(more)
    return lambda value: (
        not isinstance(value, dict) or all([known.get(key, other)(member) for key, member in value.items()])  # noqa: C419
    )


def _names(node: Node) -> Fits:
    name = fitting(node["propertyNames"])
    return lambda value: not isinstance(value, dict) or all(map(name, value))


def _required(node: Node) -> Fits:
    names = frozenset(node["required"])
    return lambda value: not isinstance(value, dict) or names <= value.keys()


def _items(node: Node) -> Fits:
    item = fitting(node["items"])
    return lambda value: not isinstance(value, list) or all([item(member) for member in value])  # noqa: C419


def _any_of(node: Node) -> Fits:
    alternatives = [_when_needed(branch) for branch in node["anyOf"]]
    return lambda value: any(fit(value) for fit in alternatives)


def _pattern(node: Node) -> Fits:
    search = re.compile(node["pattern"]).search
    return lambda value: not isinstance(value, str) or search(value) is not None


def _range(node: Node) -> Fits:
    least, most = node.get("minimum", float("-inf")), node.get("maximum", float("inf"))
    return lambda value: type(value) is not int or least <= value <= most


def _length(node: Node) -> Fits:
    least: dict[type, int] = {
        str: node.get("minLength", 0),
        list: node.get("minItems", 0),
        dict: node.get("minProperties", 0),
    }
    most = node.get("maxProperties", float("inf"))

    def check(value: Any) -> bool:
        lower = least.get(type(value))
        return lower is None or (len(value) >= lower and (len(value) <= most or not isinstance(value, dict)))

    return check


_KEYWORDS: Final[dict[str, Callable[[Node], Fits] | None]] = {
    "type": _type,
    "enum": _enum,
    "const": _enum,
    "properties": _members,
    "additionalProperties": _members,
    "required": _required,
    "items": _items,
    "anyOf": _any_of,
    "pattern": _pattern,
    "minimum": _range,
    "maximum": _range,
    "minLength": _length,
    "minItems": _length,
    "minProperties": _length,
    "maxProperties": _length,
    "propertyNames": _names,
    **dict.fromkeys(("$schema", "title", "description", "examples", "default", "writeOnly", "format")),
}
