from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tokenflow.dev_issuer import DevIssuer

if TYPE_CHECKING:
    from collections.abc import Iterator

DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"


@pytest.fixture(scope="module")
def issuer() -> Iterator[DevIssuer]:
    # An interval of nothing: a poll is never too soon, and no test waits.
    with DevIssuer(device_interval=0) as running:
        yield running


def start(api: Any, **parameters: Any) -> Any:
    data = {"client_id": "device-quickstart", "scope": "openid offline_access itwin-platform"} | parameters
    return api.http.post(f"{api.url}/device_authorization", data=data)


def poll(api: Any, device: Any, **parameters: Any) -> Any:
    named = {"client_id": "device-quickstart", "device_code": device["device_code"]} | parameters
    return api.token(DEVICE_CODE, **named)


def refused(response: Any, error: str) -> None:
    assert (response.status_code, response.json()["error"]) == (400, error)


def test_pending_then_allowed(api: Any, person: Any) -> None:
    response = start(api)
    assert response.headers["cache-control"] == "no-store"
    device = response.json()
    assert device["verification_uri"] == f"{api.url}/device"
    assert (device["expires_in"], device["interval"]) == (600, 0)
    refused(poll(api, device), "authorization_pending")
    page = person.http.get(device["verification_uri_complete"])
    assert f'value="{device["user_code"]}"' in page.text
    assert person.submit(page).status_code == 200
    refused(poll(api, device, access_token_lifetime="x"), "invalid_request")
    token = poll(api, device).json()
    assert token["refresh_token"]
    assert api.verified(token["access_token"], f"{api.url}/resources")["sub"] == "user-alice"
    assert api.verified(token["id_token"], "device-quickstart", typ="JWT")["sub"] == "user-alice"
    assert api.refresh(token["refresh_token"], client_id="device-quickstart").status_code == 200
    refused(poll(api, device), "invalid_grant")


def test_denied(api: Any, person: Any) -> None:
    device = start(api).json()
    assert "denied" in person.submit(person.http.get(device["verification_uri_complete"]), "deny").text
    refused(poll(api, device), "access_denied")


def test_the_code_is_typed_by_people(api: Any, person: Any) -> None:
    device = start(api).json()
    typed = device["user_code"].lower().replace("-", " ")
    page = person.http.get(device["verification_uri"])
    assert person.submit(page, user_code="XXXX-XXXX").status_code == 403
    assert person.submit(page, user_code=typed, password="wrong").status_code == 403
    refused(poll(api, device), "authorization_pending")
    assert person.submit(page, user_code=typed).status_code == 200
    assert person.submit(page, user_code=typed).status_code == 403
    assert poll(api, device).status_code == 200


def test_who_is_signed_in_just_says_yes(api: Any, person: Any) -> None:
    person.sign_in()
    device = start(api).json()
    page = person.http.get(device["verification_uri_complete"])
    assert "signed in as alice" in page.text
    assert 'name="password"' not in page.text
    person.submit(page)
    assert poll(api, device).status_code == 200


def test_a_form_of_another_browser_is_refused(api: Any, person: Any) -> None:
    device = start(api).json()
    page = person.http.get(device["verification_uri_complete"])
    person.http.cookies.clear()
    assert person.submit(page).status_code == 403
    refused(poll(api, device), "authorization_pending")


def test_of_many_polls_one_gets_the_token(api: Any, person: Any) -> None:
    device = start(api).json()
    person.submit(person.http.get(device["verification_uri_complete"]))
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: poll(api, device).status_code, range(6)))
    assert sorted(answers) == [200] + [400] * 5


def test_the_resource_holds(api: Any, person: Any, peek: Any) -> None:
    device = start(api, resource="https://a.example").json()
    person.submit(person.http.get(device["verification_uri_complete"]))
    refused(poll(api, device, resource="https://b.example"), "invalid_target")
    assert peek(poll(api, device).json()["access_token"])["aud"] == "https://a.example"


@pytest.mark.parametrize(
    ("parameters", "error"),
    [
        ({"scope": "unknown"}, "invalid_scope"),
        ({"client_id": "native-quickstart"}, "unauthorized_client"),
        ({"resource": "relative"}, "invalid_target"),
    ],
)
def test_what_may_not_be_had_is_refused_at_once(api: Any, parameters: dict[str, str], error: str) -> None:
    refused(start(api, **parameters), error)


def test_unknown_clients_and_codes(api: Any) -> None:
    assert start(api, client_id="nobody").status_code == 401
    refused(poll(api, {"device_code": "unknown"}), "invalid_grant")
    refused(api.token(DEVICE_CODE, client_id="device-quickstart"), "invalid_request")


def test_polling_too_often_is_told_to_slow_down() -> None:
    with DevIssuer(device_interval=3600) as slow, httpx.Client(trust_env=False) as http:
        device = http.post(f"{slow.url}/device_authorization", data={"client_id": "device-quickstart"}).json()
        request = {"grant_type": DEVICE_CODE, "client_id": "device-quickstart", "device_code": device["device_code"]}
        errors = [http.post(f"{slow.url}/token", data=request).json()["error"] for _ in range(3)]
    assert errors == ["authorization_pending", "slow_down", "slow_down"]
