from __future__ import annotations

import pickle

import pytest

from tokenflow.protocol.messages import HttpRequest, HttpResponse
from tokenflow.secret import Secret

REQUEST = HttpRequest(method="POST", url="https://as.example/token")
CANARY = Secret("canary")


def test_a_header_is_added_and_the_request_itself_stays_as_it_was() -> None:
    request = REQUEST.with_header("Accept", "text/plain").with_header("Authorization", CANARY)
    assert request.headers == (("Accept", "text/plain"), ("Authorization", CANARY))
    assert request.secrets == {CANARY}
    assert REQUEST.headers == ()


def test_parameters_make_a_form_and_the_secret_ones_are_remembered() -> None:
    request = REQUEST.with_parameters(("a", "1")).with_parameters(("b", CANARY), ("c", "3"))
    assert request.form == (("a", "1"), ("b", CANARY), ("c", "3"))
    assert request.secrets == {CANARY}
    assert REQUEST.form is None


def test_a_secret_that_is_sent_in_another_shape_is_remembered_too() -> None:
    other = Secret("other")
    assert REQUEST.with_secret(CANARY).with_secret(other).secrets == {CANARY, other}


def test_a_request_is_repeatable_unless_it_says_otherwise() -> None:
    assert REQUEST.repeatable
    assert not HttpRequest(method="POST", url="https://as.example/", repeatable=False).repeatable


@pytest.mark.parametrize(
    ("request_", "shown"),
    [
        (REQUEST, "POST https://as.example/token"),
        (
            REQUEST.with_parameters(("grant_type", "refresh_token"), ("refresh_token", CANARY)),
            "POST https://as.example/token grant_type=refresh_token, refresh_token=***",
        ),
    ],
    ids=["bare", "form"],
)
def test_a_request_is_shown_without_its_secrets(request_: HttpRequest, shown: str) -> None:
    assert str(request_) == shown
    assert "canary" not in repr(request_.with_header("Authorization", CANARY))


def test_a_header_is_found_by_its_lower_case_name_and_the_first_of_two_counts() -> None:
    response = HttpResponse(status=200, headers=(("date", "one"), ("date", "two")))
    assert response.header("date") == "one"
    assert response.header("retry-after") is None


@pytest.mark.parametrize(
    ("header", "media_type"),
    [
        ("application/json", "application/json"),
        ("Application/JSON ; charset=utf-8", "application/json"),
        ("", ""),
        (None, ""),
    ],
)
def test_the_media_type_is_the_content_type_without_parameters_in_lower_case(
    header: str | None, media_type: str
) -> None:
    headers = (("content-type", header),) if header is not None else ()
    assert HttpResponse(status=200, headers=headers).media_type == media_type


def test_a_response_shows_no_body_and_cannot_be_pickled() -> None:
    response = HttpResponse(status=200, body=b"canary")
    assert "canary" not in repr(response)
    with pytest.raises(TypeError, match="may hold tokens"):
        pickle.dumps(response)
