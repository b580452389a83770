from __future__ import annotations

from typing import Any

import pytest
from support.walking import ENTER, NOW, World, walk

from tokenflow.errors import StoreError, TransportError
from tokenflow.protocol import effects
from tokenflow.protocol.effects import BUSY, Exclusive, Load, Now, Within
from tokenflow.protocol.messages import HttpRequest, HttpResponse

REQUEST = HttpRequest(method="GET", url="https://as.example/x")


def body() -> effects.Flow[str]:
    return f"{yield from effects.now()} {yield from effects.load('k')}"


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param([(Now, 1), (Load, 2), (Now, 3)], id="too many steps"),
        pytest.param([(Now, 1)], id="too few steps"),
        pytest.param([(Load, 1), (Now, 2)], id="another order"),
        pytest.param([(Now, 1), (Load("other"), 2)], id="another effect"),
        pytest.param([(Now, 1), (lambda effect: effect.key == "other", 2)], id="a predicate that does not hold"),
    ],
)
def test_a_script_that_does_not_fit_fails(steps: list[Any]) -> None:
    with pytest.raises(AssertionError):
        walk(body(), *steps)


def test_a_script_goes_into_bodies_or_answers_for_them() -> None:
    nested = effects.exclusive("k", effects.within(1.0, body()))
    assert walk(nested, (Exclusive, ENTER), (Within, ENTER), (Now, 1), (Load("k"), 2)) == "1 2"
    assert walk(effects.exclusive_or_busy("k", body()), (Exclusive, BUSY)) is BUSY
    with pytest.raises(StoreError):
        walk(effects.exclusive("k", body()), (Exclusive, StoreError("held")))


def test_an_error_inside_a_body_passes_through_it() -> None:
    with pytest.raises(TransportError):
        walk(effects.within(1.0, body()), (Within, ENTER), (Now, TransportError("gone")))


def test_a_world_answers_in_turn_and_notices_what_nobody_asked_for() -> None:
    world = World().on(
        REQUEST.url, HttpResponse(status=200), TransportError("gone"), lambda _: HttpResponse(status=201)
    )
    with pytest.raises(AssertionError, match="nobody asked for"):
        world.run(effects.send(REQUEST))
    with pytest.raises(AssertionError, match="nobody asked for"):
        world.run(effects.send(REQUEST))
    assert world.run(effects.send(REQUEST)).status == 201
    with pytest.raises(AssertionError, match="nobody expects"):
        world.run(effects.send(REQUEST))


def test_a_world_keeps_entries_and_writes_only_what_the_writer_has_read() -> None:
    world = World()
    world.run(effects.save("k", "a", replaces=None))
    with pytest.raises(StoreError):
        world.run(effects.save("k", "b", replaces=None))
    world.run(effects.save("k", None, replaces="a"))
    assert world.entries == {}
    assert world.trace == ["save", "remove"]


def test_a_world_has_one_clock_and_locks_that_are_freed() -> None:
    world = World()
    world.run(effects.exclusive("k", effects.within(5.0, effects.sleep(2.5))))
    assert world.run(effects.now()) == NOW + 2.5
    assert world.run(effects.random(2)) == b"\0\0"
    assert world.trace == ["lock", "within 5", "unlock"]
    with pytest.raises(AssertionError, match="waits for its own lock"):
        world.run(effects.exclusive("k", effects.exclusive("k", effects.now())))
