"""Rules across keys: what no schema can say. One function a rule, and one table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, final

from tokenflow.addresses import unsafe_address
from tokenflow.app_types import APP_TYPES
from tokenflow.config.schema import REFERENCE_KINDS, at, resolved
from tokenflow.profile import EMBEDDED

if TYPE_CHECKING:
    from tokenflow.config.document import Path
    from tokenflow.config.facts import Facts
    from tokenflow.errors import Problem

Finding = tuple["Path", str, str]  # where, what is wrong, what to write
Check = Callable[["Facts"], Iterator[Finding]]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule: its id, how grave it is, and the check that finds where it is broken."""

    id: str
    severity: Literal["error", "warning"]
    check: Check


def broken_rules(facts: Facts) -> list[Problem]:
    """Return a problem for every place that breaks a rule."""
    return [
        facts.document.problem(path, message, advice, severity=rule.severity, rule=rule.id)
        for rule in RULES
        for path, message, advice in rule.check(facts)
    ]


def _flow_fits_app_type(facts: Facts) -> Iterator[Finding]:
    if facts.app_type and facts.flow and facts.flow not in APP_TYPES[facts.app_type].flows:
        allowed = ", ".join(APP_TYPES[facts.app_type].flows)
        homes = ", ".join(name for name, row in APP_TYPES.items() if facts.flow in row.flows)
        yield (
            ("flow",),
            f"app_type {facts.app_type} has no flow `{facts.flow}`",
            f"write one of {allowed}, or app_type {homes}",
        )


def _client_is_named(facts: Facts) -> Iterator[Finding]:
    if not facts.has("client", "id") and not (facts.flow == "token_exchange" and not facts.has("client")):
        yield ("client", "id"), "is missing", "write the id that the server gave your application"


_SIGN_IN: Final = ("authorization_endpoint", "token_endpoint")
_ENDPOINTS: Final = {
    "authorization_code": _SIGN_IN,
    "hybrid": _SIGN_IN,
    "implicit": ("authorization_endpoint",),
    "device_code": ("device_authorization_endpoint", "token_endpoint"),
    "ciba": ("backchannel_authentication_endpoint", "token_endpoint"),
}


def _issuer_is_named(facts: Facts) -> Iterator[Finding]:
    if facts.has("issuer") or facts.doubts(("preset",)):
        return
    if not facts.has("metadata"):
        yield ("issuer",), "is missing", "write the authorization server's address, or its endpoints under `metadata`"
    elif facts.flow:
        for name in _ENDPOINTS.get(facts.flow, ("token_endpoint",)):
            if not facts.has("metadata", name):
                yield (
                    ("metadata", name),
                    f"is missing: flow {facts.flow} asks there, and no issuer is named to find it by",
                    "write it, or `issuer`",
                )


def _redirect_uri_is_named(facts: Facts) -> Iterator[Finding]:
    if not facts.app_type or not APP_TYPES[facts.app_type].needs_redirect_uri or facts.has("redirect_uri"):
        return
    if facts.flow in ("authorization_code", "implicit", "hybrid"):
        yield (
            ("redirect_uri",),
            f"is missing: app_type {facts.app_type} signs people in by {facts.flow}",
            "write the address registered for it, such as `http://localhost:3000/signin-callback`",
        )


_CREDENTIALS: Final = ("secret", "private_key", "certificate")


def _client_can_authenticate(facts: Facts) -> Iterator[Finding]:
    if not facts.app_type or not APP_TYPES[facts.app_type].needs_client_authentication:
        return
    if facts.flow in ("jwt_bearer", "saml2_bearer") and facts.has("assertion"):
        return
    if not any(facts.has("client", name) for name in _CREDENTIALS):
        yield (
            ("client", "secret"),
            f"is missing: a client of app_type {facts.app_type} authenticates itself",
            "write `secret: {env: CLIENT_SECRET}`, or a private_key or certificate",
        )


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


def _tokens_have_one_source(facts: Facts) -> Iterator[Finding]:
    kinds = ("profile", "ambient", *sorted(REFERENCE_KINDS))
    for key in ("subject_token", "actor_token", "assertion"):
        section = facts.value(key)
        if not isinstance(section, dict):
            continue
        named = [kind for kind in kinds if kind in section]
        made = key == "assertion" and facts.has("client", "private_key")
        if len(named) > 1:
            yield (key,), f"comes from {' and '.join(named)} at once", "leave one of them"
        if not named and not made:
            yield (key,), "has no source", f"write one of {', '.join(kinds)}"


def _auth_method_has_what_it_needs(facts: Facts) -> Iterator[Finding]:
    needs = {
        "client_secret_basic": "secret",
        "client_secret_post": "secret",
        "client_secret_jwt": "secret",
        "private_key_jwt": "private_key",
        "tls_client_auth": "certificate",
        "self_signed_tls_client_auth": "certificate",
    }
    method = facts.text("client", "auth_method")
    if (need := needs.get(method)) and not facts.has("client", need):
        yield (
            ("client", "auth_method"),
            f"{method} needs `client.{need}`, which is missing",
            f"write `{need}: {{file: PATH}}`",
        )


def _addresses_are_safe(facts: Facts) -> Iterator[Finding]:
    places: list[tuple[str, ...]] = [("issuer",)]
    for section in (("metadata",), ("metadata", "mtls_endpoint_aliases")):
        endpoints = facts.value(*section)
        if isinstance(endpoints, dict):
            places += [(*section, name) for name in endpoints if name.endswith("_endpoint") or name == "jwks_uri"]
    for path in places:
        address = facts.text(*path)
        if address and address != EMBEDDED and (wrong := unsafe_address(address, issuer=path == ("issuer",))):
            yield path, *wrong


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
        for letter in (letter for text in texts for letter in text if not letter.isprintable()):
            yield path, f"holds the invisible character U+{ord(letter):04X}", "remove it"
            break


def _windows_are_ordered(facts: Facts) -> Iterator[Finding]:
    before_expiry = facts.seconds("refresh", "before_expiry")
    min_validity = facts.seconds("refresh", "min_validity")
    if before_expiry is None or min_validity is None or before_expiry > min_validity:
        return
    written = "before_expiry" if facts.has("refresh", "before_expiry") else "min_validity"
    yield (
        ("refresh", written),
        f"before_expiry ({before_expiry:g} s) is not above min_validity ({min_validity:g} s): renewal comes too late",
        "make before_expiry the longer one",
    )


def _scopes_fit_client_credentials(facts: Facts) -> Iterator[Finding]:
    if facts.flow == "client_credentials":
        for scope in ("openid", "offline_access"):
            if scope in facts.words("scopes"):
                yield (
                    ("scopes",),
                    f"`{scope}` is about a user, and client_credentials has none: many servers refuse it",
                    f"remove `{scope}`",
                )


def _secret_on_desktop(facts: Facts) -> Iterator[Finding]:
    if facts.app_type in ("desktop", "mobile") and facts.has("client", "secret"):
        yield (
            ("client", "secret"),
            f"every copy of a {facts.app_type} app holds it, so it is no secret (RFC 8252 section 8.5)",
            "remove it unless the server insists, as Google's does",
        )


def _private_use_scheme_has_a_dot(facts: Facts) -> Iterator[Finding]:
    scheme = facts.text("redirect_uri").partition(":")[0]
    if scheme and scheme not in ("http", "https") and "." not in scheme:
        yield (
            ("redirect_uri",),
            f"the private-use scheme `{scheme}` has no dot, so that any app may claim it (RFC 8252 section 7.1)",
            "use a domain that you own, reversed: `com.example.app:/callback`",
        )


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


def _delivery_is_whole(facts: Facts) -> Iterator[Finding]:
    targets = facts.value("deliver")
    for number, target in enumerate(targets if isinstance(targets, list) else ()):
        needed = {"file": "path", "command": "run"}.get(str(target.get("to"))) if isinstance(target, dict) else None
        if needed and needed not in target and not facts.meant(needed):
            yield ("deliver", number), f"a delivery to a {target['to']} has no `{needed}`", f"write `{needed}:`"


RULES: Final = (
    Rule(id="flow-fits-app-type", severity="error", check=_flow_fits_app_type),
    Rule(id="client-is-named", severity="error", check=_client_is_named),
    Rule(id="issuer-is-named", severity="error", check=_issuer_is_named),
    Rule(id="redirect-uri-is-named", severity="error", check=_redirect_uri_is_named),
    Rule(id="client-can-authenticate", severity="error", check=_client_can_authenticate),
    Rule(id="user-is-named", severity="error", check=_user_is_named),
    Rule(id="flow-has-what-it-needs", severity="error", check=_flow_has_what_it_needs),
    Rule(id="tokens-have-one-source", severity="error", check=_tokens_have_one_source),
    Rule(id="auth-method-has-what-it-needs", severity="error", check=_auth_method_has_what_it_needs),
    Rule(id="addresses-are-safe", severity="error", check=_addresses_are_safe),
    Rule(id="identifiers-are-visible", severity="error", check=_identifiers_are_visible),
    Rule(id="windows-are-ordered", severity="error", check=_windows_are_ordered),
    Rule(id="delivery-is-whole", severity="error", check=_delivery_is_whole),
    Rule(id="scopes-fit-client-credentials", severity="warning", check=_scopes_fit_client_credentials),
    Rule(id="secret-on-desktop", severity="warning", check=_secret_on_desktop),
    Rule(id="private-use-scheme-has-a-dot", severity="warning", check=_private_use_scheme_has_a_dot),
    Rule(id="secret-written-out", severity="warning", check=_secrets_are_references),
)
