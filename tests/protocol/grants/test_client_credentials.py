from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from support.example import API, SECRET, SERVER, TOKEN, service, token_answer
from support.walking import World

from tokenflow.profile import Client
from tokenflow.protocol.grants import GRANTS
from tokenflow.secret import Secret


@pytest.mark.parametrize(
    ("changes", "parameters"),
    [
        ({}, []),
        ({"scopes": ("a", "b")}, [("scope", "a b")]),
        ({"audience": (API,), "resource": ("x", "y")}, [("audience", API), ("resource", "x"), ("resource", "y")]),
        (
            {"client": Client(id="reports", secret=Secret(SECRET), auth_method="client_secret_post")},
            [("client_id", "reports"), ("client_secret", Secret(SECRET))],
        ),
    ],
)
def test_the_client_asks_as_itself(changes: dict[str, Any], parameters: list[tuple[str, Any]]) -> None:
    world = World().on(TOKEN, token_answer(scope="a"))
    told = world.run(GRANTS["client_credentials"](service(**changes), SERVER))
    (request,) = world.requests
    assert (request.method, request.url) == ("POST", TOKEN)
    assert Counter(request.form) == Counter([("grant_type", "client_credentials"), *parameters])
    assert request.repeatable
    assert told.scopes == ("a",)


def test_the_scopes_asked_for_are_granted_where_the_server_does_not_say_r6749_11() -> None:
    world = World().on(TOKEN, token_answer())
    assert world.run(GRANTS["client_credentials"](service(scopes=("a", "b")), SERVER)).scopes == ("a", "b")
