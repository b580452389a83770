from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.parametrize(
    "response_type",
    ["token", "id_token", "id_token token", "token id_token", "code id_token", "code token", "code id_token token"],
)
@pytest.mark.parametrize("mode", [None, "form_post"])
def test_what_was_asked_for_comes(api: Any, person: Any, half_hash: Any, response_type: str, mode: str | None) -> None:
    kinds = response_type.split()
    answer = person.sign_in(response_type=response_type, response_mode=mode, scope="openid email itwin-platform")
    expected = {"state", "iss"}
    expected |= {"access_token", "token_type", "expires_in", "scope"} if "token" in kinds else set()
    expected |= {"id_token"} & set(kinds) | {"code"} & set(kinds)
    assert set(answer.parameters) == expected
    assert answer.mode == (mode or "fragment")
    assert (answer["state"], answer["iss"]) == ("some state", api.url)
    if "token" in kinds:
        claims = api.verified(answer["access_token"], f"{api.url}/resources")
        assert claims["sub"] == "user-alice"
        assert answer["scope"] == claims["scope"] == "openid email itwin-platform"
    if "id_token" in kinds:
        claims = api.verified(answer["id_token"], "web-quickstart", typ="JWT")
        assert (claims["nonce"], claims["email"]) == ("some nonce", "alice@example.com")
        assert claims.get("c_hash") == (half_hash(answer["code"]) if "code" in kinds else None)
        assert claims.get("at_hash") == (half_hash(answer["access_token"]) if "token" in kinds else None)
    if "code" in kinds:
        assert api.redeem(answer["code"]).json()["id_token"]


@pytest.mark.parametrize("response_type", ["id_token", "id_token token", "code id_token", "code id_token token"])
def test_an_id_token_needs_a_nonce_and_openid(person: Any, response_type: str) -> None:
    without_nonce = person.answer(response_type=response_type, nonce=None)
    assert (without_nonce["error"], without_nonce.mode) == ("invalid_request", "fragment")
    without_openid = person.answer(response_type=response_type, scope="itwin-platform")
    assert (without_openid["error"], without_openid.mode) == ("invalid_scope", "fragment")


@pytest.mark.parametrize("response_type", ["token", "id_token", "code token"])
def test_tokens_do_not_travel_in_a_query(person: Any, response_type: str) -> None:
    answer = person.answer(response_type=response_type, response_mode="query")
    assert answer["error"] == "invalid_request"
    assert "access_token" not in answer.parameters


@pytest.mark.parametrize("response_type", ["code", "token", "id_token", "code id_token token"])
@pytest.mark.parametrize("mode", [None, "form_post"])
def test_the_user_says_no(person: Any, response_type: str, mode: str | None) -> None:
    answer = person.sign_in("deny", response_type=response_type, response_mode=mode)
    assert (answer["error"], answer["state"], answer["iss"]) == ("access_denied", "some state", person.url)


def test_a_replayed_hybrid_code_revokes_the_token_that_came_with_it(api: Any, person: Any) -> None:
    answer = person.sign_in(response_type="code token")
    api.redeem(answer["code"])
    api.redeem(answer["code"])
    assert not api.introspect(answer["access_token"])["active"]


def test_a_client_with_a_secret_may_use_implicit(person: Any) -> None:
    request = {"client_id": "confidential-web", "redirect_uri": None, "response_type": "token"}
    location = person.submit(person.open(**request)).headers["location"]
    assert location.startswith("https://app.example/cb?tenant=1#access_token=")


def test_lifetime_and_resource_on_request(person: Any, peek: Any) -> None:
    answer = person.sign_in(response_type="token", access_token_lifetime="5", resource="https://a.example")
    assert answer["expires_in"] == "5"
    assert peek(answer["access_token"])["aud"] == "https://a.example"
