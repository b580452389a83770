from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def signed_in(api: Any, person: Any) -> Any:
    return api.redeem(person.sign_in(scope="openid profile email itwin-platform")["code"]).json()


def userinfo(api: Any, token: str | None) -> Any:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return api.http.get(f"{api.url}/userinfo", headers=headers)


def revoke(api: Any, token: str, **auth: Any) -> Any:
    return api.http.post(f"{api.url}/revoke", data={"token": token} | auth)


def test_userinfo_tells_what_the_scope_allows(api: Any, person: Any, signed_in: Any) -> None:
    assert userinfo(api, signed_in["access_token"]).json() == {
        "sub": "user-alice",
        "name": "Alice Example",
        "preferred_username": "alice",
        "email": "alice@example.com",
        "email_verified": True,
    }
    only_openid = api.redeem(person.sign_in(prompt="login", scope="openid")["code"]).json()
    assert userinfo(api, only_openid["access_token"]).json() == {"sub": "user-alice"}


def test_userinfo_refuses(api: Any) -> None:
    nothing = userinfo(api, None)
    assert (nothing.status_code, nothing.headers["www-authenticate"]) == (401, 'Bearer realm="tokenflow dev-issuer"')
    unknown = userinfo(api, "unknown")
    assert unknown.status_code == 401
    assert 'error="invalid_token"' in unknown.headers["www-authenticate"]
    assert userinfo(api, api.service().json()["access_token"]).status_code == 403


def test_introspection_of_each_kind(api: Any) -> None:
    token = api.agent(scope="offline_access itwin-platform", resource="https://a.example").json()
    access = api.introspect(token["access_token"])
    assert access | {"iat": 0, "exp": 0, "jti": ""} == {
        "active": True,
        "iss": api.url,
        "client_id": "agent-quickstart",
        "sub": "user-svc",
        "username": "svc@example.com",
        "aud": "https://a.example",
        "scope": "offline_access itwin-platform",
        "token_type": "Bearer",
        "iat": 0,
        "exp": 0,
        "jti": "",
    }
    assert access["exp"] - access["iat"] == 300
    assert api.introspect(token["refresh_token"])["token_type"] == "refresh_token"
    assert api.introspect("unknown") == {"active": False}


def test_introspection_needs_a_secret(api: Any) -> None:
    address, token = f"{api.url}/introspect", api.service().json()["access_token"]
    assert api.http.post(address, data={"token": token}).status_code == 401
    assert api.http.post(address, data={"token": token, "client_id": "web-quickstart"}).status_code == 401
    no_token = api.http.post(address, auth=("service-quickstart", "quickstart-secret"))
    assert (no_token.status_code, no_token.json()["error"]) == (400, "invalid_request")


def test_a_revoked_access_token_is_not_active(api: Any, signed_in: Any) -> None:
    token = signed_in["access_token"]
    response = revoke(api, token, client_id="web-quickstart", token_type_hint="nonsense")
    assert (response.status_code, response.json()) == (200, {})
    assert api.introspect(token) == {"active": False}
    assert userinfo(api, token).status_code == 401


def test_revoking_a_refresh_token_ends_its_family(api: Any) -> None:
    agent = {"client_id": "agent-quickstart", "client_secret": "agent-secret"}
    first = api.agent(scope="offline_access").json()
    second = api.token("refresh_token", **agent, refresh_token=first["refresh_token"]).json()
    assert revoke(api, second["refresh_token"], **agent).status_code == 200
    assert not api.introspect(first["access_token"])["active"]
    again = api.token("refresh_token", **agent, refresh_token=second["refresh_token"])
    assert again.json()["error"] == "invalid_grant"


def test_revocation_refuses_strangers_and_shrugs_at_the_unknown(api: Any, signed_in: Any) -> None:
    assert revoke(api, "unknown", client_id="web-quickstart").status_code == 200
    assert revoke(api, signed_in["access_token"], client_id="native-quickstart").status_code == 400
    assert revoke(api, signed_in["access_token"]).status_code == 401
    assert api.introspect(signed_in["access_token"])["active"]
