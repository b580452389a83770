from __future__ import annotations

import base64
import hashlib
import re
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tokenflow.dev_issuer.interaction import Step, Wishes, next_step
from tokenflow.dev_issuer.records import SignIn
from tokenflow.dev_issuer.users import KNOWN_USERS

if TYPE_CHECKING:
    from tokenflow.dev_issuer import DevIssuer


def test_nobody_is_signed_in_at_first(person: Any) -> None:
    assert person.answer(prompt="none")["error"] == "login_required"
    assert person.answer(prompt="none", scope="itwin-platform")["error"] == "login_required"


def test_a_sign_in_is_remembered(person: Any, api: Any, peek: Any) -> None:
    first = api.redeem(person.sign_in()["code"]).json()
    silent = api.redeem(person.answer(prompt="none")["code"]).json()
    assert peek(first["id_token"])["auth_time"] == peek(silent["id_token"])["auth_time"]
    assert "code" in person.answer().parameters


def test_prompt_none_by_implicit(person: Any) -> None:
    person.sign_in(response_type="id_token token")
    assert "access_token" in person.answer(response_type="id_token token", prompt="none").parameters


def test_another_client_and_more_scope_need_consent(person: Any) -> None:
    person.sign_in()
    assert person.answer(prompt="none", scope="openid email")["error"] == "consent_required"
    native = {"client_id": "native-quickstart"}
    assert person.answer(prompt="none", **native)["error"] == "consent_required"
    page = person.open(**native)
    assert "as alice" in page.text
    assert 'name="password"' not in page.text
    assert "code=" in person.submit(page).headers["location"]
    assert "code" in person.answer(prompt="none", **native).parameters


@pytest.mark.parametrize("prompt", ["login", "select_account", "login consent"])
def test_prompt_login_asks_again(person: Any, prompt: str) -> None:
    person.sign_in()
    page = person.open(prompt=prompt)
    assert 'name="password"' in page.text
    skipped = person.http.post(str(page.url), data={"csrf": csrf(page), "decision": "allow"})
    assert skipped.status_code == 403
    assert "code=" in person.submit(page).headers["location"]


def test_prompt_consent_asks_for_a_yes(person: Any) -> None:
    person.sign_in()
    page = person.open(prompt="consent")
    assert 'name="password"' not in page.text
    assert "error=access_denied" in person.submit(page, "deny").headers["location"]


def test_max_age_zero_asks_again(person: Any) -> None:
    person.sign_in()
    assert person.answer(max_age="0", prompt="none")["error"] == "login_required"
    assert "code" in person.answer(max_age="3600", prompt="none").parameters


def test_a_login_hint_fills_the_form_and_means_somebody(person: Any) -> None:
    page = person.open(login_hint="bob")
    assert 'value="bob"' in page.text
    assert 'value="bob-password"' in page.text
    person.submit(page)
    assert "code" in person.answer(login_hint="bob@example.com", prompt="none").parameters
    assert person.answer(login_hint="alice", prompt="none")["error"] == "login_required"


def test_another_user_takes_over_without_the_first_ones_consent(person: Any, api: Any, peek: Any) -> None:
    person.sign_in(scope="openid email")
    page = person.open(prompt="login")
    code = httpx.URL(person.submit(page, username="bob", password="bob-password").headers["location"]).params["code"]
    assert peek(api.redeem(code).json()["id_token"])["sub"] == "user-bob"
    assert person.answer(prompt="none", scope="openid email")["error"] == "consent_required"


def test_a_wrong_password_asks_again_and_shows_none(person: Any) -> None:
    again = person.submit(person.open(), username="alice", password="wrong")
    assert again.status_code == 403
    assert 'role="alert"' in again.text
    assert "wrong" not in re.findall(r'value="([^"]*)"', again.text)
    assert "code=" in person.submit(again, password="alice-password").headers["location"]


def test_a_form_of_another_browser_is_refused(issuer: DevIssuer, person: Any) -> None:
    page = person.open()
    with httpx.Client(trust_env=False) as other:
        data = {"csrf": csrf(page), "decision": "allow", "username": "alice", "password": "alice-password"}
        for fields in (data, data | {"csrf": ""}, {name: data[name] for name in data if name != "csrf"}):
            response = other.post(f"{issuer.url}/authorize", params=person.request(), data=fields)
            assert response.status_code == 403
            assert "location" not in response.headers


def test_the_page_is_closed_to_the_outside(person: Any) -> None:
    page = person.open(state='"><script>alert(1)</script>')
    assert "<script>" not in page.text
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "form-action 'self' http://localhost:3000;" in policy
    assert "frame-ancestors 'none'" in policy
    assert not re.search(r'(src|href)="', page.text)
    cookie = page.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_what_is_inline_is_what_the_policy_names(person: Any) -> None:
    person.sign_in()
    page = person.open(response_mode="form_post")
    for kind in ("style", "script"):
        inline = re.search(rf"<{kind}>(.*?)</{kind}>", page.text, re.DOTALL)
        assert inline
        digest = base64.b64encode(hashlib.sha256(inline[1].encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in page.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("redirect_uri", "source"),
    [("imodeljs://app/signin-callback", "imodeljs:"), ("http://[::1]:5000/", "http:")],
)
def test_the_policy_names_what_it_can(person: Any, redirect_uri: str, source: str) -> None:
    page = person.open(client_id="native-quickstart", redirect_uri=redirect_uri)
    assert f"form-action 'self' {source};" in page.headers["content-security-policy"]


def test_max_age_counts_from_the_sign_in() -> None:
    sign_in = SignIn(KNOWN_USERS[0], 1000)
    wishes = Wishes(prompts=frozenset(), max_age=10, login_hint="")
    assert wishes.usable(sign_in, now=1009) is sign_in
    assert wishes.usable(sign_in, now=1010) is None
    assert next_step(wishes, None, allowed=True, redirect_uri="https://a.example") is Step.SIGN_IN


def csrf(page: httpx.Response) -> str:
    found = re.search(r'name="csrf" value="([^"]*)"', page.text)
    assert found
    return found[1]
