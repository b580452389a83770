"""Presets: what a profile builds upon, a provider's (`preset: itwin`) or the user's own (`preset: ./company.yaml`).

A profile's own keys win over its preset's; mappings merge by key, lists and scalars replace. A preset file of the
user's is a part of a profile, and may have a preset itself; it lies beside the profile or below. A built-in one is data
under `tokenflow/presets/`: what holds for all app types under `profile`, more for some of them under `app_types`.
"""

from __future__ import annotations

import difflib
import os.path
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any, Final, final

from tokenflow.config.reading import read
from tokenflow.errors import Problem, ProfileError
from tokenflow.printable import printable

if TYPE_CHECKING:
    from tokenflow.config.document import Document, Path
    from tokenflow.profile import Place

DEEPEST: Final = 8  # presets upon presets
_FOLDER: Final = FilePath(__file__).resolve().parent.parent / "presets"


@final
@dataclass(frozen=True, slots=True)
class Preset:
    """A provider's preset as it is shipped, for those who list and explain it."""

    name: str
    document: Document

    @property
    def summary(self) -> str:
        """What it is for, in a sentence."""
        return str(self.document.data["summary"])

    @property
    def fill_in(self) -> dict[str, str]:
        """What a profile must still say: dotted path, and how to find it."""
        return dict(self.document.data["fill_in"])

    @property
    def quirks(self) -> list[str]:
        """What is surprising about the provider, a sentence each."""
        return list(self.document.data["quirks"])

    @property
    def app_types(self) -> list[str]:
        """The app types that it serves."""
        return list(self.document.data["app_types"])


@cache
def built_in() -> dict[str, Preset]:
    """Return the presets that are shipped, by name."""
    files = sorted(_FOLDER.glob("*.yaml"))
    return {file.stem: Preset(file.stem, read(file, shown_as=f"preset {file.stem}")) for file in files}


def with_preset(document: Document) -> tuple[Document, list[Problem]]:
    """Lay a profile over its preset; where there is a problem with that, return the profile as it is."""
    try:
        return _upon(document, ()), []
    except ProfileError as error:
        return document, list(error.problems)


def filled_in(document: Document, problem: Problem) -> Problem:
    """Return the problem, with the provider's own advice where the preset leaves the value to the user."""
    preset = built_in().get(str(document.data.get("preset")))
    if problem.message.startswith("is missing") and preset and problem.path in preset.fill_in:
        return replace(problem, advice=preset.fill_in[problem.path])
    return problem


def _upon(document: Document, above: tuple[str, ...]) -> Document:
    named = document.data.get("preset")
    if not isinstance(named, str):
        return document
    if named.endswith((".yaml", ".yml")) or "/" in named or os.sep in named:
        below = _upon(_own(document, named, above), (*above, os.path.realpath(document.file)))
    else:
        below = _provider(document, named)
    return _merged(document, below)


def _own(document: Document, named: str, above: tuple[str, ...]) -> Document:
    """Read a preset file of the user's own."""
    root = os.path.dirname(above[0] if above else os.path.realpath(document.file))
    file = os.path.join(os.path.dirname(document.file), named)
    target = os.path.realpath(file)
    if os.path.commonpath([root, target]) != root:
        raise _refused(document, f"`{printable(named)}` is not in the profile's folder", "keep presets in it or below")
    if target in (*above, os.path.realpath(document.file)):
        raise _refused(document, f"`{printable(named)}` leads back to itself", "remove one `preset` of the circle")
    if len(above) >= DEEPEST:
        raise _refused(document, f"stands on more than {DEEPEST} presets", "put some of them together")
    if not os.path.isfile(target):
        raise _refused(
            document,
            f"there is no file `{printable(named)}` beside the profile",
            "check the path",
        )
    return read(FilePath(file))


def _provider(document: Document, named: str) -> Document:
    """Return the built-in preset for the profile's app type, as a part of a profile."""
    presets = built_in()
    if named not in presets:
        near = difflib.get_close_matches(named, presets, 1)
        choices = f"one of {', '.join(presets)}, or a file: ./company.yaml"
        advice = f"did you mean `{near[0]}`? It is {choices}" if near else f"write {choices}"
        raise _refused(document, f"`{printable(named, longest=60)}` is not known", advice)
    app_type = str(document.data.get("app_type"))
    return _provided(named, app_type if app_type in presets[named].app_types else "")


@cache
def _provided(named: str, app_type: str) -> Document:
    preset = built_in()[named].document
    return _merged(_part(preset, ("app_types", app_type)), _part(preset, ("profile",)))


def _part(document: Document, at: tuple[str, ...]) -> Document:
    """Return the part of a document under `at` as a document of its own; its places stay where they stand."""
    data: Any = document.data
    for name in at:
        data = data.get(name, {})
    spots = {path[len(at) :]: spot for path, spot in document.spots.items() if path[: len(at)] == at}
    return replace(document, data=data, spots=spots or {(): document.spots[()]})


def _merged(above: Document, below: Document) -> Document:
    """Lay one document over another; what comes from below keeps its place there."""
    borrowed = dict(above.borrowed)
    data = _laid_over(above.data, below, (), borrowed)
    return replace(above, data=data, borrowed=borrowed)


def _laid_over(above: dict[str, Any], below: Document, path: Path, borrowed: dict[Path, Place]) -> dict[str, Any]:
    lower: Any = below.data
    for part in path:
        lower = lower[part]
    result = dict(above)
    for key, value in lower.items():
        here = (*path, key)
        if not path and key in ("preset", "name"):
            continue
        if key not in above:
            result[key] = value
            borrowed |= {each: below.place(each) for each in below.spots if each[: len(here)] == here}
            borrowed |= {each: place for each, place in below.borrowed.items() if each[: len(here)] == here}
        elif isinstance(value, dict) and isinstance(above[key], dict) and not _is_reference(here):
            result[key] = _laid_over(above[key], below, here, borrowed)
    return result


def _is_reference(path: Path) -> bool:
    """Whether a reference may stand at `path`: it is one value, and replaced as a whole."""
    from tokenflow.config.schema import at, takes_reference  # noqa: PLC0415 - only profiles with a preset come here

    node = at(path)
    return node is not None and (takes_reference(node) or path[0] in ("subject_token", "actor_token", "assertion"))


def _refused(document: Document, message: str, advice: str) -> ProfileError:
    return ProfileError([document.problem(("preset",), message, advice, rule="preset")])
