"""A profile upon its preset: whose value wins, where it stands, and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tokenflow.config.interpretation import Interpretation, interpret
from tokenflow.config.presets import DEEPEST, built_in
from tokenflow.config.reading import read
from tokenflow.profile import EnvSource, FileSource, Profile, Reference

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "version: 1\napp_type: {app_type}\npreset: {preset}\n"
CLIENT = "client: {id: c, secret: {env: S}}\n"


def interpreted(path: Path) -> Interpretation:
    return interpret(read(path), resolve=lambda reference: f"value of {reference}")


def write(folder: Path, **files: str) -> Path:
    """Write files; return `profile.yaml`."""
    for name, text in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".yaml").write_text(text)
    return folder / "profile.yaml"


def profile(folder: Path, **files: str) -> Profile:
    interpretation = interpreted(write(folder, **files))
    assert interpretation.profile is not None, interpretation.problems
    return interpretation.profile


def messages(folder: Path, **files: str) -> list[str]:
    found = interpreted(write(folder, **files)).problems
    return [str(problem).replace(f"{folder}/", "") for problem in found]


def test_a_built_in_preset_brings_what_the_profile_leaves_out(tmp_path: Path) -> None:
    built = profile(tmp_path, profile=HEAD.format(app_type="service", preset="itwin") + CLIENT)
    assert (built.issuer, built.scopes) == ("https://ims.bentley.com", ("itwin-platform",))
    assert built.name == "profile"


def test_an_app_types_part_wins_over_that_for_all_and_the_profile_over_both(tmp_path: Path) -> None:
    head = HEAD.format(app_type="desktop", preset="itwin") + "client: {id: c}\n"
    assert "offline_access" in profile(tmp_path, profile=head).scopes
    assert profile(tmp_path, profile=head + "scopes: [mine]\n").scopes == ("mine",)


def test_mappings_merge_by_key_and_references_and_lists_replace(tmp_path: Path) -> None:
    company = (
        "issuer: https://as.example\nclient: {id: theirs, secret: {file: s.txt}, auth_method: client_secret_post}\n"
        "refresh: {before_expiry: 9m, retry: {attempts: 2, deadline: 9s}}\naudience: [a, b]\n"
    )
    own = HEAD.format(app_type="service", preset="./company.yaml") + (
        "client: {id: mine, secret: {env: S}}\nrefresh: {retry: {attempts: 7}}\naudience: [c]\n"
    )
    built = profile(tmp_path, company=company, profile=own)
    assert (built.client.id, built.client.auth_method) == ("mine", "client_secret_post")
    assert built.client.secret == Reference(EnvSource("S"))
    assert (built.refresh.before_expiry, built.refresh.retry.attempts, built.refresh.retry.deadline) == (540, 7, 9)
    assert built.audience == ("c",)


def test_a_source_of_a_token_is_replaced_as_a_whole(tmp_path: Path) -> None:
    company = "issuer: https://as.example\nsubject_token: {ambient: kubernetes, type: jwt}\n"
    own = HEAD.format(app_type="workload", preset="./company.yaml") + "client: {id: c}\nsubject_token: {file: t}\n"
    token = profile(tmp_path, company=company, profile=own).subject_token
    assert token is not None
    assert (token.ambient, token.type) == (None, None)


def test_paths_count_from_the_file_that_they_are_written_in(tmp_path: Path) -> None:
    company = (
        "issuer: https://as.example\nclient: {secret: {file: s.txt}, certificate: c.pem}\nhttp: {ca_bundle: ca.pem}\n"
    )
    own = (
        HEAD.format(app_type="service", preset="./shared/company.yaml")
        + "client: {id: c}\nstore: {kind: file, path: t}\n"
    )
    built = profile(tmp_path, shared__company=company, profile=own)
    assert built.client.secret == Reference(FileSource(f"{tmp_path}/shared/s.txt"))
    assert built.client.certificate == f"{tmp_path}/shared/c.pem"
    assert built.http.ca_bundle == f"{tmp_path}/shared/ca.pem"
    assert built.store.path == f"{tmp_path}/t"


def test_presets_stand_upon_presets_and_a_name_is_never_inherited(tmp_path: Path) -> None:
    built = profile(
        tmp_path,
        profile=HEAD.format(app_type="service", preset="./team.yaml") + CLIENT,
        team="preset: ./company.yaml\nname: team\nscopes: [team]\n",
        company="preset: itwin-qa\nname: company\ndescription: theirs\n",
    )
    assert (built.issuer, built.scopes) == ("https://qa-ims.bentley.com", ("team",))
    assert (built.name, built.description) == ("profile", "theirs")


def test_a_value_knows_the_file_that_it_comes_from(tmp_path: Path) -> None:
    built = profile(tmp_path, profile=HEAD.format(app_type="service", preset="itwin") + CLIENT)
    assert built.place("issuer").file == "preset itwin"
    assert built.place("client.secret").line == 4
    assert built.place("client.secret").file == str(tmp_path / "profile.yaml")


def test_a_mistake_in_a_preset_is_told_where_it_stands(tmp_path: Path) -> None:
    company = "issuer: http://as.example\nscops: [x]\nhttp: {timeout: 5x, proxi: p}\nclient: {id: 7}\n"
    own = HEAD.format(app_type="service", preset="./company.yaml") + "client: {secret: {env: S}}\n"
    assert [message.partition("; ")[0] for message in messages(tmp_path, company=company, profile=own)] == [
        "company.yaml:1:9: issuer: is plain http to another machine: tokens would travel unprotected",
        "company.yaml:2:8: scops: there is no such key in a profile",
        "company.yaml:3:17: http.timeout: `5x` is not a duration",
        "company.yaml:3:28: http.proxi: there is no such key in `http`",
        "company.yaml:4:14: client.id: `7` is a number, not text",
    ]


@pytest.mark.parametrize("preset", ["keycloak", "okta", "auth0", "microsoft-entra"])
def test_what_a_preset_leaves_to_the_user_is_asked_for_in_the_providers_words(tmp_path: Path, preset: str) -> None:
    found = messages(tmp_path, profile=HEAD.format(app_type="service", preset=preset) + CLIENT)
    asked = built_in()[preset].fill_in["issuer"]
    assert any(message.endswith(f"issuer: is missing; {asked}") for message in found)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"profile": "itwn"}, "profile.yaml:3:9: preset: `itwn` is not known; did you mean `itwin`? It is one of "),
        ({"profile": "nothing"}, "profile.yaml:3:9: preset: `nothing` is not known; write one of auth0, "),
        ({"profile": "./none.yaml"}, "profile.yaml:3:9: preset: there is no file `./none.yaml` beside the profile"),
        ({"profile": "../out.yaml"}, "profile.yaml:3:9: preset: `../out.yaml` is not in the profile's folder"),
        ({"profile": "/etc/passwd"}, "profile.yaml:3:9: preset: `/etc/passwd` is not in the profile's folder"),
        ({"profile": "./profile.yaml"}, "profile.yaml:3:9: preset: `./profile.yaml` leads back to itself"),
        (
            {"profile": "a.yaml", "a": "preset: b.yaml", "b": "preset: a.yaml"},
            "b.yaml:1:9: preset: `a.yaml` leads",
        ),
        ({"profile": "a.yaml", "a": "a: [\n"}, "a.yaml:2:1: "),
    ],
)
def test_what_is_no_preset_is_refused_with_its_place(tmp_path: Path, files: dict[str, str], said: str) -> None:  # F-139
    own = HEAD.format(app_type="service", preset=files.pop("profile")) + CLIENT
    (found,) = messages(tmp_path, profile=own, **files)
    assert found.startswith(said)


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:  # F-139
    (tmp_path / "outside.yaml").write_text("issuer: https://as.example\n")
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "link.yaml").symlink_to(tmp_path / "outside.yaml")
    (found,) = messages(inside, profile=HEAD.format(app_type="service", preset="link.yaml") + CLIENT)
    assert "is not in the profile's folder" in found


def test_a_tower_of_presets_is_refused(tmp_path: Path) -> None:  # F-139
    tower: dict[str, Any] = {f"p{level}": f"preset: p{level + 1}.yaml\n" for level in range(DEEPEST + 2)}
    (found,) = messages(tmp_path, profile=HEAD.format(app_type="service", preset="p0.yaml") + CLIENT, **tower)
    assert "stands on more than 8 presets" in found


def test_a_preset_of_the_wrong_kind_is_one_problem(tmp_path: Path) -> None:
    found = messages(tmp_path, profile=HEAD.format(app_type="service", preset="[itwin]") + CLIENT)
    assert [message.partition(": ")[2].partition(":")[0] for message in found] == ["preset"]


def test_the_shipped_presets_say_what_they_are() -> None:
    for preset in built_in().values():
        assert preset.summary.endswith(".")
        assert preset.quirks
        assert preset.app_types
