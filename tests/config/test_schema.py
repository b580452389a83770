"""How the schema is found and read; what it says itself is proved in tests/test_schema.py."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tokenflow.config import schema as module
from tokenflow.config.schema import (
    at,
    branches,
    child,
    expanded,
    is_public,
    may_show,
    references,
    resolved,
    schema,
    schema_file,
    takes_reference,
    validator,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokenflow.config.document import Path as KeyPath

ROOT = Path(__file__).resolve().parents[2]


def installed(package: Path) -> dict[str, Any]:
    """Run the module's source as it would run from another installation."""
    names: dict[str, Any] = {"__name__": "installed", "__file__": str(package / "config" / "schema.py")}
    source = Path(module.__file__)
    exec(compile(source.read_text(), source, "exec"), names)
    return names


def test_a_checkout_reads_the_one_in_its_schemas_folder() -> None:
    assert schema_file() == ROOT / "schemas" / "profile.schema.json"
    assert schema() == json.loads((ROOT / "schemas" / "profile.schema.json").read_text())
    assert validator().schema is expanded()


def test_the_schema_without_references_says_the_same() -> None:
    def nodes(node: Any) -> Iterator[dict[str, Any]]:
        if isinstance(node, dict):
            yield node
        for below in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
            yield from nodes(below)

    beside = {key for node in nodes(schema()) if "$ref" in node for key in node}
    assert beside <= {"$ref", "title", "description", "examples", "default", "writeOnly"}  # none that validates
    assert not any("$ref" in node for node in nodes(expanded()))
    assert "$defs" not in expanded()
    assert (
        expanded()["properties"]["http"]["properties"]["timeout"]["anyOf"][0]["pattern"]
        == (schema()["$defs"]["duration"]["pattern"])
    )


def test_a_wheel_carries_it_in_the_package_and_that_one_wins(tmp_path: Path) -> None:
    package = tmp_path / "tokenflow"
    inside, beside = package / "schemas" / "profile.schema.json", tmp_path / "schemas" / "profile.schema.json"
    for place in (beside, inside):
        place.parent.mkdir(parents=True)
        place.write_text("{}")
        assert installed(package)["schema_file"]() == place


def test_an_installation_without_it_says_where_it_looked(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        installed(tmp_path / "tokenflow")["schema_file"]()
    assert str(caught.value) == (
        f"profile.schema.json is missing from this installation; looked in {tmp_path}/tokenflow/schemas"
    )


def test_what_stands_beside_a_reference_to_a_definition_stays() -> None:
    assert resolved({"type": "string"}) == {"type": "string"}
    found = resolved({"$ref": "#/$defs/token_source", "writeOnly": True, "description": "x"})
    assert found["description"] == "x"
    assert found["writeOnly"] is True
    assert found["properties"] == schema()["$defs"]["token_source"]["properties"]
    assert "$ref" not in found


def test_alternatives_are_resolved() -> None:
    string, reference = branches({"anyOf": [{"type": "string"}, {"$ref": "#/$defs/reference"}]})
    assert string == {"type": "string"}
    assert reference["title"] == "Reference"
    assert branches({"type": "string"}) == [{"type": "string"}]


@pytest.mark.parametrize(
    ("path", "takes"),
    [
        (("client", "id"), True),
        (("client", "secret"), True),
        (("scopes",), True),
        (("client",), False),
        (("store",), False),
        (("subject_token",), False),
        (("deliver",), False),
    ],
)
def test_a_reference_may_stand_for_any_single_value(path: KeyPath, takes: bool) -> None:
    node = at(path)
    assert node is not None
    assert takes_reference(node) is takes


@pytest.mark.parametrize(
    ("path", "examples"),
    [
        (("client", "id"), ["service-1a2b"]),
        (("client", "secret", "env"), ["ITWIN_CLIENT_SECRET"]),
        (("deliver", 3, "to"), ["file"]),
        (("token", "extra", "anything"), ["eu", {"env": "PARTNER_CODE"}]),
        (("store", "url"), [{"env": "REDIS_URL"}]),
    ],
)
def test_a_place_is_found_through_alternatives_lists_and_open_keys(path: KeyPath, examples: list[Any]) -> None:
    node = at(path)
    assert node is not None
    assert node["examples"] == examples


@pytest.mark.parametrize(
    "path", [("foo",), ("client", "foo"), ("client", 0), ("foo", "bar", "baz"), ("authorization", "details", 0, "x")]
)
def test_an_unknown_place_is_nowhere(path: KeyPath) -> None:
    assert at(path) is None
    assert not is_public(path)
    assert not may_show(path, "word")


def test_an_item_of_what_is_no_list_is_unknown() -> None:
    assert child(schema(), 0) is None
    assert child({"type": "array", "items": {"type": "string"}}, 5) == {"type": "string"}


@pytest.mark.parametrize(
    ("path", "public"),
    [
        ((), True),
        (("issuer",), True),
        (("client", "id"), True),
        (("client", "secret"), False),
        (("client", "secret", "env"), False),
        (("store", "url"), False),
        (("token", "extra", "x"), False),
        (("subject_token", "file"), False),
        (("subject_token", "type"), True),
        (("assertion", "env"), False),
        (("assertion", "subject"), True),
        (("assertion", "claims", "x"), True),
        (("refresh_token",), False),
    ],
)
def test_the_nearest_mark_decides_what_is_public(path: KeyPath, public: bool) -> None:
    assert is_public(path) is public


@pytest.mark.parametrize(
    ("path", "text", "shown"),
    [
        (("client", "id"), "anything at all, of any length: 0123456789 0123456789", True),
        (("client", "secret"), "word", False),
        (("client", "secret", "env"), "NAME", True),
        (("client", "secret", "env"), "hunter2!", False),
        (("client", "secrett", "env"), "NAME", False),
        (("client", "secret", "file"), "/run/secret", True),
        (("client", "secret", "keyring", "username"), "svc@example.com", True),
        (("client", "secret", "command", 1), "--password=x", False),
        (("subject_token", "profile"), "login.yaml", True),
        (("subject_token", "ambient"), "github", True),
        (("subject_token", "ambient"), "eyJ" + "x" * 60, False),
        (("token", "extra", "username"), "word", False),
        (("app_type",), "servcie", True),
        (("app_type",), "a pasted secret, with punctuation!", False),
        (("store",), "sqlite", True),
        (("store",), "redis://:word@host", False),
        (("dpop",), "no", True),
        (("refresh", "retry", "attempts"), "five", True),
        (("refresh", "before_expiry"), "5 minutes", True),
        (("token",), "word", False),
        (("metadata", "scopes_supported"), "word", False),
    ],
)
def test_what_may_be_shown_of_a_value(path: KeyPath, text: str, shown: bool) -> None:
    assert may_show(path, text) is shown


def test_every_reference_of_a_profile_is_found() -> None:
    document = {
        "app_type": {"env": "APP_TYPE"},
        "client": {"id": {"env": "ID"}, "secret": {"env": "SECRET"}},
        "scopes": ["a", {"env": "SCOPE"}],
        "dpop": {"env": "DPOP"},
        "http": {"timeout": {"env": "TIMEOUT"}},
        "subject_token": {"env": "TOKEN", "type": {"env": "TYPE"}},
        "token": {"extra": {"a": {"file": "f"}, "b": "x"}},
        "foo": {"env": "UNKNOWN", "issuer": {"env": "UNKNOWN"}},
        "bar": "x",
        "deliver": [{"to": "kubernetes", "kubernetes": {"labels": {"app": {"env": "LABEL"}}}}],
    }
    assert [(found.path, found.secret, found.text) for found in references(document)] == [
        (("app_type",), False, True),
        (("client", "id"), False, True),
        (("client", "secret"), True, True),
        (("scopes", 1), False, True),
        (("dpop",), False, False),
        (("http", "timeout"), False, True),
        (("subject_token", "type"), False, True),
        (("token", "extra", "a"), True, True),
        (("deliver", 0, "kubernetes", "labels", "app"), False, True),
    ]
    assert list(references("a scalar")) == []
