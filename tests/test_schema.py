"""The schema is sound in itself, documents every key, and tells right profiles from wrong ones."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from jsonschema import Draft202012Validator

if TYPE_CHECKING:
    from collections.abc import Iterator

Schema = dict[str, Any]

ROOT = Path(__file__).resolve().parent.parent
SCHEMA: Schema = json.loads((ROOT / "schemas" / "profile.schema.json").read_text(encoding="utf-8"))
PROFILES = sorted((ROOT / "profiles").glob("*.yaml"))
LANGUAGE_SERVER = "# yaml-language-server: $schema=../schemas/profile.schema.json"

REFERENCE = {"$ref": "#/$defs/reference"}
SECRET_REFERENCE = {"$ref": "#/$defs/secret_reference"}

# The only places where any name is taken: names there belong to the server, not to this language.
OPEN = {
    "authorization.extra",
    "authorization.details[]",
    "token.extra",
    "assertion.claims",
    "deliver[].kubernetes.labels",
}
SECRETS = {
    "client.secret",
    "client.private_key",
    "client.private_key_passphrase",
    "user.password",
    "refresh_token",
    "subject_token",
    "actor_token",
    "assertion",
    "store.url",
    "store.key",
    "authorization.extra.*",
    "token.extra.*",
}
# Defaults are the contract: a change here is a change that users see.
DEFAULTS = {
    "client.assertion_audience": "issuer",
    "authorization.response_type": "code",
    "authorization.par": "auto",
    "authorization.request_object": False,
    "authorization.timeout": "3m",
    "token.response": "json",
    "dpop": False,
    "refresh.before_expiry": "5m",
    "refresh.min_validity": "60s",
    "refresh.on_rejected": "reauthenticate",
    "refresh.assume_lifetime": "10m",
    "refresh.retry.attempts": 5,
    "refresh.retry.first_delay": "500ms",
    "refresh.retry.max_delay": "30s",
    "refresh.retry.deadline": "2m",
    "verify.access_token": "auto",
    "verify.clock_skew": "30s",
    "verify.algorithms": ["RS256", "PS256", "ES256", "EdDSA"],
    "store": "file",
    "http.timeout": "10s",
    "deliver": [],
    "deliver[].format": "token",
    "deliver[].mode": "0600",
}


def subschemas(schema: Schema, path: str = "") -> Iterator[tuple[str, Schema]]:
    """Yield every schema below `schema`, itself included, with the path of the key that it describes."""
    yield path, schema
    for name, below in schema.get("properties", {}).items():
        yield from subschemas(below, f"{path}.{name}" if path else name)
    if isinstance(schema.get("additionalProperties"), dict):
        yield from subschemas(schema["additionalProperties"], f"{path}.*")
    if "items" in schema:
        yield from subschemas(schema["items"], f"{path}[]")
    for branch in schema.get("anyOf", ()):
        yield from subschemas(branch, path)
    for name, below in schema.get("$defs", {}).items():
        yield from subschemas(below, f"$defs/{name}")


def properties(schema: Schema) -> Iterator[tuple[str, Schema]]:
    for path, parent in subschemas(schema):
        for name, below in parent.get("properties", {}).items():
            yield (f"{path}.{name}" if path else name), below
        if isinstance(parent.get("additionalProperties"), dict):
            yield f"{path}.*", parent["additionalProperties"]


ALL = list(subschemas(SCHEMA))
PROPERTIES = list(properties(SCHEMA))


def part(schema: Schema) -> Draft202012Validator:
    """Return a validator of one part of the schema, which still finds the definitions it refers to."""
    return Draft202012Validator({**schema, "$defs": SCHEMA["$defs"]})


def is_object(schema: Schema) -> bool:
    return schema.get("type") == "object" or "properties" in schema


def is_valid(document: object) -> bool:
    return Draft202012Validator(SCHEMA).is_valid(document)


def profile(**keys: Any) -> dict[str, Any]:
    return {"version": 1, "app_type": "service", "issuer": "https://ims.bentley.com", "client": {"id": "a"}, **keys}


def test_is_a_valid_schema_of_draft_2020_12() -> None:
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert "$id" not in SCHEMA
    Draft202012Validator.check_schema(SCHEMA)


def test_refers_only_to_its_own_definitions() -> None:
    references = {schema["$ref"] for _, schema in ALL if "$ref" in schema}
    assert references == {f"#/$defs/{name}" for name in SCHEMA["$defs"]}


def test_explains_itself_and_every_definition() -> None:
    for schema in (SCHEMA, *SCHEMA["$defs"].values()):
        assert schema["title"]
        assert schema["description"]
        assert schema["examples"]


def test_every_property_is_described_in_one_sentence_with_an_example() -> None:
    for path, schema in PROPERTIES:
        assert re.fullmatch(r"[A-Z].*[^.]\.", schema["description"]), path
        assert ". " not in schema["description"], path
        assert schema["examples"], path


def test_every_default_and_example_is_valid_where_it_stands() -> None:
    for path, schema in ALL:
        shown = [*schema.get("examples", ()), *([schema["default"]] if "default" in schema else ())]
        for value in shown:
            assert not list(part(schema).iter_errors(value)), (path, value)


def test_has_the_defaults_of_the_specification_and_no_others() -> None:
    found = {path: schema["default"] for path, schema in PROPERTIES if "default" in schema}
    assert found == DEFAULTS


def test_only_extra_parameters_details_claims_and_labels_take_any_name() -> None:
    open_at = {path for path, schema in ALL if is_object(schema) and schema.get("additionalProperties") is not False}
    assert open_at == OPEN


def test_every_scalar_may_be_a_reference_as_its_second_branch() -> None:
    for path, schema in ALL:
        if "anyOf" not in schema or path == "store":
            continue
        scalar, reference = schema["anyOf"]
        assert reference in (REFERENCE, SECRET_REFERENCE), path
        assert scalar != reference, path


def test_the_store_is_a_word_or_an_object() -> None:
    word, table = SCHEMA["properties"]["store"]["anyOf"]
    assert word["enum"] == table["properties"]["kind"]["anyOf"][0]["enum"]
    assert table["type"] == "object"


def test_every_secret_is_marked() -> None:
    assert {path for path, schema in PROPERTIES if schema.get("writeOnly")} == SECRETS


def test_what_stands_beside_the_source_of_a_token_is_marked_as_no_secret() -> None:
    assert {path for path, schema in PROPERTIES if schema.get("writeOnly") is False} == {
        "$defs/token_source.type",
        "assertion.issuer",
        "assertion.subject",
        "assertion.audience",
        "assertion.lifetime",
        "assertion.claims",
    }


def test_a_reference_to_a_secret_stands_exactly_where_a_secret_does() -> None:
    marked = {path for path, schema in PROPERTIES if SECRET_REFERENCE in schema.get("anyOf", ())}
    assert marked == SECRETS - {"subject_token", "actor_token", "assertion"}  # these are never written out


def test_every_pattern_is_anchored_and_takes_linear_time() -> None:
    patterns = {schema["pattern"] for _, schema in ALL if "pattern" in schema}
    hostile = [piece * 20_000 for piece in ("1", "1h", "a", "urn:", " ", "a.", "1ms")]
    for pattern in patterns:
        assert pattern.startswith("^")
        assert pattern.endswith("(?!\\n)$")  # Python's `$` alone lets a line break through
        started = time.perf_counter()
        for text in hostile:
            re.search(pattern, text + "\x00")
        assert time.perf_counter() - started < 1, pattern


@pytest.mark.parametrize("path", PROFILES, ids=lambda path: path.stem)
def test_every_profile_in_the_folder_is_valid(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    document = yaml.safe_load(text)
    assert text.splitlines()[0] == LANGUAGE_SERVER
    assert not list(Draft202012Validator(SCHEMA).iter_errors(document))
    assert document.get("name", path.stem) == path.stem


def test_there_is_a_profile_for_every_app_type() -> None:
    app_types = SCHEMA["properties"]["app_type"]["anyOf"][0]["enum"]
    shown = {yaml.safe_load(path.read_text(encoding="utf-8"))["app_type"] for path in PROFILES}
    assert shown == set(app_types)


def test_no_profile_but_the_quickstart_holds_a_secret() -> None:
    for path in PROFILES:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        held = (document["client"].get("secret"), document.get("user", {}).get("password"))
        assert path.stem == "quickstart" or not any(isinstance(secret, str) for secret in held), path


@pytest.mark.parametrize(
    "keys",
    [
        {"scopes": "openid profile"},
        {"scopes": ["openid", {"env": "SCOPE"}]},
        {"scopes": {"env": "SCOPES", "default": "openid"}},
        {"issuer": "embedded"},
        {"issuer": {"env": "ISSUER"}},
        {"authorization": {"par": True}},
        {"authorization": {"max_age": 3600}},
        {"authorization": {"details": [{"type": "payment_initiation", "amount": {"currency": "EUR"}}]}},
        {"refresh": {"before_expiry": "1h30m", "min_validity": 0}},
        {"http": {"timeout": "300"}},
        {"store": {"kind": "redis", "url": {"env": "REDIS_URL"}}},
        {"subject_token": {"ambient": "auto"}},
        {"subject_token": {"file": "t.jwt", "type": "urn:ietf:params:oauth:token-type:jwt"}},
        {"assertion": {"issuer": "a", "lifetime": "5m", "claims": {"scope": "x", "n": 1}}},
        {"token": {"extra": {"region": "eu", "ticket": {"file": "ticket.txt"}}}},
        {"deliver": []},
        {"verify": {"algorithms": ["ES512", "Ed25519"]}},
    ],
    ids=str,
)
def test_takes_what_the_language_allows(keys: dict[str, Any]) -> None:
    assert is_valid(profile(**keys))


WRONG = {
    "an empty document": {},
    "no document": None,
    "a list": [profile()],
    "no version": {"app_type": "service"},
    "no app type": {"version": 1},
    "another version": profile(version=2),
    "a version that is a boolean": profile(version=True),
    "a version that is text": profile(version="1"),
    "an unknown key": profile(isuer="https://ims.bentley.com"),
    "an unknown key below": profile(client={"id": "a", "secrett": "b"}),
    "an unknown metadata name": profile(metadata={"token_endpiont": "https://ims.bentley.com/connect/token"}),
    "a misspelt app type": profile(app_type="servcie"),
    "a misspelt flow": profile(flow="client_credential"),
    "a name with capitals": profile(name="iTwin Reports"),
    "an empty name": profile(name=""),
    "an empty client id": profile(client={"id": ""}),
    "a client id that is a number": profile(client={"id": 1234}),
    "a client that is text": profile(client="service-1a2b"),
    "an unknown authentication method": profile(client={"id": "a", "auth_method": "basic"}),
    "null": profile(issuer=None),
    "a number as a scope": profile(scopes=[1]),
    "no scopes in a list": profile(scopes=[]),
    "a duration without a unit that is known": profile(refresh={"before_expiry": "5 minutes"}),
    "a duration in fractions": profile(refresh={"before_expiry": "1.5h"}),
    "a duration with its units reversed": profile(refresh={"before_expiry": "5m1h"}),
    "a negative duration": profile(http={"timeout": -1}),
    "a duration with a line break": profile(http={"timeout": "5m\n"}),
    "a name with a line break": profile(name="reports\n"),
    "an empty duration": profile(http={"timeout": ""}),
    "a boolean as a duration": profile(http={"timeout": True}),
    "text as a boolean": profile(dpop="yes"),
    "too many attempts": profile(refresh={"retry": {"attempts": 21}}),
    "no attempt": profile(refresh={"retry": {"attempts": 0}}),
    "unsigned tokens": profile(verify={"algorithms": ["none"]}),
    "tokens signed with a shared secret": profile(verify={"algorithms": ["HS256"]}),
    "no algorithms": profile(verify={"algorithms": []}),
    "a reference to nothing": profile(issuer={}),
    "a reference to an unknown place": profile(issuer={"vault": "x"}),
    "a reference with a bad variable name": profile(client={"id": {"env": "MY-ID"}}),
    "a secret with a default": profile(client={"id": "a", "secret": {"env": "S", "default": "s"}}),
    "a command that is one string": profile(client={"id": "a", "secret": {"command": "pass show x"}}),
    "a keyring entry without a user": profile(client={"id": "a", "secret": {"keyring": {"service": "s"}}}),
    "a token written out to exchange": profile(subject_token="eyJ"),
    "an unknown ambient identity": profile(subject_token={"ambient": "github"}),
    "an unknown token type": profile(subject_token={"env": "T", "type": "acess_token"}),
    "a number as an extra parameter": profile(token={"extra": {"region": 1}}),
    "a permission without a type": profile(authorization={"details": [{"actions": ["read"]}]}),
    "an unknown store": profile(store="sqlite"),
    "a store object without its kind": profile(store={"url": {"env": "REDIS_URL"}}),
    "a delivery without a target": profile(deliver=[{"path": "/run/token"}]),
    "a delivery that is no list": profile(deliver={"to": "stdout"}),
    "a file mode that is a number": profile(deliver=[{"to": "file", "path": "t", "mode": 384}]),
    "a file mode in words": profile(deliver=[{"to": "file", "path": "t", "mode": "rw-------"}]),
    "a command through a shell": profile(deliver=[{"to": "command", "run": "systemctl reload reports"}]),
}


@pytest.mark.parametrize("document", WRONG.values(), ids=WRONG.keys())
def test_refuses(document: object) -> None:
    assert not is_valid(document)
