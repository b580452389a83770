from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from support.example import JWKS, answer, json_answer
from support.signing import jwk, jwks, sign
from support.walking import NOW, World

from tokenflow.errors import OAuthError, ProtocolError, TokenflowError, TransportError
from tokenflow.protocol.effects import Remembered
from tokenflow.protocol.jwks import COOLDOWN, LIFE, MOST_KEYS, keys_for
from tokenflow.protocol.jws import decode

if TYPE_CHECKING:
    from tokenflow.protocol.messages import HttpResponse

TOKEN = decode(sign({"iss": "x"}))
KEY = f"jwks {JWKS}"
SERVED = answer(200, jwks(jwk()), content_type="application/jwk-set+json")


def knowing(age: float, *keys: Any) -> World:
    return World(remembered={KEY: Remembered(jwks(*keys).decode(), NOW - age)})


def ask(world: World) -> list[dict[str, Any]]:
    return world.run(keys_for(TOKEN, JWKS))


def test_the_times_and_bounds_are_those_that_are_promised_ridt_26() -> None:
    assert (LIFE, COOLDOWN, MOST_KEYS) == (3600, 60, 1000)


def test_keys_are_fetched_once_and_remembered() -> None:
    world = World().on(JWKS, SERVED)
    assert ask(world) == [jwk()]
    assert ask(world) == [jwk()]
    (request,) = world.requests
    assert (request.method, request.url, request.form) == ("GET", JWKS, None)
    assert request.headers == (("Accept", "application/json"),)
    assert world.trace == ["GET /jwks", "remember"]


@pytest.mark.parametrize(
    ("age", "known", "asks"),
    [
        pytest.param(0.0, True, False, id="known"),
        pytest.param(LIFE - 1, True, False, id="known for long"),
        pytest.param(LIFE, True, True, id="known for too long"),
        pytest.param(0.0, False, False, id="unknown, and just asked"),
        pytest.param(COOLDOWN - 1, False, False, id="unknown, and asked a while ago"),
        pytest.param(COOLDOWN, False, True, id="unknown, and not asked for a minute"),
        pytest.param(LIFE * 9, False, True, id="unknown, and not asked for long"),
    ],
)
def test_an_unknown_key_is_asked_for_at_most_once_a_minute_ridt_26(age: float, known: bool, asks: bool) -> None:
    world = knowing(age, jwk("RS256", 0 if known else 1))
    if asks:
        world.on(JWKS, SERVED)
    assert ask(world) == ([jwk()] if known or asks else [])
    assert len(world.requests) == asks


def test_a_token_of_an_unknown_key_makes_no_request_for_each_call_ridt_26() -> None:
    world = World().on(JWKS, answer(200, jwks(jwk("RS256", 1))))
    assert [ask(world) for _ in range(50)] == [[]] * 50
    world.time += COOLDOWN
    world.on(JWKS, SERVED)
    assert [ask(world) for _ in range(50)] == [[jwk()]] * 50
    assert len(world.requests) == 2


FAILURES: list[tuple[Any, type[TokenflowError], str]] = [
    (TransportError("gone"), TransportError, r"^gone$"),
    (answer(500), TransportError, r"^fetching the server's keys: as.example answers 500 Internal Server Error"),
    (answer(404, b"<html>"), ProtocolError, r"as.example answered 404 Not Found with an HTML page"),
    (answer(302, location="https://evil.example/jwks"), ProtocolError, r"redirects are not followed"),
    (json_answer({"error": "not_found"}, 404), OAuthError, r"as.example refused: not_found"),
    (json_answer({}), ProtocolError, rf"^fetching the server's keys: {JWKS} holds no list of keys$"),
    (json_answer({"keys": {"0": "x"}}), ProtocolError, r"holds no list of keys"),
    (answer(200, b'{"keys": [], "keys": []}'), ProtocolError, r"has a member twice"),
]


@pytest.mark.parametrize(("reply", "error", "message"), FAILURES)
@pytest.mark.parametrize("known", [True, False], ids=["another key known", "nothing known"])
def test_where_the_key_is_unknown_a_failed_fetch_is_an_error_and_evicts_nothing_f_056(
    reply: HttpResponse | Exception, error: type[Exception], message: str, known: bool
) -> None:
    world = knowing(COOLDOWN, jwk("RS256", 1)) if known else World()
    before = dict(world.remembered)
    world.on(JWKS, reply)
    with pytest.raises(error, match=message):
        ask(world)
    assert world.remembered == before


@pytest.mark.parametrize(("reply", "error", "message"), FAILURES)
def test_a_known_key_keeps_working_when_a_fetch_fails_f_056(
    reply: HttpResponse | Exception, error: type[Exception], message: str
) -> None:
    del error, message
    world = knowing(LIFE, jwk()).on(JWKS, reply)
    before = dict(world.remembered)
    assert ask(world) == [jwk()]
    assert world.remembered == before


def test_a_key_that_the_server_has_withdrawn_is_not_used_any_more() -> None:
    world = knowing(LIFE, jwk()).on(JWKS, answer(200, jwks(jwk("RS256", 1))))
    assert ask(world) == []
    assert json.loads(world.remembered[KEY].text) == json.loads(jwks(jwk("RS256", 1)))


def test_what_is_no_key_among_keys_is_passed_over_f_055() -> None:
    world = World().on(JWKS, answer(200, jwks(None, 7, "key", [], {}, {"kty": "oct", "k": "AA"}, jwk())))
    assert ask(world) == [jwk()]


def test_an_empty_set_has_no_key_f_055() -> None:
    assert ask(World().on(JWKS, answer(200, jwks()))) == []


def test_no_more_than_a_thousand_keys_are_looked_at_f_055() -> None:
    many = [{}] * MOST_KEYS
    assert ask(World().on(JWKS, answer(200, jwks(*many[1:], jwk())))) == [jwk()]
    assert ask(World().on(JWKS, answer(200, jwks(*many, jwk())))) == []


def test_a_byte_order_mark_before_the_keys_is_passed_over_f_028() -> None:
    world = World().on(JWKS, answer(200, b"\xef\xbb\xbf" + jwks(jwk())))
    assert ask(world) == [jwk()]
    assert ask(world) == [jwk()]
