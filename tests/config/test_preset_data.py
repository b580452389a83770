"""The built-in presets as data: each of them, with what it leaves to the user, makes a profile without an error."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
import yaml

import tokenflow
from tokenflow.app_types import APP_TYPES
from tokenflow.config.interpretation import interpret
from tokenflow.config.reading import parse, read
from tokenflow.config.schema import at, references, resolved

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokenflow.config.interpretation import Interpretation

FOLDER: Final = Path(tokenflow.__file__).parent / "presets"
PRESETS: Final = {file.stem: read(file).data for file in sorted(FOLDER.glob("*.yaml"))}
KEYS: Final = ["title", "documentation", "summary", "fill_in", "quirks", "profile", "app_types"]
CASES: Final = [(name, app_type) for name, preset in PRESETS.items() for app_type in preset["app_types"]]

# What a user could write in the places that presets leave open.
FILLED: Final[dict[str, Any]] = {
    "issuer": "https://login.example.com/reports",
    "client.id": "reports-1a2b",
    "client.secret": {"env": "CLIENT_SECRET"},
    "audience": "https://api.example.com",
}
# Providers that insist on a secret where it is none, a device that needs none, and the password flow.
WARNED: Final = {
    ("google", "desktop"): ["secret-on-desktop"],
    ("github", "desktop"): ["secret-on-desktop"],
    ("github", "device"): ["secret-is-used"],
    **{(name, "agent"): ["flow-is-not-legacy"] for name in ("itwin", "itwin-qa", "keycloak")},
}


def merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Lay `above` over `below`: mappings merge by key, lists and scalars replace."""
    result = dict(below)
    for key, value in above.items():
        known = result.get(key)
        result[key] = merged(known, value) if isinstance(value, dict) and isinstance(known, dict) else value
    return result


def nested(path: str, value: Any) -> dict[str, Any]:
    for part in reversed(path.split(".")):
        value = {part: value}
    return dict(value)


def preset_for(name: str, app_type: str) -> dict[str, Any]:
    return merged(PRESETS[name]["profile"], PRESETS[name]["app_types"][app_type])


def credentials(profile: dict[str, Any], app_type: str) -> Iterator[tuple[str, Any]]:
    """Yield what an app type needs at any provider, by its dotted path."""
    row = APP_TYPES[app_type]
    flow = profile.get("flow", row.default_flow)
    if row.needs_client_authentication:
        yield "client.secret", {"env": "CLIENT_SECRET"}
    if row.needs_redirect_uri and "redirect_uri" not in profile:
        yield "redirect_uri", "com.example.reports:/signin-callback"
    if flow == "password":
        yield "user", {"name": "svc@example.com", "password": {"env": "USER_PASSWORD"}}
    if flow == "token_exchange":
        yield "subject_token", {"ambient": "auto"}


def written(name: str, app_type: str) -> str:
    """Return a user's profile with the preset written out in it, as YAML."""
    profile = preset_for(name, app_type)
    own = [(path, FILLED[path]) for path in PRESETS[name]["fill_in"]] + list(credentials(profile, app_type))
    for path, value in own:
        profile = merged(profile, nested(path, value))
    return yaml.safe_dump({"version": 1, "app_type": app_type, **profile}, sort_keys=False)


def interpreted(name: str, app_type: str) -> Interpretation:
    return interpret(parse(written(name, app_type).encode(), f"{name}.yaml"), resolve=lambda _: "x")


def leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the path of every value of a partial profile that is no mapping."""
    if not isinstance(value, dict):
        yield path
        return
    for key, member in value.items():
        yield from leaves(member, (*path, key))


def is_secret(path: tuple[str, ...]) -> bool:
    return bool(resolved(at(path) or {}).get("writeOnly")) and path[-2:-1] != ("extra",)


def test_the_presets_that_are_promised_are_there() -> None:
    assert sorted(PRESETS) == [
        "auth0",
        "github",
        "gitlab",
        "google",
        "identityserver",
        "itwin",
        "itwin-qa",
        "keycloak",
        "microsoft-entra",
        "okta",
    ]


@pytest.mark.parametrize(("name", "app_type"), CASES)
def test_a_preset_with_what_it_leaves_to_the_user_is_a_profile_without_an_error(name: str, app_type: str) -> None:
    found = interpreted(name, app_type)
    assert found.errors == ()
    assert [problem.rule for problem in found.problems] == WARNED.get((name, app_type), [])
    assert found.profile is not None


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_has_exactly_its_keys_in_their_order(name: str) -> None:
    preset = PRESETS[name]
    assert list(preset) == KEYS
    assert preset["quirks"]
    assert list(preset["app_types"]) == [app_type for app_type in APP_TYPES if app_type in preset["app_types"]]


@pytest.mark.parametrize("name", PRESETS)
def test_what_is_said_is_one_short_sentence_each(name: str) -> None:
    preset = PRESETS[name]
    assert not preset["title"].endswith(".")
    for sentence in (preset["summary"], *preset["fill_in"].values(), *preset["quirks"]):
        assert isinstance(sentence, str)
        assert sentence.endswith(".")
        assert "\n" not in sentence
        assert len(sentence) <= 116


@pytest.mark.parametrize("name", PRESETS)
def test_what_is_to_be_filled_in_is_known_to_the_schema_and_not_there_yet(name: str) -> None:
    preset = PRESETS[name]
    assert "client.id" in preset["fill_in"]
    present = {path for app_type in preset["app_types"] for path in leaves(preset_for(name, app_type))}
    for path in (tuple(dotted.split(".")) for dotted in preset["fill_in"]):
        assert at(path) is not None
        assert path not in present


@pytest.mark.parametrize("name", PRESETS)
def test_the_issuer_is_known_or_to_be_filled_in(name: str) -> None:
    preset = PRESETS[name]
    assert ("issuer" in preset["profile"]) != ("issuer" in preset["fill_in"])


@pytest.mark.parametrize(("name", "app_type"), CASES)
def test_a_preset_says_nothing_that_is_the_users_own_and_no_secret(name: str, app_type: str) -> None:
    profile = preset_for(name, app_type)
    assert not profile.keys() & {"version", "name", "app_type", "preset"}
    assert [path for path in leaves(profile) if is_secret(path)] == []
    assert list(references(profile)) == []


@pytest.mark.parametrize("name", PRESETS)
def test_every_address_is_https_but_for_redirects_to_this_machine(name: str) -> None:
    text = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
    assert PRESETS[name]["documentation"].startswith("https://")
    for rest in re.findall(r"\bhttp://(\S+)", text):
        assert rest.startswith("localhost")


def test_the_qa_environment_differs_from_production_by_its_hosts_alone() -> None:
    for key in ("profile", "app_types"):
        assert yaml.safe_dump(PRESETS["itwin-qa"][key]).replace("https://qa-", "https://") == yaml.safe_dump(
            PRESETS["itwin"][key]
        )
    assert PRESETS["itwin-qa"]["quirks"] == PRESETS["itwin"]["quirks"]


def test_keys_of_the_app_type_win_over_the_presets_own_and_mappings_merge() -> None:
    assert preset_for("itwin", "desktop")["scopes"][0] == "openid"
    assert preset_for("github", "device")["client"] == {"auth_method": "none"}
    device = preset_for("gitlab", "device")
    assert device["issuer"] == "https://gitlab.com"
    assert list(device["metadata"]) == ["device_authorization_endpoint"]
