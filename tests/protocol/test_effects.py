from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support.walking import ENTER, walk

from tokenflow.errors import TransportError
from tokenflow.profile import EnvSource, Reference
from tokenflow.protocol import effects
from tokenflow.protocol.effects import (
    BUSY,
    Effect,
    Exclusive,
    Flow,
    Load,
    Now,
    Random,
    Recall,
    Remember,
    Remembered,
    Resolve,
    Save,
    Send,
    Sleep,
    Tell,
    Within,
)
from tokenflow.protocol.messages import HttpRequest, HttpResponse
from tokenflow.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable

REQUEST = HttpRequest(method="GET", url="https://as.example/")
REFERENCE = Reference(EnvSource("NAME"))


@pytest.mark.parametrize(
    ("flow", "effect", "result"),
    [
        pytest.param(effects.send(REQUEST), Send(REQUEST), HttpResponse(status=200), id="send"),
        pytest.param(effects.sleep(2.5), Sleep(2.5), None, id="sleep"),
        pytest.param(effects.now(), Now(), 1.5, id="now"),
        pytest.param(effects.random(2), Random(2), b"ab", id="random"),
        pytest.param(effects.resolve(REFERENCE), Resolve(REFERENCE), Secret("s"), id="resolve"),
        pytest.param(effects.load("k"), Load("k"), "text", id="load"),
        pytest.param(effects.save("k", "new", replaces="old"), Save("k", "new", "old"), None, id="save"),
        pytest.param(effects.recall("k"), Recall("k"), Remembered("text", 1.0), id="recall"),
        pytest.param(effects.remember("k", "text"), Remember("k", "text"), None, id="remember"),
        pytest.param(effects.tell("info", "said"), Tell("info", "said"), None, id="tell"),
    ],
)
def test_each_helper_asks_for_its_effect_and_returns_the_result(flow: Flow[Any], effect: Effect, result: Any) -> None:
    assert walk(flow, (effect, result)) == result


@pytest.mark.parametrize(
    ("wrap", "matches"),
    [
        pytest.param(
            lambda body: effects.exclusive("k", body),
            lambda effect: isinstance(effect, Exclusive) and (effect.key, effect.wait) == ("k", True),
            id="exclusive",
        ),
        pytest.param(
            lambda body: effects.exclusive_or_busy("k", body),
            lambda effect: isinstance(effect, Exclusive) and (effect.key, effect.wait) == ("k", False),
            id="exclusive_or_busy",
        ),
        pytest.param(
            lambda body: effects.within(3.0, body),
            lambda effect: isinstance(effect, Within) and effect.seconds == 3.0,
            id="within",
        ),
    ],
)
def test_a_body_runs_where_the_driver_runs_it_and_its_value_comes_back(
    wrap: Callable[[Flow[float]], Flow[float]], matches: Callable[[Effect], bool]
) -> None:
    assert walk(wrap(effects.now()), (matches, ENTER), (Now, 7.0)) == 7.0


def test_whoever_will_not_wait_is_told_that_somebody_else_is_at_it() -> None:
    assert walk(effects.exclusive_or_busy("k", effects.now()), (Exclusive, BUSY)) is BUSY


def test_what_went_wrong_in_the_world_is_raised_in_the_flow() -> None:
    with pytest.raises(TransportError, match="gone"):
        walk(effects.send(REQUEST), (Send, TransportError("gone")))


def test_no_effect_shows_a_secret() -> None:
    request = REQUEST.with_parameters(("client_secret", Secret("canary")))
    assert "canary" not in repr(Send(request))
