from __future__ import annotations

import base64
from typing import Any

import jwt
import pytest


def refused(response: Any, status: int, error: str) -> None:
    assert (response.status_code, response.json()["error"]) == (status, error)
    assert response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("method", ["basic", "post"])
def test_a_service_gets_a_token(api: Any, method: str) -> None:
    credentials = {"client_id": "service-quickstart", "client_secret": "quickstart-secret"}
    by_basic = {"auth": tuple(credentials.values())}
    response = api.token("client_credentials", **(by_basic if method == "basic" else credentials))
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert response.headers["cache-control"] == "no-store"
    token = response.json()
    assert {name: token[name] for name in token if name != "access_token"} == {
        "token_type": "Bearer",
        "expires_in": 300,
        "scope": "itwin-platform",
    }
    claims = api.verified(token["access_token"], f"{api.url}/resources")
    assert set(claims) == {"iss", "sub", "aud", "exp", "iat", "jti", "client_id", "scope"}
    assert claims["sub"] == claims["client_id"] == "service-quickstart"
    assert claims["exp"] - claims["iat"] == 300
    assert jwt.get_unverified_header(token["access_token"])["alg"] == "RS256"


def test_two_tokens_differ(api: Any) -> None:
    assert api.service().json()["access_token"] != api.service().json()["access_token"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"auth": ("service-quickstart", "wrong")},
        {"auth": ("nobody", "quickstart-secret")},
        {"client_id": "service-quickstart", "client_secret": "wrong"},
        {"client_id": "nobody", "client_secret": "quickstart-secret"},
        {"client_id": "service-quickstart"},
        {"auth": ("post-only", "s")},
        {},
    ],
)
def test_a_client_that_is_not_authenticated_is_refused(api: Any, wrong: dict[str, Any]) -> None:
    response = api.token("client_credentials", **wrong)
    refused(response, 401, "invalid_client")
    assert response.headers["www-authenticate"].startswith('Basic realm="')


@pytest.mark.parametrize(
    "header",
    [
        "Bearer abc",
        "Basic",
        "Basic !!!",
        "Basic " + base64.b64encode(b"no colon").decode(),
        "Basic " + base64.b64encode(b"\xff:\xff").decode(),
        "Basic " + base64.b64encode(b"a%ff:b").decode(),
    ],
)
def test_malformed_credentials_are_refused(api: Any, header: str) -> None:
    data = {"grant_type": "client_credentials"}
    response = api.http.post(f"{api.url}/token", data=data, headers={"Authorization": header})
    refused(response, 401, "invalid_client")


def test_two_ways_at_once_are_refused(api: Any) -> None:
    refused(api.service(client_secret="quickstart-secret"), 400, "invalid_request")
    refused(api.service(client_id="another"), 400, "invalid_request")


def test_basic_credentials_are_form_encoded(api: Any, odd_basic: str) -> None:
    response = api.http.post(
        f"{api.url}/token", data={"grant_type": "client_credentials"}, headers={"Authorization": odd_basic}
    )
    assert response.status_code == 200
    claims = api.verified(response.json()["access_token"], f"{api.url}/resources")
    assert claims["client_id"] == "odd:id %+é "


def test_odd_characters_in_the_body(api: Any) -> None:
    response = api.token("client_credentials", client_id="odd:id %+é ", client_secret="odd:secret %+é ")
    assert response.status_code == 200


@pytest.mark.parametrize("scope", ["unknown", "itwin-platform unknown", "openid", "offline_access"])
def test_a_scope_that_may_not_be_had_is_refused(api: Any, scope: str) -> None:
    refused(api.service(scope=scope), 400, "invalid_scope")


@pytest.mark.parametrize("scope", ["openid", "offline_access", "itwin-platform profile"])
def test_personal_scopes_need_a_person(api: Any, scope: str) -> None:
    refused(api.token("client_credentials", auth=("opaque", "s"), scope=scope), 400, "invalid_scope")


@pytest.mark.parametrize(
    ("asked", "audience"),
    [
        ({"resource": "https://api.example"}, "https://api.example"),
        ({"audience": "some-api"}, "some-api"),
        ({"resource": ["https://a.example", "urn:b"], "audience": "c"}, ["https://a.example", "urn:b", "c"]),
    ],
)
def test_the_audience_is_the_one_asked_for(api: Any, peek: Any, asked: dict[str, Any], audience: object) -> None:
    assert peek(api.service(**asked).json()["access_token"])["aud"] == audience


@pytest.mark.parametrize("resource", ["relative", "https://api.example/#part", "//host", "https://[bad"])
def test_a_resource_is_an_absolute_uri(api: Any, resource: str) -> None:
    refused(api.service(resource=resource), 400, "invalid_target")


def test_the_lifetime_can_be_asked_for(api: Any, peek: Any) -> None:
    token = api.service(access_token_lifetime=5).json()
    claims = peek(token["access_token"])
    assert token["expires_in"] == claims["exp"] - claims["iat"] == 5


@pytest.mark.parametrize("lifetime", ["0", "-1", "x", "1.5", "٣", "9999999999", "9" * 5000])
def test_a_lifetime_is_a_number_of_seconds(api: Any, lifetime: str) -> None:
    refused(api.service(access_token_lifetime=lifetime), 400, "invalid_request")


def test_a_client_can_have_its_own_algorithm_and_lifetime(api: Any) -> None:
    token = api.token("client_credentials", auth=("short-es256", "s")).json()
    assert token["expires_in"] == 7
    assert jwt.get_unverified_header(token["access_token"])["alg"] == "ES256"
    assert api.verified(token["access_token"], f"{api.url}/resources")["client_id"] == "short-es256"


def test_a_client_can_have_opaque_tokens(api: Any) -> None:
    token = api.token("client_credentials", auth=("opaque", "s")).json()["access_token"]
    assert "." not in token
    assert api.introspect(token)["client_id"] == "opaque"


def test_a_grant_that_the_client_may_not_use(api: Any) -> None:
    refused(api.token("client_credentials", client_id="web-quickstart"), 400, "unauthorized_client")
    refused(api.token("password", auth=("service-quickstart", "quickstart-secret")), 400, "unauthorized_client")


def test_requests_that_are_none(api: Any) -> None:
    refused(api.token("urn:unknown"), 400, "unsupported_grant_type")
    refused(api.http.post(f"{api.url}/token", json={"grant_type": "client_credentials"}), 400, "invalid_request")
    refused(api.http.post(f"{api.url}/token?client_secret=x", data={"grant_type": "x"}), 400, "invalid_request")
    refused(api.service(scope=["itwin-platform", "itwin-platform"]), 400, "invalid_request")
    assert api.http.get(f"{api.url}/token").status_code == 405
    assert api.http.post(f"{api.url}/token", content=b"x" * 100_000).status_code in {400, 413}
