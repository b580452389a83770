"""Rules about the verification of access tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tokenflow.config.rules.rule import Rule, stands

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokenflow.config.facts import Facts
    from tokenflow.config.rules.rule import Finding


def _jwt_has_an_audience(facts: Facts) -> Iterator[Finding]:
    if facts.text("verify", "access_token") != "jwt":
        return
    if not (facts.has("verify", "audience") or facts.has("audience") or facts.has("resource")):
        yield (
            ("verify", "access_token"),
            "jwt verifies for whom the token is, and the profile names nobody",
            "write `audience:` beside it, such as `https://api.example.com`",
        )


def _verification_is_on(facts: Facts) -> Iterator[Finding]:
    if facts.text("verify", "access_token") == "none":
        for name in ("audience", "algorithms"):
            if stands(facts, "verify", name):
                yield ("verify", name), "is not checked: `access_token: none` trusts what comes", "remove one of them"


def _required_scopes_are_asked_for(facts: Facts) -> Iterator[Finding]:
    asked = {word for item in facts.words("scopes") for word in item.split()}
    if not asked:
        return  # the server decides
    for item in facts.words("verify", "required_scopes"):
        for scope in item.split():
            if scope not in asked:
                yield ("verify", "required_scopes"), f"`{scope}` is not among `scopes`", "ask for it, or remove it"


def _introspection_authenticates(facts: Facts) -> Iterator[Finding]:
    if facts.text("verify", "access_token") != "introspection":
        return
    known = any(facts.has("client", name) for name in ("secret", "private_key", "certificate"))
    if not known or facts.text("client", "auth_method") == "none":
        yield (
            ("verify", "access_token"),
            "introspection is for clients that authenticate, and this one does not",
            "write auto or jwt",
        )


RULES: Final = (
    Rule(
        id="jwt-has-an-audience",
        severity="warning",
        title="Strict verification knows for whom the token is",
        why="A token that another service was given verifies just as well; only its audience tells them apart, and RFC"
        " 9068 makes it a must.",
        write="`verify: {access_token: jwt, audience: https://api.example.com}`",
        section="RFC 9068 section 4",
        check=_jwt_has_an_audience,
    ),
    Rule(
        id="verification-is-on",
        severity="warning",
        title="What is to be verified is not switched off",
        why="With `access_token: none` nothing in the token is looked at.",
        write="`access_token: auto` or `jwt`; or remove what is not checked.",
        section="RFC 9068 section 4",
        check=_verification_is_on,
    ),
    Rule(
        id="required-scopes-are-asked-for",
        severity="warning",
        title="Scopes that must be granted are asked for",
        why="Servers grant what was asked for, or less.",
        write="The scope in `scopes` too, or remove it from `verify.required_scopes`.",
        section="RFC 6749 section 3.3",
        check=_required_scopes_are_asked_for,
    ),
    Rule(
        id="introspection-authenticates",
        severity="warning",
        title="Introspection is asked for by a client that authenticates",
        why="Servers must not tell anybody what a token is good for, so that a public client is refused.",
        write="`access_token: auto` or `jwt`; or a client secret, key or certificate.",
        section="RFC 7662 section 2.1",
        check=_introspection_authenticates,
    ),
)
