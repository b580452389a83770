from __future__ import annotations

import pytest
from config.texts import SERVICE, interpreted, said

from tokenflow.app_types import APP_TYPES
from tokenflow.config.rules import RULES

SECRET = "secret: {env: S}"


def profile(app_type: str, *lines: str, client: str = f"id: a, {SECRET}", issuer: str = "https://as.example") -> str:
    """Write a profile: three lines, with its client on the fourth unless that is empty, then `lines`."""
    head = f"version: 1\napp_type: {app_type}\nissuer: {issuer}\n"
    return head + (f"client: {{{client}}}\n" if client else "") + "".join(f"{line}\n" for line in lines)


WEB = profile("web", "redirect_uri: https://a.example/cb", client="id: a")
DESKTOP = profile("desktop", client="id: a")
AGENT = profile("agent", "user: {name: u, password: {env: P}}")
WORKLOAD = profile("workload", "subject_token: {ambient: auto}", client="")
ISSUERLESS = SERVICE.replace("issuer: https://as.example\n", "")

GOOD = {
    "a service": SERVICE,
    "a web app": WEB,
    "a web app that asks on another device": profile("web", "flow: ciba", client="id: a"),
    "a desktop app": DESKTOP,
    "a mobile app": profile("mobile", "redirect_uri: com.example.app:/cb", client="id: a"),
    "a device": profile("device", client="id: a"),
    "an agent": AGENT,
    "an agent as itself": profile("agent", "flow: client_credentials"),
    "a workload without a client": WORKLOAD,
    "a service with a key": profile("service", client="id: a, private_key: {file: k}, auth_method: private_key_jwt"),
    "a service with a certificate": profile("service", client="id: a, certificate: {env: C}").replace(
        "{env: C}", "c.pem"
    ),
    "a service with an assertion": profile("service", "flow: jwt_bearer", "assertion: {file: a}", client="id: a"),
    "a service that makes its assertion": profile(
        "service", "flow: jwt_bearer", client="id: a, private_key: {file: k}"
    ),
    "a service that makes its assertion of claims": profile(
        "service", "flow: jwt_bearer", "assertion: {subject: x}", client="id: a, private_key: {file: k}"
    ),
    "a refresh token": profile("service", "flow: refresh_token", "refresh_token: {file: rt.txt}"),
    "an extension": profile("service", "flow: extension", 'token: {grant_type: "urn:x:y"}'),
    "a loopback issuer by http": profile("service", issuer="http://localhost:8080/realm"),
    "an issuer's word": profile("service", client="id: a, secret: known", issuer="embedded"),
    "a token endpoint instead of an issuer": ISSUERLESS + "metadata: {token_endpoint: https://as.example/t}\n",
    "an authorization endpoint for implicit": WEB.replace("issuer: https://as.example\n", "")
    + "flow: implicit\nmetadata: {authorization_endpoint: https://as.example/a}\n",
    "windows in order": SERVICE + "refresh: {before_expiry: 61s}\n",
    "deliveries": SERVICE + "deliver: [{to: stdout}, {to: file, path: x}, {to: command, run: [x]}, {to: vault}]\n",
    "a scope in two lines": SERVICE + "scopes: >\n  a\n  b\n",
    "a description in two lines": SERVICE + 'description: "a\\n\\u202eb"\n',
    "a private-use scheme with a dot": DESKTOP + "redirect_uri: com.example:/cb\n",
    "extra parameters written out": SERVICE + "token: {extra: {region: eu}}\n",
}


@pytest.mark.parametrize("name", GOOD)
def test_nothing_is_said_of_a_good_profile(name: str) -> None:
    assert said(GOOD[name]) == []


AUTHENTICATES = "write `secret: {env: CLIENT_SECRET}`, or a private_key or certificate"
KINDS = "write one of profile, ambient, command, env, file, keyring"
BROKEN: dict[str, tuple[str, list[str]]] = {
    "flow-fits-app-type": (
        SERVICE + "flow: device_code\n",
        [
            (
                "5:7: flow: app_type service has no flow `device_code`; write one of client_credentials, jwt_bearer, "
                "saml2_bearer, token_exchange, refresh_token, ciba, extension, or app_type desktop, mobile, device"
            )
        ],
    ),
    "client-is-named": (
        SERVICE.replace("id: a, ", ""),
        ["4:9: client.id: is missing; write the id that the server gave your application"],
    ),
    "client-is-named (none at all)": (
        profile("desktop", client=""),
        ["1:1: client.id: is missing; write the id that the server gave your application"],
    ),
    "client-is-named (an exchange with half of one)": (
        WORKLOAD + "client: {secret: {env: S}}\n",
        ["5:9: client.id: is missing; write the id that the server gave your application"],
    ),
    "issuer-is-named": (
        ISSUERLESS,
        ["1:1: issuer: is missing; write the authorization server's address, or its endpoints under `metadata`"],
    ),
    "issuer-is-named (an endpoint is missing)": (
        DESKTOP.replace("issuer: https://as.example\n", "") + "metadata: {token_endpoint: https://as.example/t}\n",
        [
            (
                "4:11: metadata.authorization_endpoint: is missing: flow authorization_code asks there, "
                "and no issuer is named to find it by; write it, or `issuer`"
            )
        ],
    ),
    "issuer-is-named (both endpoints are missing)": (
        profile("device", "metadata: {jwks_uri: https://as.example/j}", client="id: a").replace(
            "issuer: https://as.example\n", ""
        ),
        [
            f"4:11: metadata.{name}: is missing: flow device_code asks there, and no issuer is named to find it by; "
            "write it, or `issuer`"
            for name in ("device_authorization_endpoint", "token_endpoint")
        ],
    ),
    "redirect-uri-is-named": (
        profile("web", client="id: a"),
        [
            (
                "1:1: redirect_uri: is missing: app_type web signs people in by authorization_code; "
                "write the address registered for it, such as `http://localhost:3000/signin-callback`"
            )
        ],
    ),
    "client-can-authenticate": (
        profile("service", client="id: a"),
        [f"4:9: client.secret: is missing: a client of app_type service authenticates itself; {AUTHENTICATES}"],
    ),
    "client-can-authenticate (an assertion is not enough for every flow)": (
        profile("service", "assertion: {file: a}", client="id: a"),
        [f"4:9: client.secret: is missing: a client of app_type service authenticates itself; {AUTHENTICATES}"],
    ),
    "user-is-named": (
        profile("agent"),
        [
            (
                "1:1: user.name: is missing: the password flow signs a service user in; "
                "write `user: {name: svc@example.com}`"
            ),
            (
                "1:1: user.password: is missing: the password flow signs a service user in; "
                "write `user: {password: {env: USER_PASSWORD}}`"
            ),
        ],
    ),
    "flow-has-what-it-needs": (
        profile("workload", client=""),
        [
            (
                "1:1: subject_token: is missing: flow token_exchange starts from it; "
                "write for example `subject_token: {ambient: auto}`"
            )
        ],
    ),
    "flow-has-what-it-needs (a refresh token)": (
        profile("service", "flow: refresh_token"),
        ["1:1: refresh_token: is missing: flow refresh_token starts from it; write `refresh_token: {file: rt.txt}`"],
    ),
    "flow-has-what-it-needs (a SAML assertion)": (
        profile("service", "flow: saml2_bearer"),
        [
            (
                "1:1: assertion: is missing: flow saml2_bearer starts from it; "
                "write for example `assertion: {file: assertion.xml}`"
            )
        ],
    ),
    "flow-has-what-it-needs (a JWT assertion)": (
        profile("service", "flow: jwt_bearer"),
        [
            (
                "1:1: assertion: is missing: flow jwt_bearer starts from it; "
                "write for example `assertion: {file: assertion.jwt}`, or a client.private_key to make it with"
            )
        ],
    ),
    "flow-has-what-it-needs (a grant type)": (
        profile("service", "flow: extension"),
        ['1:1: token.grant_type: is missing: flow extension sends it; write `grant_type: "urn:..."`'],
    ),
    "tokens-have-one-source": (
        profile("workload", "subject_token: {ambient: auto, file: x}", "actor_token: {type: jwt}", client=""),
        [
            "4:16: subject_token: comes from ambient and file at once; leave one of them",
            f"5:14: actor_token: has no source; {KINDS}",
        ],
    ),
    "tokens-have-one-source (an assertion)": (
        profile("service", "flow: jwt_bearer", "assertion: {subject: x}"),
        [f"6:12: assertion: has no source; {KINDS}"],
    ),
    "auth-method-has-what-it-needs": (
        SERVICE.replace("id: a", "id: a, auth_method: private_key_jwt"),
        [
            (
                "4:30: client.auth_method: private_key_jwt needs `client.private_key`, which is missing; "
                "write `private_key: {file: PATH}`"
            )
        ],
    ),
    "addresses-are-safe": (
        profile("service", issuer="http://as.example"),
        ["3:9: issuer: is plain http to another machine: tokens would travel unprotected; write `https://`"],
    ),
    "addresses-are-safe (an issuer with a query)": (
        profile("service", issuer="https://as.example/?a=b"),
        ["3:9: issuer: has a query or a fragment; remove it (RFC 8414 section 2)"],
    ),
    "addresses-are-safe (endpoints)": (
        SERVICE + "metadata:\n  token_endpoint: https://as.example/t?a=b\n  jwks_uri: ftp://as.example\n"
        "  op_tos_uri: http://as.example\n  mtls_endpoint_aliases: {token_endpoint: http://as.example/t}\n",
        [
            "7:13: metadata.jwks_uri: is not an https address; write `https://host/path`",
            (
                "9:43: metadata.mtls_endpoint_aliases.token_endpoint: "
                "is plain http to another machine: tokens would travel unprotected; write `https://`"
            ),
        ],
    ),
    "identifiers-are-visible": (
        SERVICE.replace("id: a", 'id: "a\\u202e\\0"') + 'scopes: [a, "b\\e"]\naudience: "a\\n"\n',
        [
            "4:14: client.id: holds the invisible character U+202E; remove it",
            "5:9: scopes: holds the invisible character U+001B; remove it",
            "6:11: audience: holds the invisible character U+000A; remove it",
        ],
    ),
    "windows-are-ordered": (
        SERVICE + "refresh: {before_expiry: 60s}\n",
        [
            (
                "5:26: refresh.before_expiry: before_expiry (60 s) is not above min_validity (60 s): "
                "renewal comes too late; make before_expiry the longer one"
            )
        ],
    ),
    "windows-are-ordered (against the default)": (
        SERVICE + "refresh: {min_validity: 10m}\n",
        [
            (
                "5:25: refresh.min_validity: before_expiry (300 s) is not above min_validity (600 s): "
                "renewal comes too late; make before_expiry the longer one"
            )
        ],
    ),
    "delivery-is-whole": (
        SERVICE + "deliver:\n  - {to: file}\n  - {to: command}\n",
        [
            "6:5: deliver[0]: a delivery to a file has no `path`; write `path:`",
            "7:5: deliver[1]: a delivery to a command has no `run`; write `run:`",
        ],
    ),
    "scopes-fit-client-credentials": (
        SERVICE + "scopes: openid offline_access a\n",
        [
            (
                "? 5:9: scopes: `openid` is about a user, and client_credentials has none: many servers refuse it; "
                "remove `openid`"
            ),
            (
                "? 5:9: scopes: `offline_access` is about a user, and client_credentials has none: "
                "many servers refuse it; remove `offline_access`"
            ),
        ],
    ),
    "secret-on-desktop": (
        profile("desktop"),
        [
            (
                "? 4:25: client.secret: every copy of a desktop app holds it, so it is no secret "
                "(RFC 8252 section 8.5); remove it unless the server insists, as Google's does"
            )
        ],
    ),
    "private-use-scheme-has-a-dot": (
        DESKTOP + "redirect_uri: imodeljs://app/cb\n",
        [
            (
                "? 5:15: redirect_uri: the private-use scheme `imodeljs` has no dot, so that any app may claim it "
                "(RFC 8252 section 7.1); use a domain that you own, reversed: `com.example.app:/callback`"
            )
        ],
    ),
    "secret-written-out": (
        SERVICE.replace("{env: S}", "hunter2") + "user: {password: hunter2}\nrefresh_token: hunter2\n",
        [
            (
                "? 4:25: client.secret: is a secret written out; write `secret: {env: SECRET}`, "
                "or a file or keyring reference"
            ),
            (
                "? 5:18: user.password: is a secret written out; write `password: {env: USER_PASSWORD}`, "
                "or a file or keyring reference"
            ),
            (
                "? 6:16: refresh_token: is a secret written out; write `refresh_token: {env: REFRESH_TOKEN}`, "
                "or a file or keyring reference"
            ),
        ],
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_rule_is_told_with_its_place_and_a_remedy(name: str) -> None:
    text, expected = BROKEN[name]
    assert sorted(said(text)) == sorted(expected)
    assert {problem.rule for problem in interpreted(text).problems} == {name.partition(" ")[0]}


def test_every_rule_is_proved_here() -> None:
    assert {name.partition(" ")[0] for name in BROKEN} == {rule.id for rule in RULES}


@pytest.mark.parametrize(("app_type", "flow"), [(name, flow) for name, row in APP_TYPES.items() for flow in row.flows])
def test_every_flow_of_the_table_fits_its_app_type(app_type: str, flow: str) -> None:
    problems = interpreted(profile(app_type, f"flow: {flow}")).problems
    assert not [problem for problem in problems if problem.rule == "flow-fits-app-type"]


@pytest.mark.parametrize(
    ("text", "only"),
    [
        (SERVICE.replace("app_type: service", "app_type: servcie"), "app_type"),
        (SERVICE.replace("issuer", "isuer"), "isuer"),
        (SERVICE.replace("id: a", "idd: a"), "client.idd"),
        (SERVICE.replace("secret", "secert"), "client.secert"),
        (SERVICE.replace("client: {id: a, secret: {env: S}}", "client:"), "client"),
        (SERVICE.replace("https://as.example", "5"), "issuer"),
        (SERVICE + "flow: cyba\n", "flow"),
        (ISSUERLESS + "metadata: {token_endpiont: https://as.example/t}\n", "metadata.token_endpiont"),
        (ISSUERLESS + "metadata: {jwks_uri: https://as.example/t}\nflow: cyba\n", "flow"),
        (profile("web", "redirect_url: https://a.example/cb", client="id: a"), "redirect_url"),
        (profile("agent", "user: {nam: u, password: {env: P}}"), "user.nam"),
        (profile("workload", "subject_token: x", client=""), "subject_token"),
        (SERVICE + "refresh: {before_expiry: soon, min_validity: 10m}\n", "refresh.before_expiry"),
        (SERVICE + "deliver: [{to: file, pth: x}]\n", "deliver[0].pth"),
        (SERVICE + "deliver: [file, {to: 5}]\n", "deliver[0] deliver[1].to"),
        (SERVICE + "scopes: openid\nflow: cyba\n", "flow"),
        (SERVICE.replace("{env: S}", "5"), "client.secret"),
    ],
)
def test_one_mistake_brings_no_followers(text: str, only: str) -> None:
    assert " ".join(problem.path for problem in interpreted(text).problems) == only
