from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

AGENT = {"client_id": "agent-quickstart", "client_secret": "agent-secret"}


@pytest.fixture
def refresh_token(api: Any) -> Any:
    return api.agent(scope="offline_access itwin-platform").json()["refresh_token"]


def refresh(api: Any, refresh_token: str, **parameters: Any) -> Any:
    return api.token("refresh_token", **AGENT, refresh_token=refresh_token, **parameters)


def refused(response: Any, error: str = "invalid_grant") -> None:
    assert (response.status_code, response.json()["error"]) == (400, error)


def test_an_agent_gets_a_token_for_its_user(api: Any) -> None:
    token = api.agent(scope="itwin-platform").json()
    assert "refresh_token" not in token
    claims = api.verified(token["access_token"], f"{api.url}/resources")
    assert (claims["sub"], claims["client_id"]) == ("user-svc", "agent-quickstart")
    assert claims["auth_time"] <= claims["iat"]


@pytest.mark.parametrize("wrong", [{"password": "x"}, {"username": "nobody"}, {"password": ""}])
def test_a_wrong_password_is_an_invalid_grant(api: Any, wrong: dict[str, str]) -> None:
    refused(api.agent(**wrong))


def test_a_scope_that_nobody_knows(api: Any) -> None:
    refused(api.agent(scope="unknown"), "invalid_scope")


def test_a_refresh_token_needs_offline_access(api: Any) -> None:
    assert "refresh_token" in api.agent(scope="offline_access").json()
    assert "refresh_token" not in api.agent().json()


def test_a_refresh_token_works_once_and_its_reuse_ends_the_family(api: Any, refresh_token: str) -> None:
    second = refresh(api, refresh_token).json()
    third = refresh(api, second["refresh_token"]).json()
    assert api.introspect(third["access_token"])["active"]
    refused(refresh(api, refresh_token))
    refused(refresh(api, third["refresh_token"]))
    assert not api.introspect(third["access_token"])["active"]


def test_of_many_refreshes_at_once_one_wins(api: Any, refresh_token: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: refresh(api, refresh_token).status_code, range(8)))
    assert sorted(answers) == [200] + [400] * 7


def test_scope_can_be_narrowed_and_comes_back(api: Any, refresh_token: str) -> None:
    narrow = refresh(api, refresh_token, scope="itwin-platform").json()
    assert narrow["scope"] == "itwin-platform"
    wide = refresh(api, narrow["refresh_token"]).json()
    assert wide["scope"] == "offline_access itwin-platform"


def test_what_is_wrong_with_the_request_does_not_cost_the_token(api: Any, refresh_token: str) -> None:
    refused(refresh(api, refresh_token, scope="openid"), "invalid_scope")
    refused(refresh(api, refresh_token, access_token_lifetime="x"), "invalid_request")
    refused(refresh(api, refresh_token, resource="relative"), "invalid_target")
    assert refresh(api, refresh_token, access_token_lifetime=9).json()["expires_in"] == 9


def test_another_client_cannot_use_it(api: Any, refresh_token: str) -> None:
    refused(api.refresh(refresh_token, client_id="native-quickstart"))
    assert refresh(api, refresh_token).status_code == 200


def test_unknown_and_missing_tokens(api: Any) -> None:
    refused(refresh(api, "unknown"))
    refused(api.token("refresh_token", **AGENT), "invalid_request")


def test_the_audience_stays_and_cannot_grow(api: Any, peek: Any) -> None:
    first = api.agent(scope="offline_access", resource=["https://a.example", "https://b.example"]).json()
    second = refresh(api, first["refresh_token"]).json()
    assert peek(second["access_token"])["aud"] == ["https://a.example", "https://b.example"]
    refused(refresh(api, second["refresh_token"], resource="https://c.example"), "invalid_target")
    third = refresh(api, second["refresh_token"], resource="https://b.example").json()
    assert peek(third["access_token"])["aud"] == "https://b.example"
