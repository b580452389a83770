"""From flags, and questions where a person can be asked, to a whole draft of a profile and its text."""

from __future__ import annotations

import os
import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Never

from tokenflow.app_types import APP_TYPES
from tokenflow.cli.commands import COMMANDS
from tokenflow.cli.dialogue import ask, can_ask, choose
from tokenflow.config.drafting import compose
from tokenflow.config.interpretation import interpret
from tokenflow.config.presets import built_in, with_preset
from tokenflow.config.questions import REPLACE_ME, SECRETS, Draft, misplacements, questions, secrets_in_keyring
from tokenflow.config.reading import parse
from tokenflow.config.schema import schema_file
from tokenflow.errors import Problem, ProfileError, SecretError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from tokenflow.config.questions import Question
    from tokenflow.profile import KeyringSource, Reference

SUFFIXES: Final = (".yaml", ".yml")
OWN_SERVER: Final = "none"
# Dotted path in the profile -> flag, its metavar, its help.
FLAGS: Final[dict[str, tuple[str, str, str]]] = {
    "issuer": ("--issuer", "URL", "address of the authorization server"),
    "client.id": ("--client-id", "ID", "client ID from the registration"),
    "client.secret": (
        "--secret-from",
        "PLACE",
        "where the client secret is: env:NAME, file:PATH, keyring:SERVICE/USER",
    ),
    "user.name": ("--user-name", "NAME", "name of the service user that an agent acts as"),
    "user.password": ("--password-from", "PLACE", "where that user's password is, as for --secret-from"),
    "subject_token": ("--subject-token-from", "PLACE", "where a workload's own token is; ambient:auto too"),
    "scopes": ("--scopes", "SCOPES", "scopes to ask for, separated by blanks"),
    "audience": ("--audience", "AUDIENCE", "the API that the token is for"),
    "redirect_uri": ("--redirect-uri", "URI", "redirect address, as registered"),
    "description": ("--description", "TEXT", "what the application is for"),
}


def begun(arguments: argparse.Namespace) -> tuple[Draft, bool]:
    """Return the draft with what the flags say of it, and whether a person is asked for the rest."""
    given = vars(arguments)
    answers = {path: given[path] for path in FLAGS if given[path] is not None}
    preset, app_type = arguments.preset, arguments.app_type
    known = preset is not None or "issuer" in answers
    asked = can_ask() and not (known and app_type)
    if asked and not known:
        preset = _chosen_preset(app_type)
    if asked and not app_type:
        app_type = _chosen_app_type(preset)
    if not asked and not (known and app_type):
        missing = {} if known else {"--preset or --issuer": "say which authorization server"}
        missing |= {} if app_type else {"--app-type": f"write one of {', '.join(APP_TYPES)}"}
        missing |= {} if "client.id" in answers else {"--client-id": "write the client ID from the registration"}
        _refuse_missing(missing)
    draft = Draft(app_type=app_type, preset=preset, answers=answers)
    path = arguments.path or ""
    draft = _lent(draft, path if path.endswith(SUFFIXES) else os.path.join(path, "profile.yaml"))
    open_ = [question for question in questions(draft) if question.path not in answers and question.needed]
    return draft, asked or bool(open_ and can_ask())


def _chosen_preset(app_type: str | None) -> str | None:
    choices = {
        name: str(preset.document.data["title"])
        for name, preset in built_in().items()
        if app_type is None or app_type in preset.app_types
    }
    name = choose("Provider", {**choices, OWN_SERVER: "another authorization server"}, default=OWN_SERVER)
    return None if name == OWN_SERVER else name


def _chosen_app_type(preset: str | None) -> str:
    known = built_in().get(preset or "")
    served = known.app_types if known else APP_TYPES
    return choose("Kind of application", {name: APP_TYPES[name].summary for name in served})


def _lent(draft: Draft, path: str) -> Draft:
    """Add what the preset lends.

    Raises:
        ProfileError: there is no such preset, or it does not serve the app type.
    """
    bare = compose(replace(draft, answers={}), schema=None, commands=[])
    document, problems = with_preset(parse(_encoded(bare), path))
    if problems:
        refuse(("--preset", problem.message, problem.advice) for problem in problems)
    provider = built_in().get(draft.preset or "")
    if provider and draft.app_type not in provider.app_types:
        served = ", ".join(provider.app_types)
        refuse([("--app-type", f"preset {provider.name} does not serve {draft.app_type}", f"write one of {served}")])
    return replace(draft, provider=provider, lent=document.data)


def answered(draft: Draft, path: str, *, asked: bool) -> Draft:
    """Return the draft with an answer to every question that is open."""
    missing: dict[str, str] = {}
    for question in questions(draft):
        if question.path in draft.answers:
            continue
        answer = _ask(question, draft, path) if asked else question.default
        if answer:
            draft = replace(draft, answers={**draft.answers, question.path: answer})
        elif question.needed:
            missing[FLAGS[question.path][0]] = question.hint
    _refuse_missing(missing)
    return draft


def _ask(question: Question, draft: Draft, path: str) -> str:
    def objection(answer: str) -> str:
        if not answer:
            return "an answer is needed" if question.needed else ""
        tried = replace(draft, answers={**draft.answers, question.path: answer})
        return next((said for where, said in _errors(tried, path) if where == question.path), "")

    default = question.default or (REPLACE_ME if question.replaceable and question.needed else "")
    return ask(question.asks, hint=question.hint, default=default, objection=objection)


def _errors(draft: Draft, path: str) -> Iterable[tuple[str, str]]:
    """Yield what is wrong with the answers in a draft, whole or not: dotted path, and what to write."""
    misplaced = list(misplacements(draft))
    yield from misplaced
    if not misplaced:
        for problem in _problems(text_of(draft, path), path):
            if problem.severity == "error":
                yield _answer_at(problem.path), f"{problem.message}; {problem.advice}"


def _answer_at(path: str) -> str:
    """Return which answer a problem at `path` is about."""
    return next((each for each in FLAGS if path == each or path.startswith((f"{each}.", f"{each}["))), path)


def text_of(draft: Draft, path: str) -> str:
    """Return the profile's text, as it will stand in `path`."""
    shown = os.path.basename(path) if os.path.isabs(path) else path
    return compose(draft, schema=_schema_link(path), commands=commands(draft, shown))


def _schema_link(path: str) -> str:
    """Return the address of the schema: relative in a checkout that has it, else that of this installation's."""
    folder = Path(os.path.realpath(os.path.dirname(path) or "."))
    for parent in (folder, *folder.parents):
        near = parent / "schemas" / "profile.schema.json"
        if near.is_file():
            return os.path.relpath(near, folder)
    return schema_file().as_uri()


def commands(draft: Draft, path: str) -> list[str]:
    """Return what to run, line by line, to have a token by the profile."""
    places = [draft.answers.get(where, "").partition(":") for where in SECRETS]
    lines = [f"export {name}=..." for kind, _, name in places if kind == "env"]
    lines += [set_by_hand(item) for item in secrets_in_keyring(draft)]
    if draft.flow in ("authorization_code", "device_code") and "login" in COMMANDS:
        lines.append(f"tokenflow login {shlex.quote(path)}")
    return [*lines, f"tokenflow token {shlex.quote(path)}"]


def set_by_hand(item: KeyringSource) -> str:
    """Return the command that puts an item into the keyring."""
    return f"keyring set {shlex.join((item.service, item.username))}"


def checked(draft: Draft, path: str) -> tuple[str, list[Problem]]:
    """Return the profile's text and the warnings about it.

    Raises:
        ProfileError: `tokenflow validate` would refuse it.
    """
    misplaced = list(misplacements(draft))
    if misplaced:
        refuse((FLAGS[where][0], message, "") for where, message in misplaced)
    text = text_of(draft, path)
    problems = _problems(text, path)
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors:
        refuse((_flag(error.path), error.message, error.advice) for error in errors)
    return text, problems


def _flag(path: str) -> str:
    answer = _answer_at(path)
    return FLAGS[answer][0] if answer in FLAGS else path


def _problems(text: str, path: str) -> list[Problem]:
    return list(interpret(parse(_encoded(text), path), resolve=_unread, unresolved="warning").problems)


def _unread(reference: Reference) -> str:
    raise SecretError(f"{reference} is not read by `tokenflow init`; what depends on its value is not checked")


def _encoded(text: str) -> bytes:
    """Encode a profile; what is no text in an argument becomes an escape that the reader refuses."""
    return text.encode(errors="backslashreplace")


def _refuse_missing(missing: dict[str, str]) -> None:
    if missing:
        refuse((flag, "is missing, and nobody can be asked", hint) for flag, hint in missing.items())


def refuse(problems: Iterable[tuple[str, str, str]]) -> Never:
    """Raise a ProfileError with a problem for each (flag or argument, what is wrong, what to write)."""
    raise ProfileError(
        [
            Problem(file="tokenflow init", path=where, message=message, advice=advice)
            for where, message, advice in problems
        ]
    )
