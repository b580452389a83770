"""What a rule is: its id, its explanation for people, and the check that finds where it is broken."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, final

if TYPE_CHECKING:
    from tokenflow.config.document import Path
    from tokenflow.config.facts import Facts

Finding = tuple["Path", str, str]  # where, what is wrong, what to write
Check = Callable[["Facts"], Iterator[Finding]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What `tokenflow validate --explain` prints of a rule, and what SARIF says of it.

    `title` is the rule as a phrase, `why` the reason, `write` the remedy, `section` where a standard (or this
    language's own definition) says so.
    """

    id: str
    severity: Literal["error", "warning"]
    title: str
    why: str
    write: str
    section: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(Explanation):
    """One rule across keys."""

    check: Check


def stands(facts: Facts, *path: str) -> bool:
    """Whether the profile itself says something at `path`, without a problem there: not a preset, and not by a typo."""
    return path in facts.document.spots and not facts.doubts(path) and not facts.doubts_within(path)
