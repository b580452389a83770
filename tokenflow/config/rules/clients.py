"""Rules about the client: its name, and how it proves that it is the one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tokenflow.app_types import APP_TYPES
from tokenflow.config.rules.rule import Rule, stands

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokenflow.config.facts import Facts
    from tokenflow.config.rules.rule import Finding


def _client_is_named(facts: Facts) -> Iterator[Finding]:
    if not facts.has("client", "id") and not (facts.flow == "token_exchange" and not facts.has("client")):
        yield ("client", "id"), "is missing", "write the id that the server gave your application"


def _must_authenticate(facts: Facts) -> bool:
    if not facts.app_type or not APP_TYPES[facts.app_type].needs_client_authentication:
        return False
    return facts.flow not in ("jwt_bearer", "saml2_bearer") or not facts.has("assertion")


_CREDENTIALS: Final = ("secret", "private_key", "certificate")


def _client_can_authenticate(facts: Facts) -> Iterator[Finding]:
    if _must_authenticate(facts) and not any(facts.has("client", name) for name in _CREDENTIALS):
        yield (
            ("client", "secret"),
            f"is missing: a client of app_type {facts.app_type} authenticates itself",
            "write `secret: {env: CLIENT_SECRET}`, or a private_key or certificate",
        )


def _auth_method_is_not_none(facts: Facts) -> Iterator[Finding]:
    has_credential = any(facts.has("client", name) for name in _CREDENTIALS)
    if _must_authenticate(facts) and has_credential and facts.text("client", "auth_method") == "none":
        yield (
            ("client", "auth_method"),
            f"none leaves out what a client of app_type {facts.app_type} must prove",
            "remove it: the method then follows from the credentials",
        )


_NEEDS: Final = {
    "client_secret_basic": "secret",
    "client_secret_post": "secret",
    "client_secret_jwt": "secret",
    "private_key_jwt": "private_key",
    "tls_client_auth": "certificate",
    "self_signed_tls_client_auth": "certificate",
}


def _auth_method_has_what_it_needs(facts: Facts) -> Iterator[Finding]:
    method = facts.text("client", "auth_method")
    if (need := _NEEDS.get(method)) and not facts.has("client", need):
        yield (
            ("client", "auth_method"),
            f"{method} needs `client.{need}`, which is missing",
            f"write `{need}: {{file: PATH}}`",
        )


def _secret_is_used(facts: Facts) -> Iterator[Finding]:
    method = facts.text("client", "auth_method")
    needed = _NEEDS.get(method, "")
    if not method or needed == "secret" or (method == "none" and _must_authenticate(facts)):
        return
    if (not needed or facts.has("client", needed)) and stands(facts, "client", "secret"):
        advice = "remove it, or `auth_method`"
        yield ("client", "secret"), f"is not used: auth_method {method} authenticates without it", advice


def _algorithm_fits_auth_method(facts: Facts) -> Iterator[Finding]:
    method, algorithm = facts.text("client", "auth_method"), facts.text("client", "algorithm")
    shared = algorithm.startswith("HS")
    if algorithm and method in ("client_secret_jwt", "private_key_jwt") and shared != (method == "client_secret_jwt"):
        key, advice = (
            ("a key pair", "HS256") if method == "client_secret_jwt" else ("the shared secret", "ES256 or RS256")
        )
        yield ("client", "algorithm"), f"{algorithm} signs with {key}, and {method} does not", f"write {advice}"


def _key_details_have_a_key(facts: Facts) -> Iterator[Finding]:
    if facts.has("client", "private_key"):
        return
    for name in ("private_key_passphrase", "key_id"):
        if stands(facts, "client", name):
            advice = "write `private_key: {file: key.pem}`, or remove it"
            yield ("client", name), "is about a private key, and there is none", advice


def _secret_on_desktop(facts: Facts) -> Iterator[Finding]:
    if facts.app_type in ("desktop", "mobile") and facts.has("client", "secret"):
        yield (
            ("client", "secret"),
            f"every copy of a {facts.app_type} app holds it, so it is no secret (RFC 8252 section 8.5)",
            "remove it unless the server insists, as Google's does",
        )


RULES: Final = (
    Rule(
        id="client-is-named",
        severity="error",
        title="The client has an id",
        why="The server knows an application by its client id. Only a token exchange may do without a client.",
        write="`client: {id: ...}`, the id that the server showed when the application was registered.",
        section="RFC 6749 section 2.2",
        check=_client_is_named,
    ),
    Rule(
        id="client-can-authenticate",
        severity="error",
        title="A service or agent has something to authenticate with",
        why="It acts without a person: whoever knows its id could otherwise take its place.",
        write="`secret: {env: CLIENT_SECRET}`, a `private_key` or a `certificate`, under `client`.",
        section="RFC 6749 sections 2.3 and 4.4",
        check=_client_can_authenticate,
    ),
    Rule(
        id="auth-method-is-not-none",
        severity="error",
        title="A service or agent does authenticate",
        why="auth_method none sends the client id alone, although the grants of these app types are for confidential"
        " clients only.",
        write="Remove `auth_method`, or name the one that the server expects.",
        section="RFC 6749 section 4.4",
        check=_auth_method_is_not_none,
    ),
    Rule(
        id="auth-method-has-what-it-needs",
        severity="error",
        title="The authentication method has its credential",
        why="Each method proves the client by one thing: a secret, a private key, or a certificate.",
        write="The credential that the message names, or another `auth_method`.",
        section="RFC 7591 section 2, RFC 8705 section 2",
        check=_auth_method_has_what_it_needs,
    ),
    Rule(
        id="secret-is-used",
        severity="warning",
        title="A client secret that is written is also used",
        why="With auth_method none, private_key_jwt or mutual TLS the secret is never sent: one of the two keys is a"
        " mistake, and a secret that nobody needs should not lie about.",
        write="Remove `client.secret`, or `client.auth_method`.",
        section="RFC 6749 section 2.3",
        check=_secret_is_used,
    ),
    Rule(
        id="algorithm-fits-auth-method",
        severity="error",
        title="The signature algorithm fits the authentication method",
        why="client_secret_jwt signs with the shared secret (HS256 and its like), private_key_jwt with a private key.",
        write="An HS algorithm for client_secret_jwt; RS, PS, ES or EdDSA for private_key_jwt; or remove `algorithm`.",
        section="OpenID Connect Core 1.0 section 9",
        check=_algorithm_fits_auth_method,
    ),
    Rule(
        id="key-details-have-a-key",
        severity="warning",
        title="A passphrase or key id comes with a private key",
        why="Without the key there is nothing to open and nothing to name: probably `private_key` was left out.",
        write="`private_key: {file: key.pem}`, or remove the detail.",
        section="RFC 7515 section 4.1.4",
        check=_key_details_have_a_key,
    ),
    Rule(
        id="secret-on-desktop",
        severity="warning",
        title="A desktop or mobile app has no secret",
        why="Every copy of the app holds it, so anybody can read it out; PKCE protects the sign-in instead.",
        write="Remove `client.secret`, unless the server insists on one, as Google's does.",
        section="RFC 8252 section 8.5",
        check=_secret_on_desktop,
    ),
)
