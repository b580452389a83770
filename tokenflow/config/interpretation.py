"""From a document to a Profile, or to everything that is wrong with it: schema, references, rules, in one pass."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, final

from tokenflow.config.building import build, stem
from tokenflow.config.complaints import complaints
from tokenflow.config.excerpts import hide_secrets
from tokenflow.config.facts import Facts
from tokenflow.config.presets import filled_in, with_preset
from tokenflow.config.references import Resolve, Unresolved, substitute
from tokenflow.config.rules import broken_rules
from tokenflow.errors import Problem

if TYPE_CHECKING:
    from tokenflow.config.document import Document
    from tokenflow.profile import Profile


@final
@dataclass(frozen=True, slots=True)
class Interpretation:
    """What a document came to: a profile unless a problem is an error; the problems in file order."""

    name: str
    profile: Profile | None
    problems: tuple[Problem, ...]

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that keep the profile from being used."""
        return tuple(problem for problem in self.problems if problem.severity == "error")


def interpret(document: Document, *, resolve: Resolve, unresolved: Unresolved = "error") -> Interpretation:
    """Check a document in all layers, and build its profile if nothing is wrong.

    `resolve` gives the value of a public reference, or raises SecretError; what it cannot give has the severity
    `unresolved`.
    """
    document, about_preset = with_preset(document)
    found = about_preset + complaints(document)
    plain, more = substitute(document, resolve, unresolved, doubtful={problem.path for problem in found})
    found += more
    facts = Facts(plain, found, doubtful=["preset"] if about_preset else [])
    found += [filled_in(document, problem) for problem in broken_rules(facts)]
    problems = tuple(sorted(hide_secrets(document, found), key=lambda each: (each.line, each.column, each.path)))
    failed = any(problem.severity == "error" for problem in problems)
    unknown = any(problem.rule == "reference" for problem in problems)
    profile = None if failed or unknown else build(plain)
    name = plain.data.get("name")
    return Interpretation(name if isinstance(name, str) else stem(document.file), profile, problems)


def clashes(found: dict[str, Interpretation]) -> dict[str, Interpretation]:
    """Add an error to every profile (by file) whose name another one in the same folder has already."""
    first: dict[tuple[str, str], str] = {}
    checked: dict[str, Interpretation] = {}
    for file, interpretation in found.items():
        folder = file.rpartition("/")[0]
        other = first.setdefault((folder, interpretation.name), file)
        if other != file:
            interpretation = _clashing(file, interpretation, other)  # noqa: PLW2901 - the same one, with a problem more
        checked[file] = interpretation
    return checked


def _clashing(file: str, interpretation: Interpretation, other: str) -> Interpretation:
    place = interpretation.profile.place("name") if interpretation.profile else None
    problem = Problem(
        file=file,
        line=place.line if place else 0,
        column=place.column if place else 0,
        path="name",
        message=f"`{interpretation.name}` is also the name of {other}",
        advice="give each profile in a folder its own name",
        rule="names-are-unique",
    )
    return replace(interpretation, profile=None, problems=(*interpretation.problems, problem))
