"""Rules about flows: which one an app type may have, and what each starts from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tokenflow.app_types import APP_TYPES
from tokenflow.config.rules.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokenflow.config.facts import Facts
    from tokenflow.config.rules.rule import Finding


def _flow_fits_app_type(facts: Facts) -> Iterator[Finding]:
    if facts.app_type and facts.flow and facts.flow not in APP_TYPES[facts.app_type].flows:
        allowed = ", ".join(APP_TYPES[facts.app_type].flows)
        homes = ", ".join(name for name, row in APP_TYPES.items() if facts.flow in row.flows)
        yield (
            ("flow",),
            f"app_type {facts.app_type} has no flow `{facts.flow}`",
            f"write one of {allowed}, or app_type {homes}",
        )


_LEGACY: Final = {
    "implicit": ("puts tokens into the browser's address bar (RFC 9700 section 2.1.2)", "remove `flow`"),
    "hybrid": ("puts tokens into the browser's address bar (RFC 9700 section 2.1.2)", "remove `flow`"),
    "password": (
        "hands the user's password to the application (RFC 9700 section 2.4)",
        "give a client access in its own name (app_type service) where the server can",
    ),
}


def _flow_is_not_legacy(facts: Facts) -> Iterator[Finding]:
    if facts.flow in _LEGACY:
        wrong, advice = _LEGACY[facts.flow]
        yield ("flow" if facts.has("flow") else "app_type",), f"{facts.flow} is a legacy flow: it {wrong}", advice


def _user_is_named(facts: Facts) -> Iterator[Finding]:
    if facts.flow != "password":
        return
    for name in ("name", "password"):
        if not facts.has("user", name):
            written = "name: svc@example.com" if name == "name" else "password: {env: USER_PASSWORD}"
            yield (
                ("user", name),
                "is missing: the password flow signs a service user in",
                f"write `user: {{{written}}}`",
            )


_NEEDED: Final = {
    "refresh_token": ("refresh_token", "write `refresh_token: {file: rt.txt}`"),
    "token_exchange": ("subject_token", "write for example `subject_token: {ambient: auto}`"),
    "saml2_bearer": ("assertion", "write for example `assertion: {file: assertion.xml}`"),
}


def _flow_has_what_it_needs(facts: Facts) -> Iterator[Finding]:
    key, advice = _NEEDED.get(facts.flow or "", ("", ""))
    if key and not facts.has(key):
        yield (key,), f"is missing: flow {facts.flow} starts from it", advice
    if facts.flow == "jwt_bearer" and not facts.has("assertion") and not facts.has("client", "private_key"):
        yield (
            ("assertion",),
            "is missing: flow jwt_bearer starts from it",
            "write for example `assertion: {file: assertion.jwt}`, or a client.private_key to make it with",
        )
    if facts.flow == "extension" and not facts.has("token", "grant_type"):
        yield ("token", "grant_type"), "is missing: flow extension sends it", 'write `grant_type: "urn:..."`'


def _workload_proves_itself(facts: Facts) -> Iterator[Finding]:
    if facts.app_type != "workload" or facts.flow != "client_credentials":
        return
    if not facts.has("assertion") and not facts.has("client", "private_key"):
        yield (
            ("assertion",),
            "is missing: a workload has no secret, and proves itself by the identity of its place",
            "write `assertion: {ambient: auto}`, or app_type service for a client with a secret",
        )


_HINTS: Final = ("login_hint", "login_hint_token", "id_token_hint")


def _ciba_names_the_person(facts: Facts) -> Iterator[Finding]:
    if facts.flow != "ciba" or facts.has("user", "name") or facts.has("authorization", "login_hint"):
        return
    if not any(facts.has(section, "extra", hint) for section in ("authorization", "token") for hint in _HINTS):
        yield (
            ("authorization", "login_hint"),
            "is missing: flow ciba asks a person who is not here, and the server must know whom",
            "write for example `login_hint: jane@example.com`",
        )


RULES: Final = (
    Rule(
        id="flow-fits-app-type",
        severity="error",
        title="The flow is one that the app type allows",
        why="An app type says where the application runs and what it can keep to itself; a flow that needs more than"
        " that (a browser, a person, a secret) cannot work there or would be unsafe.",
        write="Remove `flow` to take the app type's own, or write the app type that the application really is.",
        section="RFC 6749 section 2.1, RFC 9700 section 2",
        check=_flow_fits_app_type,
    ),
    Rule(
        id="flow-is-not-legacy",
        severity="warning",
        title="The flow is none that today's best practice advises against",
        why="implicit and hybrid show tokens to the browser's history, to referrers and to scripts; password gives the"
        " application what only the server should see, and rules out multi-factor sign-in. They work in full all the"
        " same, for clients that were registered for them.",
        write="For people: authorization_code (remove `flow`). For machines: app_type service.",
        section="RFC 9700 sections 2.1.2 and 2.4",
        check=_flow_is_not_legacy,
    ),
    Rule(
        id="user-is-named",
        severity="error",
        title="The password flow has a user with a name and a password",
        why="Both are parameters that the token request must have.",
        write="`user: {name: svc@example.com, password: {env: USER_PASSWORD}}`",
        section="RFC 6749 section 4.3.2",
        check=_user_is_named,
    ),
    Rule(
        id="flow-has-what-it-needs",
        severity="error",
        title="The flow has the token, assertion or grant type that it starts from",
        why="refresh_token, token_exchange, jwt_bearer and saml2_bearer trade something in for a token; extension sends"
        " a grant type that only the profile can know.",
        write="Write the key that the message names: refresh_token, subject_token, assertion or token.grant_type.",
        section="RFC 6749 sections 4.5 and 6, RFC 7521 section 4.1, RFC 8693 section 2.1",
        check=_flow_has_what_it_needs,
    ),
    Rule(
        id="workload-proves-itself",
        severity="error",
        title="A workload that asks in its own name has an assertion",
        why="A workload is known by the place it runs in: with client_credentials, its platform's identity token is the"
        " client's assertion. A client with a secret is a service.",
        write="`assertion: {ambient: auto}`, or a `client.private_key`; or `app_type: service`.",
        section="RFC 7523 section 2.2",
        check=_workload_proves_itself,
    ),
    Rule(
        id="ciba-names-the-person",
        severity="error",
        title="The ciba flow says whom to ask",
        why="The person sits at another device: the server finds it by a hint, and refuses a request without one.",
        write="`authorization: {login_hint: jane@example.com}`, or `user: {name: jane@example.com}`.",
        section="OpenID Connect CIBA Core 1.0 section 7.1",
        check=_ciba_names_the_person,
    ),
)
