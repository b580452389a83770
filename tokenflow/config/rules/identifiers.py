"""Rules about names, secrets and tokens as they are written: nothing invisible, nothing too long, one source each."""

from __future__ import annotations

import os.path
from typing import TYPE_CHECKING, Final

from tokenflow.config.references import beside
from tokenflow.config.rules.rule import Rule
from tokenflow.config.schema import REFERENCE_KINDS, at, resolved

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokenflow.config.document import Path
    from tokenflow.config.facts import Facts
    from tokenflow.config.rules.rule import Finding

_IDENTIFIERS: Final = (
    ("client", "id"),
    ("client", "key_id"),
    ("user", "name"),
    ("scopes",),
    ("audience",),
    ("resource",),
    ("send_to",),
    ("redirect_uri",),
    ("post_logout_redirect_uri",),
)


def _identifiers_are_visible(facts: Facts) -> Iterator[Finding]:
    for path in _IDENTIFIERS:
        value = facts.value(*path)
        texts = facts.words(*path) if path == ("scopes",) or isinstance(value, list) else (facts.text(*path),)
        if (text := next((text for text in texts if not text.isprintable()), None)) is not None:
            letter = next(letter for letter in text if not letter.isprintable())
            yield path, f"holds the invisible character U+{ord(letter):04X}", "remove it"


def _identifiers_are_trimmed(facts: Facts) -> Iterator[Finding]:
    for path in (("client", "id"), ("client", "key_id"), ("user", "name"), ("redirect_uri",)):
        text = facts.text(*path)
        if text.isprintable() and text != text.strip():
            yield path, "begins or ends with a blank", "remove it: it is probably left from copying"


# Duende IdentityServer's InputLengthRestrictions, as they are unless its owner changed them.
_LONGEST: Final = (
    (("client", "id"), 100),
    (("user", "name"), 100),
    (("scopes",), 300),
    (("redirect_uri",), 400),
    (("authorization", "login_hint"), 100),
    (("authorization", "ui_locales"), 100),
    (("authorization", "acr_values"), 300),
)
_INSTALLED: Final = frozenset({"itwin", "itwin-qa", "identityserver"})


def _values_are_short(facts: Facts) -> Iterator[Finding]:
    preset = facts.text("preset")
    if preset and preset not in _INSTALLED and not preset.endswith((".yaml", ".yml")):
        return  # another provider's server
    for path, longest in _LONGEST:
        length = len(" ".join(facts.words("scopes")) if path == ("scopes",) else facts.text(*path))
        if length > longest:
            message = f"is {length} characters long, and IdentityServer takes {longest}"
            yield path, message, "shorten it where the server is one (Bentley's is)"


def _secrets_are_references(facts: Facts) -> Iterator[Finding]:
    if facts.embedded:
        return  # the development issuer's secrets are known to everybody
    for path, value in _scalars(facts.document.data, ()):
        if value and _is_secret(path) and not facts.doubts(path):
            name = "_".join(str(part) for part in path if part != "client").upper()
            yield (
                path,
                "is a secret written out",
                f"write `{path[-1]}: {{env: {name}}}`, or a file or keyring reference",
            )


def _scalars(value: object, path: Path) -> Iterator[tuple[Path, object]]:
    if isinstance(value, dict):
        for key, member in value.items():
            yield from _scalars(member, (*path, key))
    elif isinstance(value, str):
        yield path, value


def _is_secret(path: Path) -> bool:
    schema = at(path)
    return bool(schema and resolved(schema).get("writeOnly")) and path[-2:-1] != ("extra",)


_TOKENS: Final = ("subject_token", "actor_token", "assertion")


def _tokens_have_one_source(facts: Facts) -> Iterator[Finding]:
    kinds = ("profile", "ambient", *sorted(REFERENCE_KINDS))
    for key in _TOKENS:
        section = facts.value(key)
        if not isinstance(section, dict):
            continue
        named = [kind for kind in kinds if kind in section]
        made = key == "assertion" and facts.has("client", "private_key")
        if len(named) > 1:
            yield (key,), f"comes from {' and '.join(named)} at once", "leave one of them"
        if not named and not made:
            yield (key,), "has no source", f"write one of {', '.join(kinds)}"


def _tokens_come_from_elsewhere(facts: Facts) -> Iterator[Finding]:
    for key in _TOKENS:
        path = facts.text(key, "profile")
        if path and _same(beside(facts.document.base((key, "profile")), path), facts.document.file):
            yield (key, "profile"), "is this very profile: it would wait for itself", "name another profile"


def _same(file: str, other: str) -> bool:
    return os.path.abspath(file) == os.path.abspath(other)


RULES: Final = (
    Rule(
        id="identifiers-are-visible",
        severity="error",
        title="No identifier holds a control or invisible character",
        why="It came by copying, nobody sees it, and the server finds no client, scope or address of that name; or it"
        " makes one name look like another.",
        write="Remove the character, or type the value again.",
        section="RFC 6749 appendix A",
        check=_identifiers_are_visible,
    ),
    Rule(
        id="identifiers-are-trimmed",
        severity="warning",
        title="No identifier begins or ends with a blank",
        why="Servers compare identifiers letter by letter, and the blank counts.",
        write="Remove the blank; it usually comes from copying.",
        section="RFC 6749 section 3.1.2.3",
        check=_identifiers_are_trimmed,
    ),
    Rule(
        id="values-are-short",
        severity="warning",
        title="No value is longer than IdentityServer takes",
        why="It refuses longer ones as `invalid_request` without saying which: client id, user name, login hint and"
        " ui_locales 100 characters, scopes and acr_values 300, redirect_uri 400.",
        write="Shorten the value; ask for fewer scopes. Other servers take more: name theirs by `preset`.",
        section="Duende IdentityServer, InputLengthRestrictions",
        check=_values_are_short,
    ),
    Rule(
        id="secret-written-out",
        severity="warning",
        title="No secret stands in the file",
        why="A profile is shown, shared and kept in version control; what stands in it is no secret for long.",
        write="A reference in its place: `{env: NAME}`, `{file: PATH}` or `{keyring: {service: S, username: U}}`.",
        section="RFC 6819 section 5.3.3",
        check=_secrets_are_references,
    ),
    Rule(
        id="tokens-have-one-source",
        severity="error",
        title="A subject token, actor token or assertion comes from exactly one source",
        why="Of two sources nobody can tell which one counts, and from none there is nothing to send. An assertion may"
        " also be made here, with client.private_key.",
        write="One of profile, ambient, command, env, file and keyring.",
        section="RFC 8693 section 2.1, RFC 7521 section 4.1",
        check=_tokens_have_one_source,
    ),
    Rule(
        id="tokens-come-from-elsewhere",
        severity="error",
        title="A profile does not take a token from itself",
        why="To get its token it would first need its token.",
        write="The path of the profile that obtains the first token.",
        section="RFC 8693 section 1.1",
        check=_tokens_come_from_elsewhere,
    ),
)
