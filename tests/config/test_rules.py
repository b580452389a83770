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


CIBA_HINT = "token: {extra: {login_hint_token: {env: HINT}}}"


def returning(redirect_uri: str, app_type: str = "web") -> str:
    return profile(app_type, f"redirect_uri: {redirect_uri}", client="id: a")


WEB = profile("web", "redirect_uri: https://a.example/cb", client="id: a")
DESKTOP = profile("desktop", client="id: a")
AGENT = profile("agent", "user: {name: u, password: {env: P}}")
WORKLOAD = profile("workload", "subject_token: {ambient: auto}", client="")
IMPLICIT = WEB + "flow: implicit\n"
ISSUERLESS = SERVICE.replace("issuer: https://as.example\n", "")

GOOD = {
    "a service": SERVICE,
    "a web app": WEB,
    "a web app that asks on another device": profile("web", "flow: ciba", "user: {name: u}", client="id: a"),
    "a hint in the server's own words": profile("web", "flow: ciba", CIBA_HINT, client="id: a"),
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
    + "flow: implicit\nauthorization: {response_type: token}\n"
    + "metadata: {authorization_endpoint: https://as.example/a}\n",
    "windows in order": SERVICE + "refresh: {before_expiry: 61s}\n",
    "deliveries": SERVICE + "deliver: [{to: stdout}, {to: file, path: x}, {to: command, run: [x]}, {to: vault}]\n",
    "a scope in two lines": SERVICE + "scopes: >\n  a\n  b\n",
    "a description in two lines": SERVICE + 'description: "a\\n\\u202eb"\n',
    "a private-use scheme with a dot": DESKTOP + "redirect_uri: com.example:/cb\n",
    "a desktop app whose port is free to choose": DESKTOP + "redirect_uri: http://127.0.0.1/cb\n",
    "a desktop app with its own scheme": DESKTOP + "redirect_uri: com.example.app:/cb\n",
    "a mobile app with a claimed address": returning("https://a.example/cb", "mobile"),
    "a web app on this machine": returning("http://localhost:3000/cb"),
    "an issuer that is said twice alike": SERVICE + "metadata: {issuer: https://as.example}\n",
    "origins": SERVICE + "send_to: [https://api.example/, http://127.0.0.1:8080]\n",
    "a resource that is a URN": SERVICE + "resource: urn:api\n",
    "a proxy": SERVICE + "http: {proxy: socks5h://proxy.example:1080}\n",
    "an ID token": IMPLICIT + "scopes: openid\nauthorization: {response_type: id_token, max_age: 1h}\n",
    "a hybrid flow": WEB + "flow: hybrid\nauthorization: {response_type: code token}\n",
    "a certificate and its key": profile(
        "service", client="id: a, certificate: c.pem, private_key: {file: k}, key_id: k, auth_method: tls_client_auth"
    ),
    "a signature by the shared secret": SERVICE.replace(
        "id: a", "id: a, auth_method: client_secret_jwt, algorithm: HS256"
    ),
    "a scope list that is long for some": SERVICE + f"preset: google\nscopes: {'a' * 301}\n",
    "a token of another profile": profile("workload", "subject_token: {profile: login.yaml}", client=""),
    "a workload with its platform's identity": profile(
        "workload", "flow: client_credentials", "assertion: {ambient: auto}", client="id: a"
    ),
    "strict verification": SERVICE + "audience: x\nverify: {access_token: jwt}\n",
    "introspection": SERVICE + "verify: {access_token: introspection}\n",
    "no verification": SERVICE + "verify: {access_token: none}\n",
    "required scopes": SERVICE + "scopes: a b\nverify: {required_scopes: b}\n",
    "required scopes that the server knows": SERVICE + "verify: {required_scopes: b}\n",
    "a redis store": SERVICE + "store: {kind: redis, url: {env: U}, prefix: x}\n",
    "a file for a group": SERVICE + "deliver: [{to: file, path: x, mode: '0640'}, {to: file, path: y, mode: '600'}]\n",
    "a deadline below the usual timeout": SERVICE + "refresh: {retry: {deadline: 2s}}\n",
    "a short timeout": SERVICE + "http: {timeout: 2s}\n",
    "an extra parameter that is not sent otherwise": WEB + "authorization: {extra: {prompt: login, x: y}}\n",
    "extra parameters written out": SERVICE + "token: {extra: {region: eu}}\n",
}


# What is wrong with the flow as such is told beside what is wrong with the rest.
LEGACY = "flow-is-not-legacy"


def told(text: str, *, but: str = LEGACY) -> list[str]:
    """Return the rules that a profile breaks, in the order of their places, but one."""
    return [problem.rule for problem in interpreted(text).problems if problem.rule != but]


@pytest.mark.parametrize("name", GOOD)
def test_nothing_is_said_of_a_good_profile(name: str) -> None:
    assert told(GOOD[name]) == []


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
        AGENT.replace("{env: S}", "hunter2").replace("{env: P}", "hunter2") + "store: {kind: redis, url: redis://h}\n",
        [
            (
                "? 4:25: client.secret: is a secret written out; write `secret: {env: SECRET}`, "
                "or a file or keyring reference"
            ),
            (
                "? 5:27: user.password: is a secret written out; write `password: {env: USER_PASSWORD}`, "
                "or a file or keyring reference"
            ),
            (
                "? 6:27: store.url: is a secret written out; write `url: {env: STORE_URL}`, "
                "or a file or keyring reference"
            ),
        ],
    ),
    "flow-is-not-legacy": (
        AGENT,
        [
            (
                "? 2:11: app_type: password is a legacy flow: it hands the user's password to the application "
                "(RFC 9700 section 2.4); give a client access in its own name (app_type service) where the "
                "server can"
            )
        ],
    ),
    "flow-is-not-legacy (named)": (
        IMPLICIT + "authorization: {response_type: token}\n",
        [
            (
                "? 6:7: flow: implicit is a legacy flow: it puts tokens into the browser's address bar (RFC "
                "9700 section 2.1.2); remove `flow`"
            )
        ],
    ),
    "workload-proves-itself": (
        profile("workload", "flow: client_credentials"),
        [
            (
                "1:1: assertion: is missing: a workload has no secret, and proves itself by the identity of its "
                "place; write `assertion: {ambient: auto}`, or app_type service for a client with a secret"
            )
        ],
    ),
    "ciba-names-the-person": (
        profile("web", "flow: ciba", "scopes: openid", client="id: a"),
        [
            (
                "1:1: authorization.login_hint: is missing: flow ciba asks a person who is not here, and the "
                "server must know whom; write for example `login_hint: jane@example.com`"
            )
        ],
    ),
    "response-type-fits-flow": (
        WEB + "authorization: {response_type: code token}\n",
        [
            (
                "6:32: authorization.response_type: `code token` is not what flow authorization_code asks for; "
                "write `code`, or `flow: hybrid`"
            )
        ],
    ),
    "response-type-fits-flow (none)": (
        IMPLICIT,
        [
            (
                "1:1: authorization.response_type: is missing: flow implicit must say what to ask for; write "
                "one of `token`, `id_token`, `id_token token`"
            )
        ],
    ),
    "keys-are-used": (
        SERVICE + "redirect_uri: https://a.example/cb\nuser: {name: u}\ntoken: {grant_type: x}\n",
        [
            (
                "? 5:15: redirect_uri: has no effect: flow client_credentials does not use it; remove it; it is "
                "for authorization_code, hybrid, implicit"
            ),
            (
                "? 6:7: user: has no effect: flow client_credentials does not use it; remove it; it is for "
                "ciba, password"
            ),
            (
                "? 7:21: token.grant_type: has no effect: flow client_credentials does not use it; remove it; "
                "it is for extension"
            ),
        ],
    ),
    "keys-are-used (a section as a whole)": (
        SERVICE + "authorization: {binding_message: x}\n",
        [
            (
                "? 5:16: authorization: has no effect: flow client_credentials does not use it; remove it; it "
                "is for authorization_code, ciba, device_code, hybrid, implicit"
            )
        ],
    ),
    "keys-are-used (one key of a section)": (
        WEB + "authorization: {binding_message: x}\nrefresh_token: {env: R}\n",
        [
            (
                "? 6:34: authorization.binding_message: has no effect: flow authorization_code does not use it; "
                "remove it; it is for ciba"
            ),
            (
                "? 7:16: refresh_token: has no effect: flow authorization_code does not use it; remove it; it "
                "is for refresh_token"
            ),
        ],
    ),
    "parameters-are-sent-once": (
        SERVICE + "scopes: a\ntoken: {extra: {grant_type: x, scope: b, client_secret: {env: S}, audience: c}}\n",
        [
            "6:29: token.extra.grant_type: is sent already, by `flow`; remove it: no parameter is sent twice",
            "6:39: token.extra.scope: is sent already, by `scopes`; remove it: no parameter is sent twice",
            (
                "6:57: token.extra.client_secret: is sent already, by `client.secret`; remove it: no parameter "
                "is sent twice"
            ),
        ],
    ),
    "parameters-are-sent-once (authorization)": (
        WEB + "authorization: {prompt: login, extra: {state: x, prompt: none, grant_type: x, max_age: '1'}}\n",
        [
            (
                "6:47: authorization.extra.state: is sent already, with a fresh value; remove it: no parameter "
                "is sent twice"
            ),
            (
                "6:58: authorization.extra.prompt: is sent already, by `authorization.prompt`; remove it: no "
                "parameter is sent twice"
            ),
        ],
    ),
    "auth-method-is-not-none": (
        SERVICE.replace("id: a", "id: a, auth_method: none"),
        [
            (
                "4:30: client.auth_method: none leaves out what a client of app_type service must prove; remove "
                "it: the method then follows from the credentials"
            )
        ],
    ),
    "secret-is-used": (
        profile("web", "redirect_uri: https://a.example/cb", client=f"id: a, auth_method: none, {SECRET}"),
        [
            (
                "? 4:44: client.secret: is not used: auth_method none authenticates without it; remove it, or "
                "`auth_method`"
            )
        ],
    ),
    "secret-is-used (a key instead)": (
        profile("service", client=f"id: a, {SECRET}, private_key: {{file: k}}, auth_method: private_key_jwt"),
        [
            (
                "? 4:25: client.secret: is not used: auth_method private_key_jwt authenticates without it; "
                "remove it, or `auth_method`"
            )
        ],
    ),
    "algorithm-fits-auth-method": (
        SERVICE.replace("id: a", "id: a, auth_method: client_secret_jwt, algorithm: RS256"),
        ["4:60: client.algorithm: RS256 signs with a key pair, and client_secret_jwt does not; write HS256"],
    ),
    "algorithm-fits-auth-method (a private key)": (
        profile("service", client="id: a, private_key: {file: k}, auth_method: private_key_jwt, algorithm: HS256"),
        [
            (
                "4:82: client.algorithm: HS256 signs with the shared secret, and private_key_jwt does not; "
                "write ES256 or RS256"
            )
        ],
    ),
    "key-details-have-a-key": (
        SERVICE.replace("id: a", "id: a, key_id: k, private_key_passphrase: {env: P}"),
        [
            (
                "? 4:25: client.key_id: is about a private key, and there is none; write `private_key: {file: "
                "key.pem}`, or remove it"
            ),
            (
                "? 4:52: client.private_key_passphrase: is about a private key, and there is none; write "
                "`private_key: {file: key.pem}`, or remove it"
            ),
        ],
    ),
    "issuer-is-no-document": (
        profile("service", issuer="https://as.example/r/.well-known/openid-configuration"),
        [("3:9: issuer: is the address of the metadata, which is found by the issuer's; write `https://as.example/r`")],
    ),
    "issuer-is-said-once": (
        SERVICE + "metadata: {issuer: https://as.example/}\n",
        [
            (
                "? 5:20: metadata.issuer: is not what `issuer` says, letter by letter: tokens of the one are "
                "not the other's; remove it, or make them equal; a slash at the end counts"
            )
        ],
    ),
    "resource-is-absolute": (
        SERVICE + "resource: [https://api.example/#a, api]\n",
        [
            "5:11: resource: has a fragment, which no server accepts; remove `#` and what follows it",
            "5:11: resource: is not a whole address; write it with its scheme: `https://api.example.com`",
        ],
    ),
    "resource-is-absolute (one)": (
        SERVICE + "resource: api.example\n",
        ["5:11: resource: is not a whole address; write it with its scheme: `https://api.example.com`"],
    ),
    "send-to-are-origins": (
        SERVICE + "send_to: [https://api.example/, https://api.example/v1, http://api.example]\n",
        [
            (
                "5:10: send_to: is more than an origin: the token could go to every path of that host all the "
                "same; write `https://api.example`"
            ),
            "5:10: send_to: is plain http to another machine: tokens would travel unprotected; write `https://`",
        ],
    ),
    "proxy-is-an-address": (
        SERVICE + "http: {proxy: proxy.example:8080}\n",
        ["5:15: http.proxy: is not the address of a proxy; write `http://proxy.example.com:8080`"],
    ),
    "redirect-uri-is-absolute": (
        returning("/cb") + "post_logout_redirect_uri: https://a.example:x/\n",
        [
            (
                "5:15: redirect_uri: is not a whole address; write scheme, host and path: "
                "`http://localhost:3000/callback`"
            ),
            (
                "6:27: post_logout_redirect_uri: is not a whole address; write scheme, host and path: "
                "`http://localhost:3000/callback`"
            ),
        ],
    ),
    "redirect-uri-has-no-fragment": (
        returning("https://a.example/#/cb"),
        ["5:15: redirect_uri: has a fragment, which no server accepts; remove `#` and what follows it"],
    ),
    "redirect-uri-has-no-wildcard": (
        returning("https://a.example/*"),
        [("5:15: redirect_uri: has a wildcard, and the browser returns to one address; write one registered address")],
    ),
    "redirect-uri-is-protected": (
        returning("http://a.example/cb"),
        [
            (
                "5:15: redirect_uri: is plain http to another machine: the answer would travel unprotected; "
                "write `https://`"
            )
        ],
    ),
    "redirect-uri-fits-app-type": (
        returning("com.example.app:/cb"),
        [("? 5:15: redirect_uri: a web app cannot receive `com.example.app:`; write `https://`, or app_type mobile")],
    ),
    "redirect-uri-fits-app-type (desktop)": (
        DESKTOP + "redirect_uri: https://a.example/cb\n",
        [
            (
                "? 5:15: redirect_uri: leads to a web site, where a desktop app does not see the answer (RFC "
                "8252 section 7.3); write `http://127.0.0.1/callback`, or app_type web"
            )
        ],
    ),
    "redirect-uri-fits-app-type (mobile)": (
        profile("mobile", "redirect_uri: http://localhost:3000/cb", client="id: a"),
        [
            (
                "? 5:15: redirect_uri: leads to a port of the phone, where no app can count on listening (RFC "
                "8252 section 7); write a claimed https address, or `com.example.app:/callback`"
            )
        ],
    ),
    "loopback-redirect-has-a-port": (
        returning("http://localhost/cb"),
        [
            (
                "? 5:15: redirect_uri: has no port, so that it is port 80, where few may listen; only a desktop "
                "app may take any port; write it as registered, such as `http://localhost:3000/cb`"
            )
        ],
    ),
    "scopes-are-tokens": (
        SERVICE + "scopes: [a, caf\u00e9]\n",
        ["5:9: scopes: `café` holds a letter that no scope may have; write plain ASCII without quotes"],
    ),
    "scopes-are-separated-by-blanks": (
        SERVICE + "scopes: read,write\n",
        ["? 5:9: scopes: `read,write` is one scope with a comma in it; write a list: `[read, write]`"],
    ),
    "scopes-are-said-once": (
        SERVICE + "scopes: a b a\n",
        ["? 5:9: scopes: `a` stands there more than once; remove the repetition"],
    ),
    "offline-access-needs-a-code": (
        IMPLICIT + "scopes: a offline_access\nauthorization: {response_type: token}\n",
        [
            (
                "? 7:9: scopes: `offline_access` has no effect: flow implicit never brings a refresh token; "
                "remove `offline_access`, or `flow` to take authorization_code"
            )
        ],
    ),
    "id-token-needs-openid": (
        IMPLICIT + "authorization: {response_type: id_token token}\n",
        [
            (
                "1:1: scopes: `openid` is missing: response_type `id_token token` asks for an ID token; add "
                "`openid` to the scopes"
            )
        ],
    ),
    "ciba-needs-openid": (
        profile("service", "flow: ciba", "user: {name: u}", "scopes: a"),
        ["? 7:9: scopes: `openid` is missing, which flow ciba always asks for; add `openid` to the scopes"],
    ),
    "max-age-needs-openid": (
        WEB + "scopes: a\nauthorization: {max_age: 1h}\n",
        [
            (
                "? 7:26: authorization.max_age: cannot be verified: only an ID token says when the person "
                "signed in; add `openid` to the scopes, or remove max_age"
            )
        ],
    ),
    "identifiers-are-trimmed": (
        SERVICE.replace("id: a", "id: 'a '"),
        ["? 4:14: client.id: begins or ends with a blank; remove it: it is probably left from copying"],
    ),
    "values-are-short": (
        SERVICE + f"scopes: [{'a' * 150}, {'b' * 150}]\n",
        [
            (
                "? 5:9: scopes: is 301 characters long, and IdentityServer takes 300; shorten it where the "
                "server is one (Bentley's is)"
            )
        ],
    ),
    "tokens-come-from-elsewhere": (
        profile("workload", "subject_token: {profile: ./p.yaml}", client=""),
        ["4:26: subject_token.profile: is this very profile: it would wait for itself; name another profile"],
    ),
    "renewal-fits-assumed-lifetime": (
        SERVICE + "refresh: {assume_lifetime: 5m}\n",
        [
            (
                "? 5:28: refresh.assume_lifetime: before_expiry (300 s) is not below assume_lifetime (300 s): "
                "such a token is due at once; shorten before_expiry, or lengthen assume_lifetime"
            )
        ],
    ),
    "renewal-fits-assumed-lifetime (the window)": (
        SERVICE + "refresh: {before_expiry: 10m}\n",
        [
            (
                "? 5:26: refresh.before_expiry: before_expiry (600 s) is not below assume_lifetime (600 s): "
                "such a token is due at once; shorten before_expiry, or lengthen assume_lifetime"
            )
        ],
    ),
    "retry-delays-are-ordered": (
        SERVICE + "refresh: {retry: {first_delay: 1m}}\n",
        [
            (
                "? 5:32: refresh.retry.first_delay: first_delay (60 s) is above max_delay (30 s); make "
                "max_delay the longer one"
            )
        ],
    ),
    "retry-outlives-an-exchange": (
        SERVICE + "http: {timeout: 3m}\n",
        [
            (
                "? 5:17: http.timeout: timeout (180 s) is above refresh.retry.deadline (120 s): a try that "
                "hangs is the only one; shorten the timeout, or lengthen the deadline"
            )
        ],
    ),
    "clock-skew-is-small": (
        SERVICE + "verify: {clock_skew: 5m}\n",
        [
            (
                "? 5:22: verify.clock_skew: takes tokens that expired 300 s ago; write 60s or less, and set the "
                "clock (NTP)"
            )
        ],
    ),
    "times-are-not-zero": (
        SERVICE + "http: {timeout: 0}\n",
        [("5:17: http.timeout: is no time at all: nothing can succeed; write a duration such as `10s`, or remove it")],
    ),
    "jwt-has-an-audience": (
        SERVICE + "verify: {access_token: jwt}\n",
        [
            (
                "? 5:24: verify.access_token: jwt verifies for whom the token is, and the profile names nobody; "
                "write `audience:` beside it, such as `https://api.example.com`"
            )
        ],
    ),
    "verification-is-on": (
        SERVICE + "verify: {access_token: none, audience: x}\n",
        ["? 5:40: verify.audience: is not checked: `access_token: none` trusts what comes; remove one of them"],
    ),
    "required-scopes-are-asked-for": (
        SERVICE + "scopes: a b\nverify: {required_scopes: [a, c]}\n",
        ["? 6:27: verify.required_scopes: `c` is not among `scopes`; ask for it, or remove it"],
    ),
    "introspection-authenticates": (
        WEB + "verify: {access_token: introspection}\n",
        [
            (
                "? 6:24: verify.access_token: introspection is for clients that authenticate, and this one does "
                "not; write auto or jwt"
            )
        ],
    ),
    "store-has-its-address": (
        SERVICE + "store: redis\n",
        [
            (
                "5:8: store: redis needs `url`, the address of the server; write `store: {kind: redis, url: "
                "{env: REDIS_URL}}`"
            )
        ],
    ),
    "store-keys-are-used": (
        SERVICE + "store: {kind: file, prefix: x, service: y}\n",
        [
            "? 5:29: store.prefix: has no effect on store file; remove it, or write `kind: redis`",
            "? 5:41: store.service: has no effect on store file; remove it, or write `kind: keyring`",
        ],
    ),
    "deliveries-differ": (
        SERVICE + "deliver: [{to: file, path: a}, {to: file, path: b}, {to: file, path: a}]\n",
        [
            (
                "5:70: deliver[2].path: writes the same file as deliver[0], which is lost; write another path, "
                "or remove one of the two"
            )
        ],
    ),
    "delivered-file-is-private": (
        SERVICE + "deliver:\n  - {to: file, path: a, mode: 0644}\n  - {to: file, path: b, mode: '660'}\n",
        [
            (
                '? 6:31: deliver[0].mode: 0644 lets everybody on this machine at the token; write "0600", or '
                '"0640" for one group'
            ),
            '? 7:31: deliver[1].mode: 660 lets a group replace the token; write "0640", so that they can read it',
        ],
    ),
    "delivery-keys-are-used": (
        SERVICE + "deliver: [{to: stdout, path: a}]\n",
        ["? 5:30: deliver[0].path: has no effect on a delivery to stdout; remove it, or write `to: file`"],
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_rule_is_told_with_its_place_and_a_remedy(name: str) -> None:
    text, expected = BROKEN[name]
    rule = name.partition(" ")[0]
    lines = [line for line in said(text) if rule == LEGACY or " is a legacy flow: " not in line]
    assert sorted(lines) == sorted(expected)
    assert set(told(text, but="" if rule == LEGACY else LEGACY)) == {rule}


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
        (IMPLICIT + "authorization: {response_type: id_token}\nscope: openid\n", "scope"),
        (WEB + "scopes: a\nauthorization: {max_agee: 1h}\n", "authorization.max_agee"),
        (profile("web", "flow: ciba", "authorization: {login_hnt: a}", client="id: a"), "authorization.login_hnt"),
        (SERVICE + "redirect_url: https://a.example/cb\n", "redirect_url"),
        (SERVICE + "subject_token: {ambient: github}\n", "subject_token.ambient"),
        (SERVICE + "store: {kind: redis, urll: {env: U}}\n", "store.urll"),
        (SERVICE + "deliver: [{to: fil, path: x, mode: '0644'}]\n", "deliver[0].to deliver[0].mode"),
        (SERVICE + "deliver: [{to: file, path: x, mode: rw}]\n", "deliver[0].mode"),
        (SERVICE + "verify: {access_token: jwt, audiense: x}\n", "verify.audiense"),
    ],
)
def test_one_mistake_brings_no_followers(text: str, only: str) -> None:
    problems = interpreted(text).problems
    assert " ".join(problem.path for problem in problems if problem.rule != LEGACY) == only
