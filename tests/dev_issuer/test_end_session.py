from __future__ import annotations

from typing import Any

import pytest

SIGNED_OUT = "http://localhost:3000/signed-out"


@pytest.fixture
def id_token(api: Any, person: Any) -> Any:
    return api.redeem(person.sign_in()["code"]).json()["id_token"]


def end_session(person: Any, **parameters: str) -> Any:
    return person.http.get(f"{person.url}/end-session", params=parameters)


def is_signed_in(person: Any) -> bool:
    return "code" in person.answer(prompt="none").parameters


def test_an_application_signs_its_user_out(person: Any, id_token: str) -> None:
    assert is_signed_in(person)
    response = end_session(person, id_token_hint=id_token, post_logout_redirect_uri=SIGNED_OUT, state="a b")
    assert response.status_code == 302
    assert response.headers["location"] == f"{SIGNED_OUT}?state=a+b"
    assert not is_signed_in(person)


@pytest.mark.parametrize("uri", ["http://localhost:3000/other", "https://evil.example/", f"{SIGNED_OUT}/"])
def test_only_registered_addresses_are_gone_to(person: Any, id_token: str, uri: str) -> None:
    response = end_session(person, id_token_hint=id_token, post_logout_redirect_uri=uri)
    assert response.status_code == 200
    assert "location" not in response.headers
    assert not is_signed_in(person)


def test_a_native_client_may_choose_the_port(person: Any, api: Any) -> None:
    native = {"client_id": "native-quickstart", "redirect_uri": "http://127.0.0.1:4000/callback"}
    token = api.redeem(person.sign_in(**native)["code"], **native).json()["id_token"]
    uri = "http://127.0.0.1:4000/signed-out"
    assert end_session(person, id_token_hint=token, post_logout_redirect_uri=uri).headers["location"] == uri


@pytest.mark.parametrize("parameters", [{}, {"client_id": "web-quickstart", "post_logout_redirect_uri": SIGNED_OUT}])
def test_without_a_hint_the_person_is_asked(person: Any, id_token: str, parameters: dict[str, str]) -> None:
    assert id_token
    page = end_session(person, **parameters)
    assert page.status_code == 200
    assert is_signed_in(person)
    done = person.submit(page)
    assert done.headers.get("location") == parameters.get("post_logout_redirect_uri")
    assert not is_signed_in(person)


def test_a_form_of_another_browser_signs_nobody_out(person: Any, id_token: str) -> None:
    assert id_token
    person.http.post(f"{person.url}/end-session", data={"csrf": "made up", "decision": "allow"})
    assert is_signed_in(person)


@pytest.mark.parametrize("hint", ["nonsense", "a.b.c", "eyJhbGciOiAiUlMyNTYiLCAia2lkIjogIlwieFwiIn0.e30.AAAA", "é.é.é"])
def test_a_hint_from_elsewhere_is_refused(person: Any, id_token: str, hint: str) -> None:
    assert id_token
    assert end_session(person, id_token_hint=hint, post_logout_redirect_uri=SIGNED_OUT).status_code == 400
    assert is_signed_in(person)


def test_a_hint_for_another_client_is_refused(person: Any, id_token: str) -> None:
    assert end_session(person, id_token_hint=id_token, client_id="native-quickstart").status_code == 400
