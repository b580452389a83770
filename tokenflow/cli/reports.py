"""What `tokenflow validate` prints: one function a format, and the table of them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, final
from urllib.parse import quote

import tokenflow
from tokenflow.config.excerpts import render
from tokenflow.config.rules import EXPLANATIONS
from tokenflow.printable import printable

if TYPE_CHECKING:
    from tokenflow.config.rules.rule import Explanation
    from tokenflow.errors import Problem

LONGEST: Final = 2000


@final
@dataclass(frozen=True, slots=True)
class Checked:
    """What a check came to: the files, and every problem in their order."""

    files: tuple[str, ...]
    problems: tuple[Problem, ...]

    @property
    def errors(self) -> int:
        """How many problems are errors."""
        return sum(problem.severity == "error" for problem in self.problems)

    @property
    def warnings(self) -> int:
        """How many problems are warnings."""
        return len(self.problems) - self.errors


Report = Callable[[Checked], str]


def _text(checked: Checked) -> str:
    """Write for people: each problem with its line and a caret, then a summary."""
    return "\n".join([*(render(problem) for problem in checked.problems), _summary(checked)]) + "\n"


def _summary(checked: Checked) -> str:
    found = f"{_count(checked.errors, 'error')}, {_count(checked.warnings, 'warning')}"
    return f"{_count(len(checked.files), 'profile')} checked: {found if checked.problems else 'no problems'}"


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _json(checked: Checked) -> str:
    """Write one JSON object for programs."""
    report = {
        "profiles": checked.files,
        "errors": checked.errors,
        "warnings": checked.warnings,
        "problems": [
            {
                "file": problem.file,
                "line": problem.line,
                "column": problem.column,
                "path": problem.path,
                "severity": problem.severity,
                "rule": problem.rule,
                "message": problem.message,
                "advice": problem.advice,
            }
            for problem in checked.problems
        ],
    }
    return json.dumps(report, indent=2) + "\n"


def _github(checked: Checked) -> str:
    """Write workflow commands, which GitHub Actions shows beside the lines of a pull request."""
    return "\n".join([*(_command(problem) for problem in checked.problems), _summary(checked)]) + "\n"


def _command(problem: Problem) -> str:
    properties: dict[str, str | int] = {"file": printable(problem.file, longest=LONGEST)}
    if problem.line:
        properties |= {"line": problem.line, "col": problem.column}
    properties["title"] = problem.rule
    said = ",".join(f"{name}={_escaped(str(value), ',:')}" for name, value in properties.items())
    return f"::{problem.severity} {said}::{_escaped(_sentence(problem))}"


def _escaped(text: str, more: str = "") -> str:
    """Escape what would end a workflow command, or one of its properties (`more`)."""
    for letter in f"%\r\n{more}":  # the percent sign first: it stands in what replaces the others
        text = text.replace(letter, f"%{ord(letter):02X}")
    return text


def _sentence(problem: Problem) -> str:
    subject = f"{problem.path}: " if problem.path else ""
    advice = f"; {problem.advice}" if problem.advice else ""
    return printable(f"{subject}{problem.message}{advice}", longest=LONGEST)


def _sarif(checked: Checked) -> str:
    """Write a SARIF 2.1.0 log, which code scanning services take."""
    driver = {
        "name": "tokenflow",
        "semanticVersion": tokenflow.__version__,
        "rules": [_descriptor(explanation) for explanation in EXPLANATIONS.values()],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(problem) for problem in checked.problems],
    }
    schema = "https://json.schemastore.org/sarif-2.1.0.json"
    return json.dumps({"$schema": schema, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _descriptor(explanation: Explanation) -> dict[str, Any]:
    return {
        "id": explanation.id,
        "shortDescription": {"text": f"{explanation.title}."},
        "fullDescription": {"text": explanation.why},
        "help": {"text": f"{explanation.write} See {explanation.section}."},
        "defaultConfiguration": {"level": explanation.severity},
    }


_RULE_INDEX: Final = {name: number for number, name in enumerate(EXPLANATIONS)}


def _result(problem: Problem) -> dict[str, Any]:
    location: dict[str, Any] = {"artifactLocation": {"uri": _uri(problem.file)}}
    if problem.line:
        location["region"] = {"startLine": problem.line, "startColumn": problem.column}
    rule = {"ruleId": problem.rule, "ruleIndex": _RULE_INDEX[problem.rule]} if problem.rule in _RULE_INDEX else {}
    return {
        **rule,
        "level": problem.severity,
        "message": {"text": _sentence(problem)},
        "locations": [{"physicalLocation": location}],
    }


def _uri(file: str) -> str:
    """Write a path as a URI reference; a relative one counts from where the check ran."""
    return Path(file).as_uri() if Path(file).is_absolute() else quote(os.fsencode(file))


REPORTS: Final[dict[str, Report]] = {"text": _text, "json": _json, "github": _github, "sarif": _sarif}
