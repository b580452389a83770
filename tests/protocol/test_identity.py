from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tokenflow.metadata import ServerMetadata
from tokenflow.profile import (
    Authorization,
    Client,
    CommandSource,
    EnvSource,
    FileSource,
    ForeignToken,
    HttpOptions,
    KeyringSource,
    Place,
    Profile,
    Reference,
    RefreshPolicy,
    StoreChoice,
    TokenRequest,
    User,
    VerifyPolicy,
)
from tokenflow.protocol.identity import described, identity
from tokenflow.secret import Secret

PROFILE = Profile(
    app_type="service",
    issuer="https://as.example",
    client=Client(id="reports", secret=Secret("canary-secret")),
    scopes=("a", "b"),
)


def test_the_key_is_a_digest_that_does_not_change_between_runs() -> None:
    assert identity(PROFILE) == identity(replace(PROFILE))
    assert len(identity(PROFILE)) == 64
    # Whoever changes this value makes every stored token unfindable: raise the version in `identity` on purpose.
    assert identity(PROFILE) == "fed906fed06c33aa88c9e904f3c773b7873226f11f0dc7a4460babdf067d5457"


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"issuer": "https://other.example"}, id="issuer"),
        pytest.param({"metadata": ServerMetadata(token_endpoint="https://as.example/t")}, id="token endpoint"),
        pytest.param({"client": Client(id="other")}, id="client"),
        pytest.param({"flow": "refresh_token"}, id="flow"),
        pytest.param({"user": User(name="svc@example.com")}, id="user"),
        pytest.param({"scopes": ("a",)}, id="scopes"),
        pytest.param({"audience": ("https://api.example",)}, id="audience"),
        pytest.param({"resource": ("https://api.example",)}, id="resource"),
        pytest.param({"token": TokenRequest(grant_type="urn:x")}, id="grant type"),
        pytest.param({"token": TokenRequest(extra=(("region", Reference(EnvSource("R"))),))}, id="extra"),
        pytest.param({"token": TokenRequest(extra=(("tenant", Secret("x")),))}, id="extra written out"),
        pytest.param({"refresh_token": Reference(FileSource("rt.txt"))}, id="refresh token"),
        pytest.param({"subject_token": ForeignToken(profile="login.yaml")}, id="subject token's profile"),
        pytest.param({"subject_token": ForeignToken(ambient="kubernetes")}, id="subject token's place"),
        pytest.param({"subject_token": ForeignToken(source=Reference(EnvSource("T")))}, id="subject token's source"),
        pytest.param({"actor_token": ForeignToken(profile="login.yaml")}, id="actor token"),
        pytest.param({"requested_token_type": "id_token"}, id="requested token type"),
        pytest.param({"authorization": Authorization(acr_values="tenant:x")}, id="acr values"),
        pytest.param({"dpop": True}, id="dpop"),
    ],
)
def test_whatever_decides_which_token_comes_back_is_part_of_the_key_f_099(changes: dict[str, Any]) -> None:
    assert identity(replace(PROFILE, **changes)) != identity(PROFILE)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"name": "other"}, id="name"),
        pytest.param({"description": "other"}, id="description"),
        pytest.param({"scopes": ("b", "a")}, id="order of scopes"),
        pytest.param({"refresh": RefreshPolicy(min_validity=1.0)}, id="refresh"),
        pytest.param({"verify": VerifyPolicy(access_token="none")}, id="verify"),
        pytest.param({"store": StoreChoice(kind="memory")}, id="store"),
        pytest.param({"http": HttpOptions(timeout=1.0)}, id="http"),
        pytest.param({"places": (Place("p.yaml", 1, 1, ""),)}, id="places"),
        pytest.param({"client": Client(id="reports", secret=Secret("rotated"))}, id="the secret's value"),
        pytest.param({"client": Client(id="reports", secret=Reference(EnvSource("S")))}, id="where the secret is"),
    ],
)
def test_two_profiles_that_say_the_same_share_a_token(changes: dict[str, Any]) -> None:
    assert identity(replace(PROFILE, **changes)) == identity(PROFILE)


@pytest.mark.parametrize("order", [("audience", "x", "y"), ("resource", "x", "y")])
def test_the_order_of_a_list_is_irrelevant(order: tuple[str, str, str]) -> None:
    name, first, second = order
    one, other = replace(PROFILE, **{name: (first, second)}), replace(PROFILE, **{name: (second, first)})
    assert identity(one) == identity(other)


def test_no_secret_takes_part_by_its_value() -> None:
    secret = Secret("canary")
    profile = replace(
        PROFILE,
        refresh_token=secret,
        subject_token=ForeignToken(source=secret, type="access_token"),
        user=User(name="svc", password=secret),
    )
    other = replace(
        profile,
        refresh_token=Secret("x"),
        subject_token=ForeignToken(source=Secret("x"), type="access_token"),
    )
    assert "canary" not in str(described(profile))
    assert identity(profile) == identity(other)


def test_a_secret_that_is_written_out_belongs_to_its_file() -> None:  # F-099
    profile = replace(PROFILE, refresh_token=Secret("x"), source="/one.yaml")
    assert identity(profile) != identity(replace(profile, source="/other.yaml"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (EnvSource("A"), EnvSource("B")),
        (FileSource("a"), FileSource("b")),
        (KeyringSource("s", "a"), KeyringSource("s", "b")),
        (EnvSource("a"), FileSource("a")),
    ],
)
def test_a_reference_takes_part_by_where_it_points(one: Any, other: Any) -> None:
    keys = {identity(replace(PROFILE, refresh_token=Reference(source))) for source in (one, other)}
    assert len(keys) == 2


def test_a_commands_arguments_may_be_secret_and_are_not_written_down() -> None:
    profile = replace(PROFILE, refresh_token=Reference(CommandSource(("get", "canary"))))
    assert "canary" not in str(described(profile))
