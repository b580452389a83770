"""References in a profile (`{env: NAME}`): public ones become values, secret ones stay references."""

from __future__ import annotations

import os.path
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from tokenflow.config.complaints import complaints
from tokenflow.config.document import Document, Path, dotted
from tokenflow.config.reading import plain_value
from tokenflow.config.schema import REFERENCE_KINDS, Found, references
from tokenflow.errors import SecretError
from tokenflow.profile import CommandSource, EnvSource, FileSource, KeyringSource, Reference, Source

if TYPE_CHECKING:
    from tokenflow.errors import Problem
    from tokenflow.profile import Place

Resolve = Callable[[Reference], str]
Unresolved = Literal["error", "warning"]


def refer(value: dict[str, Any], *, file: str, place: Place) -> Reference:
    """Read a reference; a relative path counts from the profile's folder."""
    return Reference(_source(value, file), default=value.get("default"), place=place)


def _source(value: dict[str, Any], file: str) -> Source:
    if "env" in value:
        return EnvSource(value["env"])
    if "file" in value:
        return FileSource(beside(file, value["file"]))
    if "keyring" in value:
        return KeyringSource(value["keyring"]["service"], value["keyring"]["username"])
    return CommandSource(tuple(value["command"]))


def beside(file: str, path: str) -> str:
    """Return the absolute form of `path`, which counts from the folder of `file`; `~` is the home folder."""
    return os.path.abspath(os.path.join(os.path.dirname(file), os.path.expanduser(path)))


def substitute(
    document: Document, resolve: Resolve, unresolved: Unresolved, *, doubtful: set[str]
) -> tuple[Document, list[Problem]]:
    """Put the value of every public reference in its place, and a `Reference` in the place of every secret one.

    What `resolve` cannot read is a problem of the severity `unresolved`; a value that does not fit the schema is an
    error at the reference. Places that already have a problem (`doubtful`) are left as they are.
    """
    problems: list[Problem] = []
    public: dict[Path, Any] = {}
    secret: dict[Path, Any] = {}
    marred = {parent for path in doubtful for parent in _with_parents(path)}
    for found in references(document.data):
        if dotted(found.path) in marred:
            continue
        if (wrong := _malformed(document, found)) is not None:
            problems.append(wrong)
            continue
        reference = refer(found.value, file=document.base(found.path), place=document.place(found.path))
        if found.secret:
            secret[found.path] = reference
            continue
        try:
            text = resolve(reference)
        except SecretError as error:
            problems.append(document.problem(found.path, str(error), severity=unresolved, rule="reference"))
            secret[found.path] = reference
        else:
            public[found.path] = text if found.text else plain_value(text)
    if public:
        document = replace(document, data=_replaced(document.data, public, ()))
        problems += [
            replace(problem, message=f"{problem.message} (the value that the reference gave)", excerpt="")
            for problem in complaints(document)
            if problem.path in {dotted(path) for path in public}
        ]
    return replace(document, data=_replaced(document.data, secret, ())), problems


def _with_parents(path: str) -> Iterator[str]:
    yield path
    yield from (path[:end] for end, letter in enumerate(path) if letter in ".[")


def _malformed(document: Document, found: Found) -> Problem | None:
    kinds = sorted(found.value.keys() & REFERENCE_KINDS)
    if len(kinds) == 1:
        return None
    if kinds:
        message, advice = f"refers to {' and '.join(kinds)} at once", "keep one of them"
    else:
        message, advice = "refers to nothing", "write one of env, file, keyring, command"
    return document.problem(found.path, message, advice, rule="reference")


def _replaced(value: Any, replacements: dict[Path, Any], path: Path) -> Any:
    if path in replacements:
        return replacements[path]
    if isinstance(value, dict):
        return {key: _replaced(member, replacements, (*path, key)) for key, member in value.items()}
    if isinstance(value, list):
        return [_replaced(member, replacements, (*path, number)) for number, member in enumerate(value)]
    return value
