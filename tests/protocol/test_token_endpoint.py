from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from support.example import API, SECRET, SERVER, TOKEN, answer, json_answer, service, token_answer
from support.walking import NOW, World, walk

from tokenflow.errors import OAuthError, ProfileError, ProtocolError, TransportError
from tokenflow.metadata import ServerMetadata
from tokenflow.profile import Client, EnvSource, Place, Reference, TokenRequest
from tokenflow.protocol.effects import Now, Resolve, Send, Tell
from tokenflow.protocol.token_endpoint import request_token, target_parameters
from tokenflow.secret import Secret

if TYPE_CHECKING:
    from tokenflow.protocol.messages import HttpResponse

REFERENCE = Reference(EnvSource("TICKET"))


def ask(response: HttpResponse, **changes: Any) -> tuple[Any, World]:
    world = World().on(TOKEN, response)
    return world.run(request_token(service(**changes), SERVER, "client_credentials")), world


def test_the_request_is_one_post_with_a_form_and_nothing_in_the_address_r6749_01_r6749_05() -> None:
    profile = service(scopes=("b", "a"), token=TokenRequest(extra=(("region", Secret("eu")), ("ticket", REFERENCE))))
    told = walk(
        request_token(profile, SERVER, "client_credentials", *target_parameters(profile)),
        (Resolve(REFERENCE), Secret("canary-ticket")),
        (Now, NOW),
        (sent_form, token_answer(scope="a b")),
    )
    assert told.access_token == Secret("at-1")
    assert told.asked_at == NOW
    assert told.lifetime == 3600


def sent_form(effect: Any) -> bool:
    request = effect.request
    assert (request.method, request.url) == ("POST", TOKEN)
    assert dict(request.headers).keys() == {"Accept", "Authorization"}
    assert dict(request.headers)["Accept"] == "application/json"
    assert request.form is not None
    assert Counter(request.form) == Counter(
        {
            ("grant_type", "client_credentials"): 1,
            ("scope", "b a"): 1,
            ("region", Secret("eu")): 1,
            ("ticket", Secret("canary-ticket")): 1,
        }
    )
    assert {Secret("canary-ticket"), Secret(SECRET)} <= request.secrets
    assert request.repeatable
    assert "canary" not in f"{request} {request!r}"
    return True


def test_the_clock_is_read_before_the_request_is_sent_promise_5() -> None:
    def slow(_: object) -> HttpResponse:
        world.time += 30
        return token_answer()

    world = World().on(TOKEN, slow)
    told = world.run(request_token(service(), SERVER, "client_credentials"))
    assert told.asked_at == NOW


@pytest.mark.parametrize("repeatable", [True, False])
def test_a_grant_says_whether_its_request_may_be_sent_again(repeatable: bool) -> None:
    world = World().on(TOKEN, token_answer())
    world.run(request_token(service(), SERVER, "x", repeatable=repeatable))
    assert world.requests[0].repeatable is repeatable


@pytest.mark.parametrize(
    ("changes", "parameters"),
    [
        ({}, ()),
        ({"scopes": ("b", "a")}, (("scope", "b a"),)),
        ({"audience": ("x",), "resource": (API, "y")}, (("audience", "x"), ("resource", API), ("resource", "y"))),
    ],
)
def test_what_the_token_is_for_is_said_and_nothing_is_sent_empty_r6749_02(
    changes: dict[str, Any], parameters: tuple[tuple[str, str], ...]
) -> None:
    assert target_parameters(service(**changes)) == parameters


@pytest.mark.parametrize(
    ("extra", "client"),
    [
        ("grant_type", Client(id="reports", secret=Secret("s"))),
        ("scope", Client(id="reports", secret=Secret("s"))),
        ("client_id", Client(id="reports")),
        ("client_id", Client(id="reports", secret=Secret("s"), auth_method="client_secret_post")),
        ("client_secret", Client(id="reports", secret=Secret("s"), auth_method="client_secret_post")),
        ("client_secret", Client(id="reports", secret=Secret("s"), auth_method="client_secret_basic")),
        ("client_assertion", Client(id="reports", secret=Secret("s"))),
        ("client_assertion_type", Client(id="reports", secret=Secret("s"))),
    ],
)
def test_extra_repeats_no_parameter_and_authenticates_no_second_time_r6749_02_r6749_04(
    extra: str, client: Client
) -> None:
    places = (Place("reports.yaml", 7, 5, f"token.extra.{extra}"),)
    profile = service(
        client=client, scopes=("a",), token=TokenRequest(extra=((extra, Secret("canary")),)), places=places
    )
    with pytest.raises(ProfileError) as caught:
        World().run(request_token(profile, SERVER, "x", *target_parameters(profile)))
    assert str(caught.value) == (
        f"reports.yaml:7:5: token.extra.{extra}: is part of the request already;"
        " remove it: no parameter is sent twice, and a client authenticates once (RFC 6749 section 2.3)"
    )


def test_a_public_client_may_bring_an_assertion_of_its_own_as_extra() -> None:
    profile = service(client=Client(id="reports"), token=TokenRequest(extra=(("client_assertion", Secret("jwt")),)))
    world = World().on(TOKEN, token_answer())
    world.run(request_token(profile, SERVER, "client_credentials"))
    form = world.requests[0].form
    assert form is not None
    assert dict(form) == {
        "grant_type": "client_credentials",
        "client_id": "reports",
        "client_assertion": Secret("jwt"),
    }


def test_a_server_without_a_token_endpoint_is_the_profiles_mistake() -> None:
    with pytest.raises(ProfileError, match="issuer: the server's metadata names no token_endpoint; write `metadata"):
        World().run(request_token(service(), ServerMetadata(), "client_credentials"))


@pytest.mark.parametrize(
    ("grant_type", "doing"),
    [("client_credentials", "client_credentials"), ("urn:ietf:params:oauth:grant-type:device_code", "device_code")],
)
def test_a_refusal_says_what_was_being_done(grant_type: str, doing: str) -> None:
    world = World().on(TOKEN, json_answer({"error": "invalid_client"}, 401, www_authenticate="Basic"))
    with pytest.raises(OAuthError, match=rf"^asking for a token \({doing}\): as\.example refused: invalid_client; "):
        world.run(request_token(service(), SERVER, grant_type))
    assert len(world.requests) == 1


def test_every_warning_names_the_server() -> None:
    _, world = ask(token_answer(expires_in="3600", scope="b"), scopes=("a",))
    assert world.warnings() == [
        "as.example: the server's expires_in is not an integer; its whole seconds are used",
        "as.example: the server did not grant a",
    ]


@pytest.mark.parametrize(
    ("content_type", "shown"),
    [
        ("application/json", None),
        ("Application/JSON; charset=utf-8", None),
        ("text/plain", "text/plain"),
        (None, "none"),
    ],
)
def test_json_under_a_wrong_name_is_taken_with_a_warning_f_026(content_type: str | None, shown: str | None) -> None:
    headers = {"content_type": content_type} if content_type else {}
    told, world = ask(answer(200, token_answer().body, **headers))
    assert told.access_token == Secret("at-1")
    expected = [f"as.example sends its JSON with the wrong Content-Type ({shown})"] if shown else []
    assert world.warnings() == expected


def test_a_lost_answer_is_the_callers_to_handle() -> None:
    world = World().on(TOKEN, TransportError("gone"))
    with pytest.raises(TransportError, match=r"^gone$"):
        world.run(request_token(service(), SERVER, "x"))


FORM = TokenRequest(response="form")
FORM_TYPE = "application/x-www-form-urlencoded"


def test_a_form_encoded_answer_is_taken_where_the_profile_says_so_f_027() -> None:
    body = b"access_token=at-1&token_type=bearer&expires_in=60&scope=a%2Cb"
    told, world = ask(answer(200, body, content_type=FORM_TYPE), token=FORM)
    assert (told.access_token, told.token_type, told.lifetime) == (Secret("at-1"), "Bearer", 60)
    assert told.scopes == ("a,b",)
    assert world.warnings() == ["as.example: the server's expires_in is not an integer; its whole seconds are used"]


def test_a_form_encoded_answer_is_refused_where_the_profile_does_not_say_so_f_027() -> None:
    with pytest.raises(ProtocolError, match="a body that is not a JSON object"):
        ask(answer(200, b"access_token=at-1&token_type=bearer", content_type=FORM_TYPE))


def test_a_form_encoded_refusal_is_a_refusal_though_its_status_is_200_f_022() -> None:
    body = b"error=bad_verification_code&error_description=The+code+%1b+is+wrong&error_uri=https%3A%2F%2Fhelp"
    with pytest.raises(OAuthError) as caught:
        ask(answer(200, body, content_type=FORM_TYPE), token=FORM)
    assert caught.value.error == "bad_verification_code"
    assert caught.value.error_description == r"The code \x1b is wrong"


@pytest.mark.parametrize(
    "response",
    [
        pytest.param(token_answer(), id="JSON all the same"),
        pytest.param(json_answer(json.loads(token_answer().body)), id="JSON again"),
    ],
)
def test_a_server_that_is_said_to_answer_by_form_may_answer_json(response: HttpResponse) -> None:
    assert ask(response, token=FORM)[0].access_token == Secret("at-1")


@pytest.mark.parametrize("status", [400, 500])
def test_a_form_with_another_status_is_not_read(status: int) -> None:
    with pytest.raises((ProtocolError, TransportError)):
        ask(answer(status, b"access_token=at-1&token_type=bearer"), token=FORM)


def test_a_warning_comes_between_the_answer_and_the_token() -> None:
    walk(
        request_token(replace(service(), client=Client(id="reports")), SERVER, "x"),
        (Now, NOW),
        (Send, token_answer(expires_in=None)),
        (Tell, None),
    )


EXTRA = TokenRequest(extra=(("region", Secret("eu")), ("product", Secret("reports")), ("ticket", Secret("canary/1"))))


@pytest.mark.parametrize(
    ("scope", "scopes"),
    [
        ("read:eu reports", ("read:eu", "reports")),
        ("read:eu reports canary/1 x:canary%2F1", ("read:eu", "reports", "***", "x:***")),
    ],
)
def test_a_secret_echoed_as_a_scope_is_not_kept_and_what_was_asked_for_is_f_120(
    scope: str, scopes: tuple[str, ...]
) -> None:
    told, world = ask(token_answer(scope=scope), scopes=("read:eu", "reports"), token=EXTRA)
    assert told.scopes == scopes
    assert world.warnings() == []


def test_a_secret_echoed_as_the_tokens_type_is_not_shown_f_120() -> None:
    with pytest.raises(ProtocolError) as caught:
        ask(token_answer(token_type="mac-canary/1"), token=EXTRA)
    assert str(caught.value) == (
        "asking for a token (client_credentials): as.example: the token is of type mac-***, which tokenflow cannot send"
    )


def test_a_type_that_there_is_stays_though_an_extra_has_the_same_value() -> None:
    told, _ = ask(token_answer(token_type="Bearer"), token=TokenRequest(extra=(("kind", Secret("Bearer")),)))
    assert told.token_type == "Bearer"
