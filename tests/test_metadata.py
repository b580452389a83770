from __future__ import annotations

from tokenflow.config.schema import schema
from tokenflow.metadata import ENDPOINTS, FLAGS, LISTS, MEMBERS, NOTHING_KNOWN, ServerMetadata


def test_nothing_is_known_until_a_server_or_a_profile_says_it() -> None:
    assert ServerMetadata() == NOTHING_KNOWN
    assert {getattr(NOTHING_KNOWN, name) for name in MEMBERS} == {None}


def test_what_the_other_one_has_wins_and_what_it_has_not_stays() -> None:
    below = ServerMetadata(issuer="a", token_endpoint="b", require_pushed_authorization_requests=True)
    above = ServerMetadata(token_endpoint="c", scopes_supported=(), require_pushed_authorization_requests=False)
    assert below.overlaid_by(above) == ServerMetadata(
        issuer="a", token_endpoint="c", scopes_supported=(), require_pushed_authorization_requests=False
    )
    assert below.overlaid_by(NOTHING_KNOWN) == below
    assert NOTHING_KNOWN.overlaid_by(below) == below


def test_every_member_is_of_one_kind() -> None:
    kinds = [*ENDPOINTS, *LISTS, *FLAGS, "issuer", "mtls_endpoint_aliases"]
    assert sorted(kinds) == sorted(MEMBERS)


def test_every_member_can_be_written_in_a_profile() -> None:
    assert set(MEMBERS) <= schema()["properties"]["metadata"]["properties"].keys()
