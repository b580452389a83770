from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError, asdict

import pytest

from tokenflow.secret import Secret
from tokenflow.tokens import TokenRecord, TokenSet

ACCESS, ID = "canary-access", "canary-id"
FULL = TokenSet(ACCESS, token_type="bearer", expires_at=100, scopes=("a",), id_token=ID, issuer="https://as.example")


def test_a_token_set_gives_what_it_was_made_of() -> None:
    assert (FULL.access_token, FULL.token_type, FULL.expires_at, FULL.scopes, FULL.id_token, FULL.issuer) == (
        ACCESS,
        "Bearer",
        100,
        ("a",),
        ID,
        "https://as.example",
    )


def test_what_is_not_known_is_said_so() -> None:
    bare = TokenSet(ACCESS)
    assert (bare.token_type, bare.expires_at, bare.scopes, bare.id_token, bare.issuer) == ("Bearer", None, (), None, "")
    assert TokenSet(ACCESS, id_token="").id_token == ""


@pytest.mark.parametrize(
    ("written", "scheme"),
    [("bearer", "Bearer"), ("BEARER", "Bearer"), ("dpop", "DPoP"), ("DPoP", "DPoP"), ("mac", "mac")],
)
def test_the_authorization_header_has_the_schemes_own_spelling(written: str, scheme: str) -> None:
    assert TokenSet(ACCESS, token_type=written).authorization == f"{scheme} {ACCESS}"


def test_f151_no_repr_and_no_dump_shows_a_token() -> None:
    record = TokenRecord(token=FULL, refresh_token=Secret("canary-refresh"), obtained_at=0)
    for shown in (
        repr(FULL),
        str(FULL),
        f"{FULL}",
        repr([FULL]),
        repr(asdict(FULL)),
        repr(record),
        repr(asdict(record)),
    ):
        assert "canary" not in shown
        assert "***" in shown
    assert (
        repr(FULL) == "TokenSet(***, token_type='Bearer', expires_at=100, scopes=('a',), issuer='https://as.example')"
    )


def test_f151_a_token_set_is_never_pickled() -> None:
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError, match="a TokenSet cannot be pickled: it would write its token out"):
            pickle.dumps(FULL, protocol)


def test_copies_are_the_same_one() -> None:
    record = TokenRecord(token=FULL, refresh_token=None, obtained_at=0)
    assert copy.copy(FULL) is FULL
    assert copy.deepcopy(record).token is FULL


def test_a_token_set_is_frozen_and_compares_by_value() -> None:
    with pytest.raises(FrozenInstanceError):
        FULL.expires_at = 5  # type: ignore[misc]
    assert TokenSet(ACCESS) == TokenSet(ACCESS)
    assert TokenSet(ACCESS) != TokenSet("other")
    assert TokenSet(ACCESS, id_token=ID) != TokenSet(ACCESS)
    assert len({TokenSet(ACCESS), TokenSet(ACCESS)}) == 1


@pytest.mark.parametrize(
    ("token", "lifetime"),
    [
        (None, None),
        (TokenSet(ACCESS), None),
        (TokenSet(ACCESS, expires_at=160), 60),
        (TokenSet(ACCESS, expires_at=90), 0),
    ],
)
def test_the_lifetime_counts_from_the_start_of_the_request(token: TokenSet | None, lifetime: int | None) -> None:
    assert TokenRecord(token=token, refresh_token=None, obtained_at=100).lifetime == lifetime
