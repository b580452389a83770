from __future__ import annotations

import pytest
from config.texts import SERVICE, said

from tokenflow.config.complaints import complaints
from tokenflow.config.reading import parse
from tokenflow.config.schema import schema
from tokenflow.config.synonyms import nearest


def with_line(line: str) -> str:
    """Return the good profile with one of its lines replaced by `line`, which becomes the last, or with one more."""
    key = line.partition(":")[0]
    return "".join(f"{kept}\n" for kept in SERVICE.splitlines() if kept.partition(":")[0] != key) + f"{line}\n"


CLIENT_KEYS = (
    "id, secret, auth_method, private_key, private_key_passphrase, key_id, algorithm, certificate, assertion_audience"
)
CLIENT_KEYS_SORTED = (
    "algorithm, assertion_audience, auth_method, certificate, id, key_id, private_key, private_key_passphrase, secret"
)
SOURCE = "write the value, or a reference such as `{env: NAME}`"
ONE_OF = "a reference has exactly one of env, file, keyring, command; write `{env: NAME}` or `{file: PATH}`"
REMOVE = "remove it; `tokenflow schema` prints all keys"
DELIVERIES = "write for example `[{to: file, path: /run/itwin/token, format: token, mode: '0600'}]`"
UNITS = "the units are h, m, s and ms"

# The line -> all that is said of it.
MISTAKES: dict[str, list[str]] = {
    # F-135: keys that the language does not have
    "scope: [read]": ["5:1: scope: there is no such key in a profile; did you mean `scopes`?"],
    "Redirect-URI: x": ["5:1: Redirect-URI: there is no such key in a profile; did you mean `redirect_uri`?"],
    "secret: x": ["5:1: secret: there is no such key in a profile; it belongs under `client`"],
    "kind: x": ["5:1: kind: there is no such key in a profile; it belongs under `store`"],
    "client: {id: a, secret: {env: S}, scopes: x}": [
        "4:35: client.scopes: there is no such key in `client`; it belongs at the top"
    ],
    "client: {id: a, secret: {env: S}, audience: x}": [
        (
            "4:35: client.audience: there is no such key in `client`; "
            "it belongs at the top or under `assertion` or under `verify`"
        )
    ],
    # keys and words that others use
    "client_id: x": ["5:1: client_id: there is no such key in a profile; did you mean `id` under `client`?"],
    "clientSecret: x": ["5:1: clientSecret: there is no such key in a profile; did you mean `secret` under `client`?"],
    "client: {client_id: a, secret: {env: S}}": [
        "4:10: client.client_id: there is no such key in `client`; did you mean `id`?"
    ],
    "clients: {id: a, secret: {env: S}}": ["5:1: clients: there is no such key in a profile; did you mean `client`?"],
    "refresh: {grant_type: x}": [
        "5:11: refresh.grant_type: there is no such key in `refresh`; did you mean `flow` at the top?"
    ],
    "app_type: m2m": [
        (
            "4:11: app_type: `m2m` is not known; "
            "did you mean `service`? It is one of web, service, agent, desktop, mobile, device, workload"
        )
    ],
    "foo: x": [f"5:1: foo: there is no such key in a profile; {REMOVE}"],
    "'': x": [f"5:1: ***: there is no such key in a profile; {REMOVE}"],
    "env: x": [f"5:1: env: there is no such key in a profile; {REMOVE}"],
    "refresh: {foo: 1}": [
        (
            "5:11: refresh.foo: there is no such key in `refresh`; "
            "the keys here are assume_lifetime, before_expiry, min_validity, on_rejected, retry"
        )
    ],
    "refresh: {retry: {atempts: 1}}": [
        "5:19: refresh.retry.atempts: there is no such key in `refresh.retry`; did you mean `attempts`?"
    ],
    "deliver: [{to: stdout, fromat: token}]": [
        "5:24: deliver[0].fromat: there is no such key in `deliver[0]`; did you mean `format`?"
    ],
    "client: {id: a, secret:VALUE, 'foo VALUE': 1}": [
        "4:17: client.***: there is no such key in `client`; did you mean `secret`?",
        f"4:31: client.***: there is no such key in `client`; the keys here are {CLIENT_KEYS_SORTED}",
    ],
    # references
    "client: {id: a, secret: {env: S, default: x}}": [
        "4:34: client.secret.default: a reference to a secret has no default; remove it"
    ],
    "subject_token: {env: S, default: x}": [
        "5:25: subject_token.default: a reference to a secret has no default; remove it"
    ],
    "client: {id: a, secret: {vault: S}}": [f"4:25: client.secret: is a mapping, not text; {SOURCE}"],
    "issuer: {env: S, file: x, command: [y]}": [f"4:9: issuer: {ONE_OF}"],
    "issuer: {}": [f"4:9: issuer: is a mapping, not text; {SOURCE}"],
    "scopes: {a: b}": [f"5:9: scopes: is a mapping, not text or a list; {SOURCE}"],
    "client: {id: a, secret: {env: MY-ID}}": [
        (
            "4:31: client.secret.env: this is not the name of an environment variable; "
            "write for example `ITWIN_CLIENT_SECRET`, without `$`"
        )
    ],
    "client: {id: a, secret: {env: }}": [
        "4:31: client.secret.env: has no value; write for example `ITWIN_CLIENT_SECRET`"
    ],
    "client: {id: a, secret: {keyring: {service: s}}}": [
        "4:35: client.secret.keyring.username: is missing; write `username: svc@example.com`"
    ],
    "client: {id: a, secret: {keyring: {}}}": [
        "4:35: client.secret.keyring.service: is missing; write `service: itwin`",
        "4:35: client.secret.keyring.username: is missing; write `username: svc@example.com`",
    ],
    "client: {id: a, secret: {command: pass show}}": [
        "4:35: client.secret.command: text is not a list; write for example `[pass, show, itwin/client-secret]`"
    ],
    "subject_token: {ambient: github}": [
        (
            "5:26: subject_token.ambient: `github` is not known; "
            "write one of kubernetes, github_actions, gitlab, azure, spiffe, auto"
        )
    ],
    "subject_token: {env: T, type: acess token}": [
        "5:31: subject_token.type: `acess token` is not a valid type; write for example `access_token`"
    ],
    # no value, an empty one, one of the wrong kind
    "issuer:": ["4:8: issuer: has no value; write for example `https://ims.bentley.com`"],
    "version:": ["4:9: version: has no value; write for example `1`"],
    "client:": [f"4:8: client: has nothing under it; write its keys below it, indented: {CLIENT_KEYS}"],
    "refresh:": [
        (
            "5:9: refresh: has nothing under it; write its keys below it, indented: "
            "before_expiry, min_validity, on_rejected, assume_lifetime, retry"
        )
    ],
    "user:\nname: a b\npassword: x": [
        "5:6: user: has nothing under it; write its keys below it, indented: name, password",
        "6:7: name: `a b` is not a valid name; write for example `itwin-reports`",
    ],
    "dpop: ~": ["5:7: dpop: has no value; write for example `true`"],
    "issuer: ''": ["4:9: issuer: is empty; write for example `https://ims.bentley.com`"],
    "authorization: {details: []}": ["5:26: authorization.details: is empty; write a value, or remove the key"],
    "issuer: [a]": ["4:9: issuer: a list is not text; write for example `https://ims.bentley.com`"],
    "name: 5": ['5:7: name: `5` is a number, not text; quote it: "5"'],
    "name: true": ['5:7: name: `true` is true or false, not text; quote it: "true"'],
    "scopes: [5, a, true]": [
        '5:10: scopes[0]: `5` is a number, not text; quote it: "5"',
        '5:16: scopes[2]: `true` is true or false, not text; quote it: "true"',
    ],
    "scopes: 7": ['5:9: scopes: `7` is a number, not text or a list; quote it: "7"'],
    "scopes: [[a]]": ["5:10: scopes[0]: a list is not text"],
    "client: {id: a, secret: 5}": ["4:25: client.secret: this is a number, not text; quote it"],
    "client: {id: a, secret: true}": ["4:25: client.secret: this is true or false, not text; quote it"],
    "client: text": [f"4:9: client: text stands where keys belong; write keys under it: {CLIENT_KEYS}"],
    "client: [a]": [f"4:9: client: a list stands where keys belong; write keys under it: {CLIENT_KEYS}"],
    "metadata: 5": [
        (
            "5:11: metadata: a number stands where keys belong; write keys under it: issuer, authorization_endpoint, "
            "token_endpoint, device_authorization_endpoint, pushed_authorization_request_endpoint, "
            "backchannel_authentication_endpoint, introspection_endpoint, revocation_endpoint, userinfo_endpoint, "
            "end_session_endpoint, registration_endpoint, jwks_uri, ..."
        )
    ],
    "deliver: {to: stdout}": [f"5:10: deliver: a mapping is not a list; {DELIVERIES}"],
    "deliver: stdout": [f"5:10: deliver: text is not a list; {DELIVERIES}"],
    "authorization: {extra: {a: 5, '': x, c: }}": [
        "5:24: authorization.extra: is empty; write a value, or remove the key",
        "5:28: authorization.extra.a: this is a number, not text; quote it",
        "5:41: authorization.extra.c: has no value; write for example `eu`",
    ],
    # F-125, F-127, F-128, F-134: what YAML 1.1 would have guessed
    "dpop: no": ["5:7: dpop: `no` is not true or false; write `true` or `false`"],
    "dpop: 1": ["5:7: dpop: `1` is not true or false; write `true` or `false`"],
    "dpop: 'false'": ["5:7: dpop: `false` is text here; write it without quotes"],
    "dpop: [a]": ["5:7: dpop: a list is not true or false; write `true` or `false`"],
    "authorization: {par: yes}": ["5:22: authorization.par: `yes` is not known; write one of true, false, auto"],
    "authorization: {par: 'true'}": ["5:22: authorization.par: `true` is text here; write it without quotes"],
    "version: '1'": ["4:10: version: `1` is text here; write it without quotes"],
    "version: 2": ["4:10: version: `2` is not known; write `1`"],
    "deliver: [{to: file, path: x, mode: 600}]": [
        '5:37: deliver[0].mode: `600` is a number, not text; quote it: "600"'
    ],
    "deliver: [{to: file, path: x, mode: 0999}]": [
        "5:37: deliver[0].mode: `0999` is not a valid mode; write for example `0600`"
    ],
    "http: {timeout: .nan}": [f"5:17: http.timeout: `.nan` is not a duration; write for example `10s`; {UNITS}"],
    "http: {timeout: .inf}": [f"5:17: http.timeout: `.inf` is not a duration; write for example `10s`; {UNITS}"],
    "http: {timeout: -1}": [f"5:17: http.timeout: `-1` is not a duration; write for example `10s`; {UNITS}"],
    "http: {timeout: 1m1h}": [f"5:17: http.timeout: `1m1h` is not a duration; write for example `10s`; {UNITS}"],
    "http: {timeout: true}": ["5:17: http.timeout: `true` is not text or a whole number; write for example `10s`"],
    "http: {timeout: 99999999999}": ["5:17: http.timeout: `99999999999` is too large; write 9999999999 or less"],
    "refresh: {retry: {attempts: 0}}": ["5:29: refresh.retry.attempts: `0` is too small; write 1 or more"],
    "refresh: {retry: {attempts: x}}": [
        "5:29: refresh.retry.attempts: `x` is not a whole number; write for example `5`"
    ],
    # words and names
    "name: A B": ["5:7: name: `A B` is not a valid name; write for example `itwin-reports`"],
    'name: "a\\e[31m"': ["5:7: name: `a\\x1b[31m` is not a valid name; write for example `itwin-reports`"],
    "deliver: [{to: stdot}]": [
        (
            "5:16: deliver[0].to: `stdot` is not known; "
            "did you mean `stdout`? It is one of stdout, file, command, kubernetes, vault"
        )
    ],
    "authorization: {details: [{actions: [x]}]}": [
        "5:27: authorization.details[0].type: is missing; write `type: payment_initiation`"
    ],
    "deliver: [{path: x}]": ["5:11: deliver[0].to: is missing; write `to: file`"],
    "store: sqlite": ["5:8: store: `sqlite` is not known; write one of file, memory, keyring, redis"],
    "store: []": ["5:8: store: this is not known; write one of file, memory, keyring, redis"],
    "store: {kind: sqlite}": ["5:15: store.kind: `sqlite` is not known; write one of file, memory, keyring, redis"],
    "store: {url: {env: X}}": ["5:8: store.kind: is missing; write `kind: redis`"],
    "verify: {algorithms: [none]}": [
        (
            "5:23: verify.algorithms[0]: `none` is not known; write one of RS256, RS384, RS512, PS256, PS384, PS512, "
            "ES256, ES384, ES512, EdDSA, Ed25519"
        )
    ],
}


@pytest.mark.parametrize("line", MISTAKES)
def test_f135_every_mistake_is_said_once_where_it_stands_and_what_to_write_instead(line: str) -> None:
    assert said(with_line(line)) == MISTAKES[line]


def test_what_is_missing_is_placed_at_the_head_of_what_it_is_missing_from() -> None:
    assert said("# nothing yet\nname: x\n") == [
        "2:1: app_type: is missing; write `app_type: service`",
        "2:1: client.id: is missing; write the id that the server gave your application",
        "2:1: issuer: is missing; write the authorization server's address, or its endpoints under `metadata`",
        "2:1: version: is missing; write `version: 1`",
    ]


@pytest.mark.parametrize(
    ("line", "rule"), [("foo: x", "unknown-key"), ("name: 5", "wrong-value"), ("store: {}", "missing-key")]
)
def test_each_kind_of_mistake_has_its_rule(line: str, rule: str) -> None:
    [problem] = complaints(parse(with_line(line).encode(), "p.yaml"))
    assert (problem.rule, problem.severity) == (rule, "error")


def test_a_good_profile_has_none() -> None:
    assert complaints(parse(SERVICE.encode(), "p.yaml")) == []


@pytest.mark.parametrize(
    ("word", "meant"),
    [("scope", "scopes"), ("SCOPES", "scopes"), ("redirect-uri", "redirect_uri"), ("x", None), ("", None)],
)
def test_the_nearest_known_word_is_meant(word: str, meant: str | None) -> None:
    assert nearest(word, ["scopes", "redirect_uri", "resource"]) == meant


# The keywords that `complaints` explains, and those that validate nothing or stand in another's error.
EXPLAINED = {
    *("anyOf", "additionalProperties", "required", "enum", "const", "type", "minimum", "maximum", "minLength"),
    *("minItems", "maxProperties", "pattern"),
}
SILENT = {
    *("$schema", "$ref", "$defs", "title", "description", "examples", "default", "writeOnly", "properties", "items"),
    *("propertyNames", "format"),
    "minProperties",  # an empty mapping is taken for a value of the wrong kind, not for a reference
}


def keywords(node: object) -> set[str]:
    """Return every keyword of a schema, below it included."""
    if isinstance(node, list):
        return {keyword for branch in node for keyword in keywords(branch)}
    if not isinstance(node, dict):
        return set()
    found = set(node)
    for keyword, value in node.items():
        if keyword in ("properties", "$defs"):
            found |= {below for member in value.values() for below in keywords(member)}
        elif keyword in ("anyOf", "items", "additionalProperties", "propertyNames"):
            found |= keywords(value)
    return found


def test_the_schema_says_nothing_that_cannot_be_explained() -> None:
    assert keywords(schema()) == EXPLAINED | SILENT
