"""tokenflow against oidc-provider, a certified server: client_credentials and the refresh grant, from YAML files."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from interop.oidc_provider import client_secret

from tokenflow import AsyncRunner, OAuthError, Runner, TokenSet, VerificationError

if TYPE_CHECKING:
    from interop.oidc_provider import OidcProvider, StartOidcProvider

TOKENFLOW = Path(sys.executable).parent / "tokenflow"
# Client -> how it must authenticate there.
CLIENTS = {"machine": "client_secret_basic", "web-post": "client_secret_post"}
# What is asked for -> the algorithm of the access token; None where it is opaque.
RESOURCES = {"urn:api:jwt": "RS256", "urn:api:es256": "ES256", "urn:api:opaque": None, None: None}


def write_profile(folder: Path, server: OidcProvider, client: str = "machine", **more: Any) -> Path:
    members = {
        "version": 1,
        "app_type": "service",
        "issuer": server.issuer,
        "client": {"id": client, "secret": {"env": "CLIENT_SECRET"}, "auth_method": CLIENTS.get(client)},
        **more,
    }
    if members["client"]["auth_method"] is None:
        del members["client"]["auth_method"]
    path = folder / f"{client}.yaml"
    path.write_text(json.dumps(members))  # JSON is YAML
    return path


@pytest.fixture(params=["sync", "async"])
def obtain(request: pytest.FixtureRequest) -> Any:
    def sync(path: Path, **wish: Any) -> TokenSet:
        with Runner.from_file(path) as runner:
            return runner.token(**wish)

    async def asynchronous(path: Path, **wish: Any) -> TokenSet:
        async with AsyncRunner.from_file(path) as runner:
            return await runner.token(**wish)

    return sync if request.param == "sync" else lambda path, **wish: asyncio.run(asynchronous(path, **wish))


@pytest.fixture
def secret(monkeypatch: pytest.MonkeyPatch) -> Any:
    def give(client: str) -> None:
        monkeypatch.setenv("CLIENT_SECRET", client_secret(client))

    return give


@pytest.mark.parametrize("resource", RESOURCES, ids=str)
@pytest.mark.parametrize("client", CLIENTS)
def test_client_credentials(
    oidc_provider: OidcProvider, tmp_path: Path, obtain: Any, secret: Any, client: str, resource: str | None
) -> None:
    secret(client)
    target = {"resource": resource, "scopes": ["api:read"]} if resource else {}
    verify = {"verify": {"access_token": "jwt", "audience": resource}} if RESOURCES[resource] else {}
    token = obtain(write_profile(tmp_path, oidc_provider, client, **target, **verify))
    assert token.token_type == "Bearer"
    assert token.issuer == oidc_provider.issuer
    assert token.scopes == (("api:read",) if resource else ())
    assert (token.access_token.count(".") == 2) is (RESOURCES[resource] is not None)


def test_a_stored_token_costs_no_request_and_a_new_one_costs_one(
    oidc_provider: OidcProvider, tmp_path: Path, obtain: Any, secret: Any
) -> None:
    secret("machine")
    path = write_profile(tmp_path, oidc_provider)
    oidc_provider.reset_requests()
    first = obtain(path)
    assert obtain(path) == first
    assert [seen.path for seen in oidc_provider.requests()] == ["/.well-known/openid-configuration", "/token"]
    assert obtain(path, refresh=True) != first
    assert [seen.path for seen in oidc_provider.requests()].count("/token") == 2


def test_basic_and_post_travel_where_they_belong(
    oidc_provider: OidcProvider, tmp_path: Path, obtain: Any, secret: Any
) -> None:  # R6749-04
    oidc_provider.reset_requests()
    for client in CLIENTS:
        secret(client)
        obtain(write_profile(tmp_path, oidc_provider, client))
    schemes = [seen.authorization_scheme for seen in oidc_provider.requests() if seen.path == "/token"]
    assert [scheme and scheme.lower() for scheme in schemes] == ["basic", None]


def test_a_wrong_secret_is_refused_in_the_servers_words(
    oidc_provider: OidcProvider, tmp_path: Path, obtain: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLIENT_SECRET", "wrong-canary")
    with pytest.raises(OAuthError, match=r"refused: invalid_client.*check client\.id") as caught:
        obtain(write_profile(tmp_path, oidc_provider))
    assert caught.value.error == "invalid_client"
    assert "wrong-canary" not in str(caught.value)


def test_an_audience_that_the_token_does_not_have_is_not_verified(
    oidc_provider: OidcProvider, tmp_path: Path, obtain: Any, secret: Any
) -> None:
    secret("machine")
    profile = write_profile(tmp_path, oidc_provider, resource="urn:api:jwt", verify={"audience": "urn:another"})
    with pytest.raises(VerificationError, match="aud is urn:api:jwt, expected urn:another"):
        obtain(profile)


def _first_refresh_token(server: OidcProvider) -> str:
    """Sign a service user in by hand: tokenflow's own part begins with the refresh token."""
    answer = httpx.post(
        f"{server.issuer}/token",
        auth=("ropc", client_secret("ropc")),
        data={"grant_type": "password", "username": "alice", "password": "alice-pw", "scope": "openid offline_access"},
        trust_env=False,
    )
    return str(answer.raise_for_status().json()["refresh_token"])


def test_a_refresh_token_is_spent_once_and_its_successor_kept(
    oidc_provider: OidcProvider, tmp_path: Path, obtain: Any, secret: Any, monkeypatch: pytest.MonkeyPatch
) -> None:  # R6749-20
    secret("ropc")
    monkeypatch.setenv("FIRST", _first_refresh_token(oidc_provider))
    path = write_profile(tmp_path, oidc_provider, "ropc", flow="refresh_token", refresh_token={"env": "FIRST"})
    tokens = [obtain(path, refresh=True).access_token for _ in range(3)]
    assert len(set(tokens)) == 3  # a refresh token that was spent twice would have revoked the family
    assert obtain(path).access_token == tokens[-1]


def test_a_refresh_token_that_does_not_rotate_is_kept(
    start_oidc_provider: StartOidcProvider, tmp_path: Path, obtain: Any, secret: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = start_oidc_provider(ROTATE=0)
    secret("ropc")
    monkeypatch.setenv("FIRST", _first_refresh_token(server))
    path = write_profile(tmp_path, server, "ropc", flow="refresh_token", refresh_token={"env": "FIRST"})
    assert len({obtain(path, refresh=True).access_token for _ in range(3)}) == 3


def test_short_lived_tokens_are_served_within_their_clamped_windows(
    start_oidc_provider: StartOidcProvider, tmp_path: Path, secret: Any
) -> None:  # F-051
    server = start_oidc_provider(TTL=5)
    secret("machine")
    path = write_profile(tmp_path, server)
    server.reset_requests()
    with Runner.from_file(path) as runner:
        assert runner.token() == runner.token()
        assert [seen.path for seen in server.requests()].count("/token") == 1
        with pytest.raises(VerificationError, match=r"tokens live 5 s.*at least 600 s"):
            runner.token(min_validity=600)


def test_the_command_line_does_the_same(oidc_provider: OidcProvider, tmp_path: Path, secret: Any) -> None:
    secret("machine")
    windows = {"before_expiry": "50s", "min_validity": "10s"}  # fit the server's 300 s, so that nothing is warned of
    path = write_profile(tmp_path, oidc_provider, resource="urn:api:jwt", scopes="api:read", refresh=windows)

    def call(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [TOKENFLOW, *words], capture_output=True, text=True, timeout=30, check=False, stdin=subprocess.DEVNULL
        )

    oidc_provider.reset_requests()
    first = call("token", str(path))
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout.count("\n") == 1
    assert call("token", str(path)).stdout == first.stdout
    assert [seen.path for seen in oidc_provider.requests()].count("/token") == 1
    verified = call("inspect", "--profile", str(path), first.stdout.strip())
    assert verified.returncode == 0, verified.stderr
    assert json.loads(verified.stdout)["claims"]["aud"] == "urn:api:jwt"
