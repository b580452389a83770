from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.example import answer, json_answer

from tokenflow.errors import OAuthError, ProtocolError, TokenflowError, TransportError
from tokenflow.protocol import server_answer
from tokenflow.protocol.client_auth import client_secret_basic
from tokenflow.protocol.messages import HttpRequest, HttpResponse
from tokenflow.protocol.server_answer import ADVICE, retry_after, status_line
from tokenflow.secret import Secret

REQUEST = HttpRequest(method="POST", url="https://as.example:8443/token")
WHERE = "asking: as.example:8443"


def members_of(response: HttpResponse, request: HttpRequest = REQUEST) -> dict[str, Any]:
    return server_answer.json_answer(request, response, doing="asking")


def test_a_good_answer_is_its_members_whatever_else_they_are_r6749_06() -> None:
    members = {"access_token": "at", "unheard_of": {"of": ["any", "kind"]}}
    assert members_of(json_answer(members)) == members


@pytest.mark.parametrize("status", [200, 400, 401, 403, 418])
@pytest.mark.parametrize(("error", "advice"), ADVICE.items())
def test_an_error_is_an_oauth_error_whatever_the_status_f_022_r6749_13_r6749_14(
    status: int, error: str, advice: str
) -> None:
    members = {"error": error, "error_description": "said so", "error_uri": "https://as.example/help"}
    with pytest.raises(OAuthError) as caught:
        members_of(json_answer({"access_token": "at", **members}, status))
    assert (caught.value.error, caught.value.error_description, caught.value.error_uri) == tuple(members.values())
    assert str(caught.value) == f"{WHERE} refused: {error}: said so (see https://as.example/help); {advice}"


def test_an_error_that_nobody_knows_is_shown_as_it_is_f_040() -> None:
    with pytest.raises(OAuthError) as caught:
        members_of(json_answer({"error": "quota_spent"}, 400))
    assert caught.value.error == "quota_spent"
    assert caught.value.error_description is None
    assert str(caught.value) == f"{WHERE} refused: quota_spent; see the server's documentation of this error"


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (7, "(int)"),
        (["invalid_grant"], "(list)"),
        ({"code": "x"}, "(dict)"),
        (True, "(bool)"),
        (None, "(empty)"),
        ("", "(empty)"),
        ("\x1b[31mred\r\n", r"\x1b[31mred\r\n"),
        ("\u202eevil", r"\u202eevil"),
        ("x" * 1_000_000, "x" * 300 + "..."),
    ],
)
def test_an_error_that_is_no_error_code_is_shown_escaped_and_cut_f_040(error: object, shown: str) -> None:
    with pytest.raises(OAuthError) as caught:
        members_of(json_answer({"error": error}, 400))
    assert caught.value.error == shown


@pytest.mark.parametrize(
    ("description", "shown"),
    [
        ("x" * 1_000_000, "x" * 300 + "..."),
        ("a\x1b]0;title\x07b\nc\x9bd", r"a\x1b]0;title\x07b\nc\x9bd"),
        (["no", "text"], "(list)"),
        ("", None),
        (None, None),
    ],
)
def test_a_description_is_shown_escaped_and_cut_f_040(description: object, shown: str | None) -> None:
    with pytest.raises(OAuthError) as caught:
        members_of(json_answer({"error": "invalid_grant", "error_description": description}, 400))
    assert caught.value.error_description == shown


CANARY = "canary/+ %secret="


def echoes() -> list[str]:
    pair = f"{quote_plus('reports')}:{quote_plus(CANARY)}"
    return [CANARY, quote_plus(CANARY), base64.b64encode(pair.encode()).decode(), pair]


@pytest.mark.parametrize("echo", echoes(), ids=["as it is", "form-encoded", "base64", "decoded"])
@pytest.mark.parametrize("member", ["error", "error_description", "error_uri"])
@pytest.mark.parametrize("status", [200, 400, 503])
def test_a_secret_that_the_server_echoes_is_not_shown_f_120(status: int, member: str, echo: str) -> None:
    from support.example import service

    from tokenflow.profile import Client

    profile = service(client=Client(id="reports", secret=Secret(CANARY)))
    flow = client_secret_basic(REQUEST.with_parameters(("refresh_token", Secret("canary-rt"))), profile)
    with pytest.raises(StopIteration) as stopped:
        next(flow)
    request: HttpRequest = stopped.value.value
    members = {"error": "invalid_client", member: f"bad <{echo}> and canary-rt"}
    with pytest.raises(TokenflowError) as caught:
        members_of(json_answer(members, status), request)
    seen = f"{caught.value} {vars(caught.value)}"
    assert "canary" not in seen
    assert echo not in seen


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
@pytest.mark.parametrize("body", [b"", b"<html>busy</html>", b'{"message": "busy"}'], ids=["empty", "html", "json"])
def test_a_failing_server_is_a_matter_of_trying_again_f_020_r6749_17(status: int, body: bytes) -> None:
    with pytest.raises(TransportError) as caught:
        members_of(answer(status, body))
    assert str(caught.value) == f"{WHERE} answers {status_line(answer(status))}; try again later"
    assert caught.value.retry_after is None
    assert caught.value.sent
    assert not caught.value.permanent


@pytest.mark.parametrize(
    ("status", "error"),
    [(503, "invalid_client"), (400, "temporarily_unavailable"), (200, "server_error"), (429, "slow_down")],
)
def test_an_error_that_passes_is_a_matter_of_trying_again_r6749_17(status: int, error: str) -> None:
    response = json_answer({"error": error, "error_description": "later"}, status, retry_after="7")
    with pytest.raises(TransportError) as caught:
        members_of(response)
    assert str(caught.value) == f"{WHERE} answers {status_line(response)} ({error}: later); try again in 7 s"
    assert caught.value.retry_after == 7


def test_a_passing_error_without_a_description_is_shown_without_one() -> None:
    with pytest.raises(TransportError, match=r"answers 503 Service Unavailable \(server_error\); try again later"):
        members_of(json_answer({"error": "server_error"}, 503))


DATE = "Wed, 21 Oct 2026 07:28:00 GMT"


@pytest.mark.parametrize(
    ("value", "date", "seconds"),
    [
        ("0", None, 0.0),
        ("5", None, 5.0),
        (" 5 ", None, 5.0),
        ("3600", None, 3600.0),
        ("3601", None, 3600.0),
        ("999999999999", None, 3600.0),
        ("9" * 5000, None, 3600.0),
        ("-5", None, None),
        ("5.5", None, None),
        ("5 s", None, None),
        ("٣", None, None),
        ("²", None, None),
        ("soon", None, None),
        ("", None, None),
        (None, None, None),
        ("Wed, 21 Oct 2026 07:28:30 GMT", DATE, 30.0),
        ("Wed, 21 Oct 2026 08:28:30 +0100", DATE, 30.0),
        ("Wed, 21 Oct 2026 07:27:00 GMT", DATE, 0.0),
        ("Fri, 21 Oct 2050 07:28:00 GMT", DATE, 3600.0),
        ("Wed, 21 Oct 2026 07:28:30 GMT", None, None),
        ("Wed, 21 Oct 2026 07:28:30 GMT", "today", None),
        ("Wed, 21 Oct 2026 07:28:30 -0000", DATE, None),
        ("Wed, 21 Oct 99999 07:28:30 GMT", DATE, None),
        ("Wed, 21 Oct 2026 07:28:30 +99999999999999", DATE, None),
        ("Wed, 99 Oct 2026 07:28:30 GMT", DATE, None),
    ],
)
def test_retry_after_is_seconds_or_a_date_bounded_and_else_nothing_f_021(
    value: str | None, date: str | None, seconds: float | None
) -> None:
    headers = {name: text for name, text in (("retry_after", value), ("date", date)) if text is not None}
    assert retry_after(answer(503, **headers)) == seconds


@given(st.text(), st.text())
def test_no_retry_after_does_harm_f_021(value: str, date: str) -> None:
    seconds = retry_after(answer(503, retry_after=value, date=date))
    assert seconds is None or 0 <= seconds <= 3600


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    ("location", "there"),
    [
        ("https://other.example/token?x=canary", " to other.example"),
        ("http://as.example/token", " to as.example"),
        ("https://user:canary@other.example/", " to other.example"),
        ("/elsewhere", ""),
        ("https://[oops", ""),
        ("", ""),
        (None, ""),
        ("https://a\x1bb/", r" to a\x1bb"),
    ],
)
def test_a_redirect_is_not_followed_and_says_where_to_f_024(status: int, location: str | None, there: str) -> None:
    response = answer(status, **({"location": location} if location is not None else {}))
    with pytest.raises(ProtocolError) as caught:
        members_of(response)
    assert str(caught.value) == (
        f"{WHERE} answered {status_line(response)}{there}: redirects are not followed;"
        " check the address, or a proxy or login page between"
    )


EMPTY = "with an empty body; check the address"
HTML = "with an HTML page, not JSON; check the address, or a proxy or login page between"


@pytest.mark.parametrize(
    ("status", "body", "content_type", "said"),
    [
        pytest.param(200, b"", "application/json", f"200 OK {EMPTY}", id="200 empty"),
        pytest.param(200, b" \r\n", "", f"200 OK {EMPTY}", id="200 blank"),
        pytest.param(204, b"", "", f"204 No Content {EMPTY}", id="204"),
        pytest.param(400, b"", "", f"400 Bad Request {EMPTY}", id="400 empty (F-023)"),
        pytest.param(200, b"<html>canary</html>", "text/html; charset=utf-8", f"200 OK {HTML}", id="portal (F-012)"),
        pytest.param(200, b"Sign in", "text/html", f"200 OK {HTML}", id="HTML by its type"),
        pytest.param(400, b" <!doctype html>", "", f"400 Bad Request {HTML}", id="400 HTML (F-023)"),
        pytest.param(404, b"<html>", "", f"404 Not Found {HTML}", id="404"),
        pytest.param(
            200,
            b"\xff\xfe{\0}\0",
            "application/json",
            "200 OK with a body that is not a JSON object (is not UTF-8); check the address",
            id="UTF-16 (F-028)",
        ),
        pytest.param(
            200,
            b"access_token=canary",
            "application/x-www-form-urlencoded",
            "200 OK with a body that is not a JSON object (Expecting value); check the address",
            id="form (F-027)",
        ),
        pytest.param(
            200,
            b'{"a": 1, "a": 2}',
            "application/json",
            "200 OK with a body that is not a JSON object (has a member twice); check the address",
            id="duplicate (F-031)",
        ),
        pytest.param(
            200,
            b'["canary"]',
            "application/json",
            "200 OK with a body that is not a JSON object (is not a JSON object); check the address",
            id="list",
        ),
        pytest.param(
            201, b'{"access_token": "at"}', "", "201 Created, which means nothing here; check the address", id="201"
        ),
        pytest.param(
            400, b'{"message": "no"}', "", "400 Bad Request, which means nothing here; check the address", id="400"
        ),
        pytest.param(206, b"{}", "", "206 Partial Content, which means nothing here; check the address", id="206"),
        pytest.param(103, b"{}", "", "103 Early Hints, which means nothing here; check the address", id="103"),
        pytest.param(799, b"{}", "", "799, which means nothing here; check the address", id="799"),
        pytest.param(501, b"{}", "", "501 Not Implemented, which means nothing here; check the address", id="501"),
    ],
)
def test_any_other_answer_cannot_be_used_and_says_why_f_032(
    status: int, body: bytes, content_type: str, said: str
) -> None:
    with pytest.raises(ProtocolError) as caught:
        members_of(answer(status, body, content_type=content_type))
    assert str(caught.value) == f"{WHERE} answered {said}"


BODIES = st.binary(max_size=40) | st.builds(
    lambda error: json.dumps({"error": error}).encode(), st.none() | st.text() | st.lists(st.text())
)


@given(st.integers(100, 999).filter(lambda status: status != 200), BODIES, st.text())
def test_every_answer_but_a_good_one_is_an_error_of_ours_that_can_be_shown(
    status: int, body: bytes, location: str
) -> None:
    with pytest.raises(TokenflowError) as caught:
        members_of(answer(status, body, location=location))
    assert str(caught.value).isprintable()
