"""The text of a new profile, composed from answers: YAML with its comments. Pure."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from tokenflow.app_types import APP_TYPES
from tokenflow.config.questions import PLACES, REPLACE_ME, SECRETS, place_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tokenflow.config.questions import Draft

_COLUMN: Final = 45  # where comments behind values begin
_WIDEST: Final = 120
# What no YAML reader takes for anything but text, plain and in a list: not even the words of YAML 1.1.
_PLAIN: Final = re.compile(r"[A-Za-z_/][\w./@%+=~-]*(?::[\w./@%+=~?&-]+)*\Z", re.ASCII)
_WORDS: Final = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})


def compose(draft: Draft, *, schema: str | None, commands: list[str]) -> str:
    """Return the profile's text; `schema` is the address for editors, `commands` what to run it with.

    Raises:
        ValueError: an answer that must be a place is none.
    """
    lines = [f"# yaml-language-server: $schema={schema}"] if schema else []
    if (schema or "").startswith("file:"):
        lines.append(
            "# (this machine's copy; before you share the profile: `tokenflow schema > profile.schema.json`, and"
        )
        lines.append("# `$schema=profile.schema.json` in the line above)")
    lines += ["#", *_head(draft, commands), "", "version: 1"]
    if draft.preset is not None:
        lines += _key("preset", draft.preset, "lends what stands at the end of this file; keys written here win")
    lines += _key("app_type", draft.app_type, f"the flow is {draft.flow}")
    if "description" in draft.answers:
        lines += _key("description", draft.answers["description"], "")
    lines += [line for name in _ORDER for line in _section(draft, name)]
    lines += _lent_lines(draft)
    return "\n".join([*lines, "", *_MORE]) + "\n"


_ORDER: Final = ("issuer", "client", "user", "subject_token", "scopes", "audience", "redirect_uri")
_SAID: Final = {
    "issuer": "the authorization server; its endpoints are found by discovery",
    "client.id": "from the registration; no secret",
    "client.secret": "read only when a token is asked for; never stands in this file",
    "user.name": "the service user, not a person's account",
    "user.password": "read only when it is sent; never stands in this file",
    "subject_token": "what is exchanged for the access token",
    "scopes": "what the token is to be good for",
    "audience": "the API that the token is for",
    "redirect_uri": "the server compares it letter for letter",
}
_MORE: Final = (
    "# More that may stand here; `tokenflow schema` has all of it:",
    "# refresh:",
    "#   min_validity: 60s                        # a token handed out lives at least this long",
    "# deliver:                                   # what `tokenflow run` does with a new token; by default, nothing",
    '#   - {to: file, path: /run/app/token, mode: "0600"}',
)


def _head(draft: Draft, commands: list[str]) -> Iterator[str]:
    provider = draft.provider
    yield f"# For:      {APP_TYPES[draft.app_type].summary}"
    if provider:
        yield f"# Provider: {provider.document.data['title']}"
        yield f"#           {provider.summary}"
        yield f"# Read:     {provider.document.data['documentation']}"
    for number, command in enumerate(commands):
        yield f"# {'' if number else 'Run:':<9} {command}"
    if provider:
        yield "#"
        yield f"# Good to know about {provider.document.data['title']}:"
        yield from (f"# - {quirk}" for quirk in provider.quirks)


def _section(draft: Draft, name: str) -> list[str]:
    """Write one top-level key with what was answered for it, or nothing."""
    own = {path: text for path, text in draft.answers.items() if path.partition(".")[0] == name}
    if not own:
        return []
    fill_in = draft.provider.fill_in if draft.provider else {}
    if name in own:
        return ["", *_key(name, _value(name, own[name]), _comment(name, own[name], fill_in))]
    lines = ["", f"{name}:"]
    for path in (path for path in _SAID if path in own):
        key = path.partition(".")[2]
        lines += _key(key, _value(path, own[path]), _comment(path, own[path], fill_in), indent="  ")
    return lines


def _comment(path: str, answer: str, fill_in: Mapping[str, str]) -> str:
    if answer == REPLACE_ME:
        return f"to be replaced: {fill_in.get(path, _SAID[path])}"
    return _SAID[path] if path in PLACES else fill_in.get(path, _SAID[path])


def _value(path: str, answer: str) -> Any:
    if path == "subject_token":
        return {**place_of(answer, ambient=True), "type": "jwt"}
    if path in SECRETS:
        return place_of(answer)
    return answer.split() if path == "scopes" else answer


def _key(name: str, value: Any, comment: str, *, indent: str = "") -> list[str]:
    """Write a key with its comment behind it, or above it where the line would be too long."""
    line = f"{indent}{name}: {_flow(value)}"
    if not comment:
        return [line]
    whole = f"{line.ljust(_COLUMN - 1)} # {comment}"
    return [whole] if len(whole) <= _WIDEST else [f"{indent}# {comment}", line]


def _lent_lines(draft: Draft) -> Iterator[str]:
    """Say what the preset lends: a provider's values, of a file of the user's the keys alone (it may hold a secret)."""
    written = {"version", "preset", "app_type", "name", *(path for path in draft.answers if "." not in path)}
    lent = {key: value for key, value in draft.lent.items() if key not in written}
    if not lent:
        return
    yield ""
    if draft.provider is None:
        yield f"# The preset lends {', '.join(map(_scalar, lent))}."
        return
    yield "# What the preset lends. To replace a value, write its key in this file:"
    yield from (f"# {line}" for line in _block(lent, ""))


def _block(value: Mapping[str, Any], indent: str) -> Iterator[str]:
    for key, member in value.items():
        if isinstance(member, dict):
            yield f"{indent}{_scalar(key)}:"
            yield from _block(member, indent + "  ")
        else:
            yield f"{indent}{_scalar(key)}: {_flow(member)}"


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_scalar(key)}: {_flow(member)}' for key, member in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_flow, value))}]"
    if isinstance(value, str):
        return _scalar(value)
    return json.dumps(value)


def _scalar(text: str) -> str:
    """Write a string so that every reader of YAML takes it for that string."""
    if _PLAIN.match(text) and text.lower() not in _WORDS:
        return text
    return f'"{"".join(map(_escaped, text))}"'


def _escaped(letter: str) -> str:
    if letter in '"\\':
        return f"\\{letter}"
    return letter if letter.isprintable() else f"\\U{ord(letter):08x}"
