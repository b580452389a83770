from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

NATIVE = {"client_id": "native-quickstart", "redirect_uri": "http://127.0.0.1:49152/callback"}


def refused(response: Any, error: str = "invalid_grant") -> None:
    assert (response.status_code, response.json()["error"]) == (400, error)


def test_sign_in_then_code_then_tokens(api: Any, person: Any, half_hash: Any) -> None:
    answer = person.sign_in(scope="openid profile email itwin-platform")
    assert (answer.uri, answer.mode) == ("http://localhost:3000/signin-callback", "query")
    assert set(answer.parameters) == {"code", "state", "iss"}
    assert (answer["state"], answer["iss"]) == ("some state", api.url)
    token = api.redeem(answer["code"]).json()
    assert "refresh_token" not in token
    access = api.verified(token["access_token"], f"{api.url}/resources")
    assert (access["sub"], access["client_id"]) == ("user-alice", "web-quickstart")
    claims = api.verified(token["id_token"], "web-quickstart", typ="JWT")
    assert (claims["sub"], claims["nonce"], claims["name"]) == ("user-alice", "some nonce", "Alice Example")
    assert claims["at_hash"] == half_hash(token["access_token"])
    assert claims["auth_time"] == access["auth_time"]


def test_without_openid_there_is_no_id_token(api: Any, person: Any) -> None:
    token = api.redeem(person.sign_in(scope="itwin-platform", nonce=None)["code"]).json()
    assert "id_token" not in token


@pytest.mark.parametrize(
    "pkce",
    [
        {"code_challenge": None, "code_challenge_method": None},
        {"code_challenge": None},
        {"code_challenge_method": "plain"},
        {"code_challenge_method": None},
        {"code_challenge": "short"},
    ],
)
@pytest.mark.parametrize("response_type", ["code", "code id_token"])
def test_pkce_is_required_by_s256(person: Any, pkce: dict[str, Any], response_type: str) -> None:
    answer = person.answer(response_type=response_type, **pkce)
    assert (answer["error"], answer["state"], answer["iss"]) == ("invalid_request", "some state", person.url)


def test_wrong_verifiers_are_refused(api: Any, person: Any) -> None:
    code = person.sign_in()["code"]
    refused(api.redeem(code, code_verifier="x" * 43))
    refused(api.redeem(code, code_verifier="short"), "invalid_request")
    refused(api.redeem(code, code_verifier=""), "invalid_request")
    assert api.redeem(code).status_code == 200


def test_a_replayed_code_revokes_its_tokens(api: Any, person: Any) -> None:
    code = person.sign_in(**NATIVE, scope="offline_access")["code"]
    token = api.redeem(code, **NATIVE).json()
    assert api.introspect(token["access_token"])["active"]
    refused(api.redeem(code, **NATIVE))
    assert not api.introspect(token["access_token"])["active"]
    refused(api.refresh(token["refresh_token"]))


def test_a_code_belongs_to_its_client_and_redirect_uri(api: Any, person: Any) -> None:
    code = person.sign_in()["code"]
    refused(api.redeem(code, client_id="native-quickstart"))
    refused(api.redeem(code, redirect_uri="http://localhost:3000/other"))
    refused(api.redeem("unknown"))
    assert api.redeem(code).status_code == 200


def test_of_many_redemptions_at_once_one_wins_at_most(api: Any, person: Any) -> None:
    code = person.sign_in()["code"]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: api.redeem(code).status_code, range(8)))
    assert sorted(answers) == [200] + [400] * 7


def test_refreshing_keeps_who_and_when(api: Any, person: Any, peek: Any) -> None:
    code = person.sign_in(**NATIVE, scope="openid offline_access")["code"]
    first = api.redeem(code, **NATIVE).json()
    second = api.refresh(first["refresh_token"]).json()
    before, after = peek(first["id_token"]), peek(second["id_token"])
    assert before["auth_time"] == after["auth_time"]
    assert after["sub"] == "user-alice"
    assert "nonce" not in after


def test_the_resource_of_the_authorization_holds(api: Any, person: Any, peek: Any) -> None:
    code = person.sign_in(resource="https://a.example")["code"]
    refused(api.redeem(code, resource="https://b.example"), "invalid_target")
    assert peek(api.redeem(code).json()["access_token"])["aud"] == "https://a.example"


def test_a_confidential_client_authenticates_and_uses_pkce(api: Any, person: Any) -> None:
    request = {"client_id": "confidential-web", "redirect_uri": None, "scope": None}
    response = person.submit(person.open(**request))
    assert response.headers["location"].startswith("https://app.example/cb?tenant=1&code=")
    code = httpx.URL(response.headers["location"]).params["code"]
    parameters = {"code": code, "redirect_uri": "https://app.example/cb?tenant=1"}
    without = api.token("authorization_code", auth=("confidential-web", "s"), **parameters)
    refused(without, "invalid_request")
    verifier = {"code_verifier": "correct-horse-battery-staple-correct-horse-battery-staple"}
    assert api.token("authorization_code", client_id="confidential-web", **parameters, **verifier).status_code == 401
    assert api.token("authorization_code", auth=("confidential-web", "s"), **parameters, **verifier).status_code == 200


@pytest.mark.parametrize(
    "redirect_uri",
    [
        "http://127.0.0.1:49152/callback",
        "http://localhost:8080/signin-callback",
        "http://[::1]:5000/",
        "http://127.0.0.1:1234",
        "imodeljs://app/signin-callback",
    ],
)
def test_a_native_client_chooses_its_loopback_port(person: Any, redirect_uri: str) -> None:
    page = person.open(client_id="native-quickstart", redirect_uri=redirect_uri)
    assert person.submit(page).headers["location"].startswith(f"{redirect_uri}?code=")


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "nobody"},
        {"client_id": None},
        {"redirect_uri": "http://localhost:3001/signin-callback"},
        {"redirect_uri": 'http://localhost:3000/"<script>'},
        {"client_id": "native-quickstart", "redirect_uri": None},
        {"client_id": "native-quickstart", "redirect_uri": "http://127.0.0.1@evil.example/callback"},
        {"client_id": "native-quickstart", "redirect_uri": "http://127.0.0.1:99999/callback"},
        {"client_id": "native-quickstart", "redirect_uri": "http://local\thost:1/callback"},
        {"client_id": "native-quickstart", "redirect_uri": "https://127.0.0.1:1/callback"},
        {"client_id": "native-quickstart", "redirect_uri": "imodeljs://app/other"},
    ],
)
def test_where_the_client_is_in_doubt_nothing_is_sent_to_it(person: Any, changes: dict[str, Any]) -> None:
    page = person.open(**changes)
    assert page.status_code == 400
    assert "location" not in page.headers
    assert "<script>" not in page.text


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "nonsense"}, "unsupported_response_type"),
        ({"response_type": None}, "invalid_request"),
        ({"scope": "openid unknown"}, "invalid_scope"),
        ({"response_mode": "nonsense"}, "invalid_request"),
        ({"max_age": "soon"}, "invalid_request"),
        ({"max_age": "9" * 5000}, "invalid_request"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"prompt": "nonsense"}, "invalid_request"),
        ({"resource": "relative"}, "invalid_target"),
        ({"access_token_lifetime": "x"}, "invalid_request"),
        ({"request": "eyJ"}, "request_not_supported"),
        ({"request_uri": "https://a.example"}, "request_uri_not_supported"),
        ({"client_id": "native-quickstart", "response_type": "token"}, "unauthorized_client"),
    ],
)
def test_other_errors_go_to_the_client(person: Any, changes: dict[str, Any], error: str) -> None:
    answer = person.answer(**changes)
    assert (answer["error"], answer["state"], answer["iss"]) == (error, "some state", person.url)


def test_a_parameter_that_stands_twice(person: Any) -> None:
    page = person.http.get(f"{person.url}/authorize", params=[*person.request().items(), ("state", "other")])
    assert page.status_code == 400


@pytest.mark.parametrize("mode", ["query", "fragment", "form_post"])
def test_a_code_comes_in_any_mode(api: Any, person: Any, mode: str) -> None:
    answer = person.sign_in(response_mode=mode)
    assert (answer.mode, answer["state"], answer["iss"]) == (mode, "some state", api.url)
    assert api.redeem(answer["code"]).status_code == 200


def test_form_post_needs_a_web_address(person: Any) -> None:
    native = {"client_id": "native-quickstart", "redirect_uri": "imodeljs://app/signin-callback"}
    assert person.answer(**native, response_mode="form_post")["error"] == "invalid_request"


def test_the_request_may_be_posted(person: Any) -> None:
    page = person.http.post(f"{person.url}/authorize", data=person.request())
    assert page.status_code == 200
    assert "code=" in person.submit(page).headers["location"]
