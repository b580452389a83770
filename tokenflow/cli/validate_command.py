"""`tokenflow validate PATH...`: check files and folders, and report every problem at once, on stdout."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tokenflow.config.excerpts import render
from tokenflow.config.interpretation import Interpretation, clashes, interpret
from tokenflow.config.reading import read
from tokenflow.deliver.stdout import write
from tokenflow.errors import Problem, ProfileError, SecretError
from tokenflow.profile import CommandSource, Reference
from tokenflow.world.references import read_public_reference

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

SUFFIXES: Final = (".yaml", ".yml")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("paths", metavar="PATH", nargs="+", help="a profile, or a folder of profiles")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="how the report is written")
    parser.add_argument("--strict", action="store_true", help="exit 2 also where there are only warnings")


def execute(arguments: argparse.Namespace) -> int:
    """Check everything; exit 2 where a profile cannot be used."""
    files = [file for path in arguments.paths for file in _files(path)]
    checked = clashes({file: _check(file) for file in dict.fromkeys(files)})
    problems = [problem for interpretation in checked.values() for problem in interpretation.problems]
    errors = sum(problem.severity == "error" for problem in problems)
    report = _json if arguments.format == "json" else _text
    write(report(list(checked), problems, errors))
    return 2 if errors or (arguments.strict and problems) else 0


def _files(path: str) -> Iterator[str]:
    """Yield a file, or the profiles in a folder and below it, sorted; hidden folders are left out."""
    if not Path(path).is_dir():
        yield path
        return
    found = False
    for folder, folders, names in os.walk(path):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if name.endswith(SUFFIXES) and not name.startswith("."):
                found = True
                yield os.path.join(folder, name)
    if not found:
        raise ProfileError([Problem(file=path, message="there is no .yaml file in this folder", advice="name another")])


def _check(file: str) -> Interpretation:
    try:
        document = read(Path(file), shown_as=file)
    except ProfileError as error:
        return Interpretation(file, None, error.problems)
    return interpret(document, resolve=_resolved_here, unresolved="warning")


def _resolved_here(reference: Reference) -> str:
    """Resolve a public reference, but run nothing: a check has no side effects."""
    if isinstance(reference.source, CommandSource):
        raise SecretError("the command is not run by a check; what depends on its value is not checked")
    try:
        return read_public_reference(reference)
    except SecretError as error:
        raise SecretError(f"{error}; what depends on its value is not checked") from None


def _text(files: list[str], problems: list[Problem], errors: int) -> str:
    warnings = len(problems) - errors
    lines = [render(problem) for problem in problems]
    found = ", ".join(
        f"{count} {word}{'' if count == 1 else 's'}" for count, word in ((errors, "error"), (warnings, "warning"))
    )
    checked = f"{len(files)} profile{'' if len(files) == 1 else 's'} checked"
    lines.append(f"{checked}: {found if problems else 'no problems'}")
    return "\n".join(lines) + "\n"


def _json(files: list[str], problems: list[Problem], errors: int) -> str:
    report = {
        "profiles": files,
        "errors": errors,
        "warnings": len(problems) - errors,
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
            for problem in problems
        ],
    }
    return json.dumps(report, indent=2) + "\n"
