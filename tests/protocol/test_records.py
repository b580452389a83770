from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenflow.errors import StoreError
from tokenflow.protocol.records import FORMAT, read_record, write_record
from tokenflow.secret import Secret
from tokenflow.tokens import TokenRecord, TokenSet

YEAR_9999 = 253_402_300_799
WHOLE = TokenRecord(
    token=TokenSet(
        "at",
        token_type="DPoP",
        expires_at=1_800_003_600,
        scopes=("b", "a"),
        id_token="h.p.s",
        issuer="https://as.example",
    ),
    refresh_token=Secret("rt"),
    obtained_at=1_800_000_000,
)
MEMBERS = json.loads(write_record(WHOLE))


@pytest.mark.parametrize(
    "record",
    [
        pytest.param(WHOLE, id="all"),
        pytest.param(TokenRecord(token=None, refresh_token=Secret("rt"), obtained_at=0), id="refresh token alone"),
        pytest.param(TokenRecord(token=TokenSet("at"), refresh_token=None, obtained_at=YEAR_9999), id="token alone"),
    ],
)
def test_a_record_is_read_as_it_was_written(record: TokenRecord) -> None:
    assert read_record(write_record(record)) == record


TEXT = st.text()


@given(
    TEXT, TEXT, st.lists(TEXT), st.none() | TEXT, st.none() | st.integers(0, YEAR_9999), st.none() | st.text(min_size=1)
)
def test_any_record_survives_being_written(
    access_token: str,
    issuer: str,
    scopes: list[str],
    id_token: str | None,
    expires_at: int | None,
    refresh_token: str | None,
) -> None:
    token = TokenSet(access_token, issuer=issuer, scopes=tuple(scopes), id_token=id_token, expires_at=expires_at)
    kept = Secret(refresh_token) if refresh_token is not None else None
    record = TokenRecord(token=token, refresh_token=kept, obtained_at=1)
    assert read_record(write_record(record)) == record


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\0" * 40,
        write_record(WHOLE)[:-1],
        "null",
        "3",
        '"text"',
        "[]",
        "[1]",
        "{}",
        '{"format":null}',
        '{"format":"1"}',
        '{"format":[]}',
        '{"format":1}',
        '{"format":' + "[" * 100_000,
        '{"format":' + "1" * 5000 + "}",
    ],
    ids=range(15),
)
def test_what_is_no_record_counts_as_missing_f_087(text: str) -> None:
    assert read_record(text) is None


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("access_token", None),
        ("access_token", 7),
        ("token_type", None),
        ("token_type", 7),
        ("expires_at", -1),
        ("expires_at", YEAR_9999 + 1),
        ("expires_at", 1.5),
        ("expires_at", "1800000000"),
        ("expires_at", True),
        ("scopes", None),
        ("scopes", 7),
        ("scopes", [7]),
        ("issuer", None),
        ("id_token", 7),
        ("refresh_token", 7),
        ("refresh_token", ["rt"]),
        ("obtained_at", None),
        ("obtained_at", -1),
        ("obtained_at", 1e999),
        ("obtained_at", False),
        ("obtained_at", YEAR_9999 + 1),
    ],
)
def test_a_record_with_a_member_of_the_wrong_kind_counts_as_missing_f_065(member: str, value: Any) -> None:
    assert read_record(json.dumps({**MEMBERS, member: value})) is None


@pytest.mark.parametrize("member", sorted(MEMBERS.keys() - {"format", "access_token"}))
def test_a_record_without_a_member_counts_as_missing(member: str) -> None:
    assert read_record(json.dumps({name: value for name, value in MEMBERS.items() if name != member})) is None


def test_members_that_nobody_knows_are_passed_over() -> None:
    assert read_record(json.dumps({**MEMBERS, "colour": "blue"})) == WHOLE


@pytest.mark.parametrize("text", [json.dumps({**MEMBERS, "format": FORMAT + 1}), json.dumps({"format": FORMAT + 1})])
def test_a_newer_record_is_not_taken_for_missing_but_left_alone_f_088(text: str) -> None:
    with pytest.raises(StoreError, match="written by a newer tokenflow: upgrade"):
        read_record(text)
