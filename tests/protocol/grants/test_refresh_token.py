from __future__ import annotations

from collections import Counter

import pytest
from support.example import API, SERVER, TOKEN, service, token_answer
from support.walking import World

from tokenflow.errors import ProfileError
from tokenflow.profile import FileSource, Reference
from tokenflow.protocol.grants import GRANTS
from tokenflow.protocol.grants.refresh_token import refresh
from tokenflow.secret import Secret

RT = Secret("canary-rt")


def test_a_refresh_sends_the_token_once_and_may_not_be_repeated() -> None:
    world = World().on(TOKEN, token_answer(refresh_token="rt-2"))
    told = world.run(refresh(service(), SERVER, RT))
    (request,) = world.requests
    assert (request.method, request.url) == ("POST", TOKEN)
    assert Counter(request.form) == Counter([("grant_type", "refresh_token"), ("refresh_token", RT)])
    assert not request.repeatable
    assert RT in request.secrets
    assert "canary" not in f"{request} {request!r}"
    assert told.refresh_token == Secret("rt-2")


def test_a_refresh_asks_for_no_scope_and_so_for_none_beyond_the_granted_r6749_19() -> None:
    world = World().on(TOKEN, token_answer())
    profile = service(scopes=("a", "b"), audience=(API,), resource=(API, "y"))
    told = world.run(refresh(profile, SERVER, RT))
    assert Counter(world.requests[0].form) == Counter(
        [("grant_type", "refresh_token"), ("refresh_token", RT), ("resource", API), ("resource", "y")]
    )
    assert told.scopes == ("a", "b")


@pytest.mark.parametrize(("new", "kept"), [("rt-2", Secret("rt-2")), (None, RT)])
def test_the_flow_starts_from_the_profiles_own_refresh_token_and_keeps_it_or_its_successor(
    new: str | None, kept: Secret
) -> None:
    source = FileSource("rt.txt")
    world = World(secrets={source: RT}).on(TOKEN, token_answer(refresh_token=new))
    profile = service(flow="refresh_token", refresh_token=Reference(source))
    told = world.run(GRANTS["refresh_token"](profile, SERVER))
    assert ("refresh_token", RT) in (world.requests[0].form or ())
    assert told.refresh_token == kept


def test_the_flow_without_a_refresh_token_is_the_profiles_mistake() -> None:
    with pytest.raises(ProfileError, match=r"refresh_token: is missing; write `refresh_token: \{file: rt.txt\}`"):
        World().run(GRANTS["refresh_token"](service(flow="refresh_token"), SERVER))
