"""What `tokenflow validate --explain` prints: one rule in full, or the list of all."""

from __future__ import annotations

import difflib
import json
import textwrap
from typing import TYPE_CHECKING, Final

from tokenflow.config.rules import EXPLANATIONS
from tokenflow.printable import printable

if TYPE_CHECKING:
    from tokenflow.config.rules.rule import Explanation

ALL: Final = "all"
WIDTH: Final = 100
_PARTS: Final = ("id", "severity", "title", "why", "write", "section")


def known_rule(name: str) -> str:
    """Return the name of a rule, or `all`. Raises ValueError, whose message suggests one."""
    if name == ALL or name in EXPLANATIONS:
        return name
    near = difflib.get_close_matches(name.lower().replace("_", "-"), EXPLANATIONS, 1)
    meant = f"did you mean `{near[0]}`?" if near else "`tokenflow validate --explain` lists them"
    raise ValueError(f"there is no rule `{printable(name, longest=60)}`; {meant}")


def rule_page(name: str, *, as_json: bool) -> str:
    """Explain one rule, or list all of them."""
    chosen = list(EXPLANATIONS.values()) if name == ALL else [EXPLANATIONS[name]]
    if as_json:
        return json.dumps([{part: getattr(each, part) for part in _PARTS} for each in chosen], indent=2) + "\n"
    return _list(chosen) if name == ALL else _page(chosen[0])


def _list(chosen: list[Explanation]) -> str:
    widest = max(len(each.id) for each in chosen)
    return "".join(f"{each.id:{widest}}  {each.severity:7}  {each.title}\n" for each in chosen)


def _page(rule: Explanation) -> str:
    parts = (("", f"{rule.title}."), ("Why:   ", rule.why), ("Write: ", rule.write), ("See:   ", rule.section))
    paragraphs = (_paragraph(label, text) for label, text in parts)
    return f"{rule.id} ({rule.severity})\n\n" + "\n".join(paragraphs)


def _paragraph(label: str, text: str) -> str:
    indent = " " * (2 + len(label))
    lines = textwrap.wrap(
        text,
        WIDTH,
        initial_indent=f"  {label}",
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(lines) + "\n"
