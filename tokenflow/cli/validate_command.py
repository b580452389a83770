"""`tokenflow validate PATH...`: check files and folders, and report every problem at once, on stdout."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tokenflow.cli.reports import REPORTS, Checked
from tokenflow.cli.rule_pages import ALL, known_rule, rule_page
from tokenflow.config.interpretation import Interpretation, clashes, interpret
from tokenflow.config.reading import read
from tokenflow.deliver.stdout import write
from tokenflow.errors import Problem, ProfileError, SecretError
from tokenflow.profile import CommandSource, KeyringSource, Reference
from tokenflow.world.references import read_public_reference

if TYPE_CHECKING:
    from collections.abc import Iterator

SUFFIXES: Final = (".yaml", ".yml")


class _Explain(argparse.Action):
    """Ask for an explanation, which needs no PATH."""

    def __init__(self, *, paths: argparse.Action, **options: Any) -> None:
        super().__init__(**options)
        self._paths = paths

    def __call__(self, _parser: Any, namespace: argparse.Namespace, values: Any, _option: Any = None) -> None:
        self._paths.required = False
        namespace.explain = values


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    paths = parser.add_argument("paths", metavar="PATH", nargs="+", help="a profile, or a folder of profiles")
    parser.add_argument("--format", choices=tuple(REPORTS), default="text", help="how the report is written")
    parser.add_argument("--strict", action="store_true", help="exit 2 also where there are only warnings")
    parser.add_argument(
        "--explain",
        action=_Explain,
        paths=paths,
        metavar="RULE",
        nargs="?",
        const=ALL,
        type=_rule,
        help="explain a rule by its name, or list all rules, and check nothing",
    )


def _rule(name: str) -> str:
    try:
        return known_rule(name)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def execute(arguments: argparse.Namespace) -> int:
    """Check everything; exit 2 where a profile cannot be used."""
    if arguments.explain is not None:
        write(rule_page(arguments.explain, as_json=arguments.format == "json"))
        return 0
    files = [file for path in arguments.paths for file in _files(path)]
    interpretations = clashes({file: _check(file) for file in dict.fromkeys(files)})
    problems = tuple(problem for interpretation in interpretations.values() for problem in interpretation.problems)
    checked = Checked(tuple(interpretations), problems)
    write(REPORTS[arguments.format](checked))
    return 2 if checked.errors or (arguments.strict and problems) else 0


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
    if isinstance(reference.source, CommandSource | KeyringSource):
        raise SecretError("neither command nor keyring is asked by a check; what depends on its value is not checked")
    try:
        return read_public_reference(reference)
    except SecretError as error:
        raise SecretError(f"{error}; what depends on its value is not checked") from None
