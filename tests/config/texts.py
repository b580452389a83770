"""Profiles as text, and what is said of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tokenflow.config.excerpts import render
from tokenflow.config.interpretation import Interpretation, interpret
from tokenflow.config.reading import parse
from tokenflow.errors import ProfileError, SecretError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokenflow.config.references import Unresolved
    from tokenflow.profile import Profile, Reference

FILE: Final = "p.yaml"
# Four lines without a mistake: what a test adds begins on line 5.
SERVICE: Final = "version: 1\napp_type: service\nissuer: https://as.example\nclient: {id: a, secret: {env: S}}\n"


def interpreted(
    text: str | bytes,
    *,
    values: Mapping[str, str] | None = None,
    unresolved: Unresolved = "error",
    file: str = FILE,
) -> Interpretation:
    """Interpret a profile; `values` are those of its public references, by the reference as it is shown."""

    def resolve(reference: Reference) -> str:
        try:
            return (values or {})[str(reference)]
        except KeyError:
            raise SecretError(f"nothing is known of {reference}") from None

    content = text if isinstance(text, bytes) else text.encode()
    return interpret(parse(content, file), resolve=resolve, unresolved=unresolved)


def built(text: str, *, values: Mapping[str, str] | None = None, file: str = FILE) -> Profile:
    """Return the profile of a text that has no error."""
    interpretation = interpreted(text, values=values, file=file)
    assert interpretation.profile is not None, interpretation.errors
    return interpretation.profile


def said(text: str | bytes, *, values: Mapping[str, str] | None = None, unresolved: Unresolved = "error") -> list[str]:
    """Return what is said of a text, as lines without the file's name; a warning begins with a question mark."""
    try:
        problems = interpreted(text, values=values, unresolved=unresolved).problems
    except ProfileError as error:
        problems = error.problems
    return [("? " if each.severity == "warning" else "") + str(each).removeprefix(f"{FILE}:") for each in problems]


def rendered(text: str | bytes) -> str:
    """Return all that a person sees of what is wrong with a text."""
    try:
        problems = interpreted(text).problems
    except ProfileError as error:
        problems = error.problems
    return "\n".join(render(problem) for problem in problems)
