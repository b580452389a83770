"""Turn what the JSON Schema validator found into problems that a person can act on: one for one mistake."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, final

from tokenflow.config.document import Document, Path, dotted, is_key
from tokenflow.config.fitness import fits
from tokenflow.config.schema import REFERENCE_KINDS, Node, at, branches, may_show, resolved, schema, validator
from tokenflow.config.synonyms import key_elsewhere, nearest
from tokenflow.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jsonschema import ValidationError

    from tokenflow.errors import Problem

_NO_WORD: Final = re.compile(r"[^\w-]")
_KINDS: Final = {"string": "text", "integer": "a whole number", "boolean": "true or false", "array": "a list"}


@final
@dataclass(frozen=True, slots=True)
class _Mismatch:
    """What the validator found at one place: the schema's keyword, what it wants, and what stands there."""

    path: Path
    keyword: str
    wanted: Any
    value: Any
    members: tuple[str, ...]
    message: str
    alternatives: tuple[tuple[_Mismatch, ...], ...]

    @property
    def shown(self) -> str:
        """The value, where it may be shown."""
        if isinstance(self.value, dict | list) or not may_show(self.path, str(self.value)):
            return ""
        return f"`{printable(_written(self.value), longest=60)}`"


def complaints(document: Document) -> list[Problem]:
    """Check a document against the schema; return its problems, unordered."""
    if fits(document.data):
        return []
    found = [_mismatch(error) for error in validator().iter_errors(document.data)]
    return [problem for mismatch in found for problem in _explain(document, mismatch)]


def _mismatch(error: ValidationError) -> _Mismatch:
    schema_here: Any = error.schema
    alternatives: dict[int, list[_Mismatch]] = {}
    for inner in error.context or ():
        alternatives.setdefault(int(inner.schema_path[0]), []).append(_mismatch(inner))
    return _Mismatch(
        path=tuple(error.absolute_path),
        keyword=str(error.validator),
        wanted=error.validator_value,
        value=error.instance,
        members=tuple(schema_here.get("properties", ())),
        message=error.message,
        alternatives=tuple(tuple(alternatives.get(number, ())) for number in range(len(alternatives))),
    )


def _explain(document: Document, found: _Mismatch) -> Iterator[Problem]:
    path = found.path
    match found.keyword:
        case "anyOf":
            for inner in _meant(found):
                yield from _explain(document, inner)
        case "additionalProperties":
            for key in sorted(found.value.keys() - set(found.members)):
                if not path and any(document.data.get(home, "") is None for home in _homes(key)):
                    continue  # its section stands empty above it: it is not indented, which is said there
                message, advice = _unknown_key(path, key, sorted(found.members))
                yield document.problem((*path, key), message, advice, at_key=True, rule="unknown-key")
        case "required":
            missing = next(key for key in found.wanted if found.message.startswith(repr(key)))
            yield document.problem((*path, missing), "is missing", _example((*path, missing)), rule="missing-key")
        case _:
            message, advice = _wrong_value(found)
            yield document.problem(path, message, advice, rule="wrong-value")


def _meant(found: _Mismatch) -> tuple[_Mismatch, ...]:
    """Choose the alternative that the writer meant: `anyOf` itself tells nobody anything."""
    if isinstance(found.value, dict):
        for number, alternative in enumerate(found.alternatives):
            branch = resolved(found.wanted[number])
            reference = branch.get("properties", {}).keys() >= REFERENCE_KINDS
            if branch.get("type") == "object" and (not reference or found.value.keys() & REFERENCE_KINDS):
                return alternative
    return found.alternatives[0]


def _unknown_key(path: Path, key: str, known: list[str]) -> tuple[str, str]:
    if key == "default" and set(known) >= REFERENCE_KINDS:
        return "a reference to a secret has no default", "remove it"
    here = f"in `{dotted(path)}`" if path else "in a profile"
    message = f"there is no such key {here}"
    section, name = key_elsewhere(key) or ("", "")
    if name in known:
        return message, f"did you mean `{name}`?"
    if name and section != dotted(path):
        return message, f"did you mean `{name}` {_under(section)}?"
    if near := nearest(key if is_key(key) else _NO_WORD.split(key, 1)[0], known):
        return message, f"did you mean `{near}`?"
    if elsewhere := [home for home in _homes(key) if home != dotted(path)]:
        return message, "it belongs " + " or ".join(map(_under, elsewhere))
    few = len(known) <= MOST_LISTED
    return message, f"the keys here are {', '.join(known)}" if few else "remove it; `tokenflow schema` prints all keys"


MOST_LISTED: Final = 12


def _under(section: str) -> str:
    return f"under `{section}`" if section else "at the top"


def _homes(key: str) -> list[str]:
    """Tell which sections of a profile know `key`."""
    if key in {*REFERENCE_KINDS, "default"}:
        return []
    top = schema()["properties"]
    inside = [name for name in top if any(key in branch.get("properties", {}) for branch in branches(top[name]))]
    return ([""] if key in top else []) + inside


def _example(path: Path) -> str:
    """Show what could be written at `path`, from the schema's own example."""
    plain = _plain_examples(path)
    return f"write `{path[-1]}: {plain[0]}`" if plain else ""


def _written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _wrong_value(found: _Mismatch) -> tuple[str, str]:
    path, shown = found.path, found.shown or "this"
    if found.value is None and found.wanted == "object":
        return "has nothing under it", f"write its keys below it, indented: {_members(path)}"
    if found.value is None:
        return "has no value", _example_value(path) or "write one, or remove the key"
    match found.keyword:
        case "enum" | "const":
            return _not_one_of(found)
        case "type":
            return _wrong_kind(found)
        case "minimum":
            return f"{shown} is too small", f"write {found.wanted} or more"
        case "maximum":
            return f"{shown} is too large", f"write {found.wanted} or less"
        case "minLength" | "minItems":
            return "is empty", _example_value(path) or "write a value, or remove the key"
        case "maxProperties":
            return "a reference has exactly one of env, file, keyring, command", "write `{env: NAME}` or `{file: PATH}`"
        case _ if path[-1:] == ("env",):
            return "this is not the name of an environment variable", f"{_example_value(path)}, without `$`"
        case _:  # a pattern
            units = "; the units are h, m, s and ms" if _is_duration(path) else ""
            return f"{shown} is not a {_noun(path)}", f"{_example_value(path)}{units}"


def _noun(path: Path) -> str:
    return "duration" if _is_duration(path) else f"valid {path[-1]}"


def _is_duration(path: Path) -> bool:
    return bool(branches(at(path) or {})[0].get("pattern") == schema()["$defs"]["duration"]["pattern"])


def _example_value(path: Path) -> str:
    plain = _plain_examples(path)
    return f"write for example `{plain[0]}`" if plain else ""


def _plain_examples(path: Path) -> list[str]:
    examples = resolved(at(path) or {}).get("examples", [])
    return [_written(example) for example in examples if not isinstance(example, dict | list)]


def _example_list(path: Path) -> str:
    examples = resolved(at(path) or {}).get("examples", [])
    written = [flow_style(example) for example in examples if isinstance(example, list)]
    return f"write for example `{written[0]}`" if written else "write a list: `[..., ...]`"


def flow_style(value: Any) -> str:
    """Write an example on one line, as YAML."""
    import yaml  # noqa: PLC0415 - only for a list that is missing

    return str(yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=1000)).strip()


def _not_one_of(found: _Mismatch) -> tuple[str, str]:
    allowed = [_written(word) for word in (found.wanted if isinstance(found.wanted, list) else [found.wanted])]
    if _written(found.value) in allowed:
        return f"{found.shown} is text here", "write it without quotes"
    message = f"{found.shown or 'this'} is not known"
    if len(allowed) == 1:
        return message, f"write `{allowed[0]}`"
    choices = f"one of {', '.join(allowed)}"
    near = nearest(str(found.value), allowed)
    return message, f"did you mean `{near}`? It is {choices}" if near else f"write {choices}"


def _wrong_kind(found: _Mismatch) -> tuple[str, str]:
    path, value, shown = found.path, found.value, found.shown
    wanted = found.wanted if isinstance(found.wanted, list) else [found.wanted]
    kinds = " or ".join(_KINDS.get(str(kind), str(kind)) for kind in wanted)
    if wanted == ["object"]:
        return f"{_kind(value)} stands where keys belong", f"write keys under it: {_members(path)}"
    if wanted == ["array"]:
        return f"{_kind(value)} is not a list", _example_list(path)
    if isinstance(value, dict):
        advice = "write the value, or a reference such as `{env: NAME}`" if _refers(path) else _example_value(path)
        return f"is a mapping, not {kinds}", advice
    if wanted == ["boolean"]:
        if value in ("true", "false"):
            return f"{shown} is text here", "write it without quotes"
        return f"{shown or _kind(value)} is not true or false", "write `true` or `false`"
    if "string" in wanted and "integer" not in wanted and isinstance(value, bool | int):
        return (
            f"{shown or 'this'} is {_kind(value)}, not {kinds}",
            f'quote it: "{_written(value)}"' if shown else "quote it",
        )
    return f"{shown or _kind(value)} is not {kinds}", _example_value(path)


def _kind(value: Any) -> str:
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "a mapping"
    if isinstance(value, bool):
        return "true or false"
    return "a number" if isinstance(value, int) else "text"


def _members(path: Path) -> str:
    keys = list(resolved(at(path) or {}).get("properties", {}))
    return ", ".join(keys[:MOST_LISTED]) + (", ..." if len(keys) > MOST_LISTED else "")


def _refers(path: Path) -> bool:
    node: Node = at(path) or {}
    return any(branch.get("properties", {}).keys() >= REFERENCE_KINDS for branch in branches(node))
