"""Rules about scopes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from tokenflow.config.rules.rule import Rule, stands

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokenflow.config.facts import Facts
    from tokenflow.config.rules.rule import Finding

_SCOPE: Final = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+\Z")


def _words(facts: Facts) -> list[str]:
    return [word for item in facts.words("scopes") for word in item.split()]


def _scopes_are_tokens(facts: Facts) -> Iterator[Finding]:
    for word in _words(facts):
        if word.isprintable() and not _SCOPE.match(word):
            yield ("scopes",), f"`{word}` holds a letter that no scope may have", "write plain ASCII without quotes"


def _scopes_are_separated_by_blanks(facts: Facts) -> Iterator[Finding]:
    for word in _words(facts):
        if "," in word:
            parts = ", ".join(part for part in word.split(",") if part)
            yield ("scopes",), f"`{word}` is one scope with a comma in it", f"write a list: `[{parts}]`"


def _scopes_are_said_once(facts: Facts) -> Iterator[Finding]:
    words = _words(facts)
    for word in dict.fromkeys(words):
        if words.count(word) > 1:
            yield ("scopes",), f"`{word}` stands there more than once", "remove the repetition"


def _scopes_fit_client_credentials(facts: Facts) -> Iterator[Finding]:
    if facts.flow == "client_credentials":
        for scope in ("openid", "offline_access"):
            if scope in _words(facts):
                yield (
                    ("scopes",),
                    f"`{scope}` is about a user, and client_credentials has none: many servers refuse it",
                    f"remove `{scope}`",
                )


def _offline_access_needs_a_code(facts: Facts) -> Iterator[Finding]:
    if facts.flow == "implicit" and "offline_access" in _words(facts):
        wrong = "`offline_access` has no effect: flow implicit never brings a refresh token"
        yield ("scopes",), wrong, "remove `offline_access`, or `flow` to take authorization_code"


def _id_token_needs_openid(facts: Facts) -> Iterator[Finding]:
    response_type = facts.text("authorization", "response_type")
    asked = facts.flow in ("implicit", "hybrid") and "id_token" in response_type.split()
    if asked and not facts.doubts(("scopes",)) and not facts.meant("scopes") and "openid" not in _words(facts):
        wrong = f"`openid` is missing: response_type `{response_type}` asks for an ID token"
        yield ("scopes",), wrong, "add `openid` to the scopes"


def _ciba_needs_openid(facts: Facts) -> Iterator[Finding]:
    if facts.flow == "ciba" and facts.value("scopes") is not None and "openid" not in _words(facts):
        yield ("scopes",), "`openid` is missing, which flow ciba always asks for", "add `openid` to the scopes"


def _max_age_needs_openid(facts: Facts) -> Iterator[Finding]:
    written = stands(facts, "authorization", "max_age")
    if written and facts.value("scopes") is not None and "openid" not in _words(facts):
        wrong = "cannot be verified: only an ID token says when the person signed in"
        yield ("authorization", "max_age"), wrong, "add `openid` to the scopes, or remove max_age"


RULES: Final = (
    Rule(
        id="scopes-are-tokens",
        severity="error",
        title="A scope is made of printable ASCII without quotes and backslashes",
        why="The standard allows nothing else, and servers refuse the whole request as `invalid_scope`.",
        write="Type the scope again; quotation marks that a word processor turned are a usual cause.",
        section="RFC 6749 section 3.3",
        check=_scopes_are_tokens,
    ),
    Rule(
        id="scopes-are-separated-by-blanks",
        severity="warning",
        title="Scopes are a list, or words with blanks between them",
        why="A comma belongs to the scope: `a,b` is one scope, which few servers know.",
        write="`scopes: [a, b]`, or `scopes: a b`.",
        section="RFC 6749 section 3.3",
        check=_scopes_are_separated_by_blanks,
    ),
    Rule(
        id="scopes-are-said-once",
        severity="warning",
        title="No scope is asked for twice",
        why="It is sent once; the repetition is usually a misspelt other scope.",
        write="Remove the repetition, or write the scope that was meant.",
        section="RFC 6749 section 3.3",
        check=_scopes_are_said_once,
    ),
    Rule(
        id="scopes-fit-client-credentials",
        severity="warning",
        title="A client that acts as itself asks for no user's scopes",
        why="openid asks who signed in, offline_access for a refresh token: with client_credentials nobody signs in,"
        " and a new token is one request away. IdentityServer refuses both.",
        write="Remove `openid` and `offline_access`.",
        section="RFC 6749 section 4.4.3, OpenID Connect Core 1.0 section 11",
        check=_scopes_fit_client_credentials,
    ),
    Rule(
        id="offline-access-needs-a-code",
        severity="warning",
        title="offline_access is asked for only where a refresh token can come",
        why="The implicit flow never brings one; servers ignore the scope, or refuse it.",
        write="Remove `offline_access`; or remove `flow`, for authorization_code with a refresh token.",
        section="RFC 6749 section 4.2.2, OpenID Connect Core 1.0 section 11",
        check=_offline_access_needs_a_code,
    ),
    Rule(
        id="id-token-needs-openid",
        severity="error",
        title="Who asks for an ID token asks for the scope openid",
        why="Without it the request is none of OpenID Connect, and there is no ID token.",
        write="`openid` among the scopes.",
        section="OpenID Connect Core 1.0 section 3.1.2.1",
        check=_id_token_needs_openid,
    ),
    Rule(
        id="ciba-needs-openid",
        severity="warning",
        title="The ciba flow asks for the scope openid",
        why="The standard demands it in every such request.",
        write="`openid` among the scopes.",
        section="OpenID Connect CIBA Core 1.0 section 7.1",
        check=_ciba_needs_openid,
    ),
    Rule(
        id="max-age-needs-openid",
        severity="warning",
        title="max_age comes with the scope openid",
        why="Whether the server kept to it is seen by auth_time in the ID token, and without openid there is none.",
        write="`openid` among the scopes, or no `max_age`.",
        section="OpenID Connect Core 1.0 section 3.1.2.1",
        check=_max_age_needs_openid,
    ),
)
