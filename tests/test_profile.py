from __future__ import annotations

from dataclasses import MISSING, FrozenInstanceError, fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from tokenflow.config.durations import seconds
from tokenflow.config.schema import branches, resolved, schema
from tokenflow.errors import Problem
from tokenflow.profile import (
    Assertion,
    Authorization,
    Client,
    CommandSource,
    DeliveryTarget,
    EnvSource,
    FileSource,
    ForeignToken,
    HttpOptions,
    KeyringSource,
    Place,
    Profile,
    Reference,
    RefreshPolicy,
    RetryPolicy,
    Source,
    StoreChoice,
    TokenRequest,
    User,
    VerifyPolicy,
)
from tokenflow.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Iterator

CANARY = "canary-s3cret"

SECTIONS: dict[str, type[Any]] = {
    "client": Client,
    "user": User,
    "authorization": Authorization,
    "token": TokenRequest,
    "subject_token": ForeignToken,
    "actor_token": ForeignToken,
    "assertion": Assertion,
    "refresh": RefreshPolicy,
    "refresh.retry": RetryPolicy,
    "verify": VerifyPolicy,
    "http": HttpOptions,
    "deliver[]": DeliveryTarget,
}
# Properties of the schema that are no field of their own: where they go instead.
ELSEWHERE = {
    **{f"{section}.{kind}": "source" for section in ("subject_token", "actor_token", "assertion")
       for kind in ("env", "file", "keyring", "command")},
    "deliver[].kubernetes": "options",
    "deliver[].vault": "options",
}  # fmt: skip


def properties(node: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the properties of a profile's sections, with the path of each."""
    for name, below in resolved(node).get("properties", {}).items():
        here = f"{path}.{name}" if path else name
        yield here, resolved(below)
        if here in SECTIONS:
            yield from properties(below, here)
        items = f"{here}[]"
        if items in SECTIONS:
            yield from properties(below["items"], items)


PROPERTIES = dict(properties(schema()))


def field_default(path: str) -> object:
    section, _, name = path.rpartition(".")
    kind = SECTIONS[section] if section else Profile
    [field] = [field for field in fields(kind) if field.name == name]
    if field.default_factory is not MISSING:
        return field.default_factory()
    return field.default


def as_built(path: str, written: object) -> object:
    """Turn a default as the schema writes it into the value that the profile holds."""
    if path == "store":
        return StoreChoice(kind=written)  # type: ignore[arg-type]
    if isinstance(written, list):
        return tuple(written)
    if schema()["$defs"]["duration"]["pattern"] in [branch.get("pattern") for branch in branches(PROPERTIES[path])]:
        assert isinstance(written, str | int)
        return seconds(written)
    return written


WITH_DEFAULT = [path for path, node in PROPERTIES.items() if "default" in node]


@pytest.mark.parametrize("path", WITH_DEFAULT)
def test_a_default_of_the_schema_is_the_dataclass_default(path: str) -> None:
    assert field_default(path) == as_built(path, PROPERTIES[path]["default"])


# Defaults that say that nothing was written, and those that the schema cannot hold.
EMPTY: tuple[object, ...] = (None, (), {}, MISSING)
NAMED_BY_FILE = {"name"}  # the file's stem; "profile" for one made by hand
MEANT = {"flow"}  # what the app type means
ONLY_ONE = {"version"}


@pytest.mark.parametrize("path", sorted(PROPERTIES.keys() - set(WITH_DEFAULT) - ELSEWHERE.keys() - {"preset"}))
def test_what_has_no_default_in_the_schema_has_none_in_the_dataclass(path: str) -> None:
    default = field_default(path)
    if path in NAMED_BY_FILE | MEANT | ONLY_ONE:
        assert (path, default) in {("name", "profile"), ("flow", ""), ("version", 1)}
    elif is_dataclass(default) and not isinstance(default, type):
        assert default == type(default)()
    else:
        assert default in EMPTY


def test_every_field_stands_in_the_schema() -> None:
    known = PROPERTIES.keys() | {"places", "source"}
    for section, kind in [("", Profile), *SECTIONS.items()]:
        names = {f"{section}.{field.name}" if section else field.name for field in fields(kind)}
        taken = {f"{section}.{name}" for path, name in ELSEWHERE.items() if path.startswith(f"{section}.")}
        assert names - taken <= known, section
    store = branches(PROPERTIES["store"])[1]["properties"]
    assert {field.name for field in fields(StoreChoice)} == store.keys()


def test_a_profile_without_a_flow_has_what_its_app_type_means() -> None:
    assert Profile(app_type="service").flow == "client_credentials"
    assert Profile(app_type="service", flow="ciba").flow == "ciba"
    assert Profile(app_type="other").flow == ""


def test_a_profile_is_frozen() -> None:
    profile = Profile(app_type="service")
    with pytest.raises(FrozenInstanceError):
        profile.name = "x"  # type: ignore[misc]


PLACES = (
    Place("p.yaml", 1, 1, ""),
    Place("p.yaml", 4, 9, "client"),
    Place("p.yaml", 4, 14, "client.id"),
    Place("p.yaml", 6, 3, "deliver[0]"),
)
PLACED = Profile(app_type="service", name="n", places=PLACES)


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("client.id", Place("p.yaml", 4, 14, "client.id")),
        ("client.id.env", Place("p.yaml", 4, 14, "client.id.env")),
        ("client.key_id", Place("p.yaml", 4, 9, "client.key_id")),
        ("deliver[0].to", Place("p.yaml", 6, 3, "deliver[0].to")),
        ("deliver[1].to", Place("p.yaml", 1, 1, "deliver[1].to")),
        ("deliver", Place("p.yaml", 1, 1, "deliver")),
        ("scopes", Place("p.yaml", 1, 1, "scopes")),
        ("", Place("p.yaml", 1, 1, "")),
    ],
)
def test_what_is_not_written_has_the_place_of_its_nearest_parent(path: str, place: Place) -> None:
    assert PLACED.place(path) == place


def test_a_profile_made_by_hand_has_its_name_for_a_place() -> None:
    assert Profile(app_type="service", name="n").place("client.id") == Place("n", 0, 0, "client.id")


def test_it_is_known_what_is_written() -> None:
    assert PLACED.says("client.id")
    assert not PLACED.says("client.key_id")
    assert not Profile(app_type="service").says("client")


def test_places_make_no_difference_between_profiles() -> None:
    assert replace(PLACED, places=()) == PLACED
    assert Reference(EnvSource("A"), place=PLACES[1]) == Reference(EnvSource("A"))


def test_a_value_that_cannot_be_used_is_refused_at_its_place() -> None:
    error = PLACED.refused("client.id", "is not known", "register it")
    assert error.problems == (
        Problem(file="p.yaml", line=4, column=14, path="client.id", message="is not known", advice="register it"),
    )
    by_hand = Profile(app_type="service", name="n").refused("dpop", "is not built")
    assert str(by_hand) == "n: dpop: is not built"


@pytest.mark.parametrize(
    ("place", "text"),
    [
        (Place("p.yaml", 4, 9, "client.id"), "p.yaml:4:9: client.id"),
        (Place("n", path="client.id"), "n: client.id"),
        (Place(path="client.id"), "client.id"),
        (Place(), ""),
    ],
)
def test_a_place_as_text(place: Place, text: str) -> None:
    assert str(place) == text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (EnvSource("NAME"), "{env: NAME}"),
        (FileSource("d/s.txt"), "{file: d/s.txt}"),
        (KeyringSource("s", "u"), "{keyring: {service: s, username: u}}"),
        (CommandSource(("pass", CANARY)), "{command: [pass, ...]}"),
        (CommandSource(("pass",)), "{command: [pass]}"),
    ],
)
def test_a_reference_says_where_a_secret_is_and_hides_the_arguments_of_a_command(source: Source, text: str) -> None:
    reference = Reference(source)
    assert str(source) == str(reference) == text
    assert CANARY not in repr(reference)


def test_f151_no_secret_is_in_the_repr_of_a_profile() -> None:
    secret = Secret(CANARY)
    profile = Profile(
        app_type="agent",
        client=Client(id="a", secret=secret, private_key=secret, private_key_passphrase=secret),
        user=User(name="u", password=secret),
        refresh_token=secret,
        authorization=Authorization(extra=(("x", secret),)),
        token=TokenRequest(extra=(("x", Reference(CommandSource(("a", CANARY)))),)),
        subject_token=ForeignToken(source=secret),
        assertion=Assertion(source=secret),
        store=StoreChoice(kind="redis", url=secret, key=secret),
    )
    assert CANARY not in repr(profile)
    assert repr(profile).count("***") == 10
