from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from authlib.oidc.discovery import OpenIDProviderMetadata

if TYPE_CHECKING:
    from tokenflow.dev_issuer import DevIssuer


@pytest.fixture
def document(api: Any) -> Any:
    return api.http.get(f"{api.url}/.well-known/openid-configuration").json()


def test_both_addresses_serve_the_same(api: Any, document: dict[str, Any]) -> None:
    assert api.http.get(f"{api.url}/.well-known/oauth-authorization-server").json() == document


def test_it_names_itself_and_only_itself(issuer: DevIssuer, document: dict[str, Any]) -> None:
    assert document["issuer"] == issuer.url
    addresses = [value for name, value in document.items() if name.endswith(("_endpoint", "_uri"))]
    assert len(addresses) == 8
    assert all(address.startswith(f"{issuer.url}/") for address in addresses)


def test_it_is_valid_by_both_standards(document: dict[str, Any]) -> None:
    AuthorizationServerMetadata(document).validate()
    OpenIDProviderMetadata(document).validate()


@pytest.mark.parametrize("grant_type", ["authorization_code", "client_credentials", "password", "refresh_token"])
def test_grants_that_are_listed_exist(api: Any, document: dict[str, Any], grant_type: str) -> None:
    assert grant_type in document["grant_types_supported"]
    assert api.token(grant_type).json()["error"] != "unsupported_grant_type"


def test_the_keys_are_public(api: Any) -> None:
    response = api.http.get(f"{api.url}/jwks")
    keys = response.json()["keys"]
    assert [key["alg"] for key in keys] == ["RS256", "ES256"]
    assert len({key["kid"] for key in keys}) == 2
    assert not any({"d", "p", "q", "dp", "dq", "qi"} & set(key) for key in keys)
    assert "no-store" not in response.headers.get("cache-control", "")


def test_a_name_that_was_rebound_is_refused(issuer: DevIssuer) -> None:
    response = httpx.get(f"{issuer.url}/jwks", headers={"Host": "evil.example"}, trust_env=False)
    assert response.status_code == 400
