from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from support.example import (
    API,
    ISSUER,
    JWKS,
    METADATA,
    SECRET,
    TOKEN,
    WRITTEN,
    access_claims,
    answer,
    id_claims,
    json_answer,
    service,
    token_answer,
)
from support.signing import b64, forged, jwk, jwks, sign
from support.walking import ENTER, NOW, World, walk

from tokenflow.errors import (
    OAuthError,
    ProtocolError,
    SecretError,
    StoreError,
    TokenflowError,
    TransportError,
    VerificationError,
)
from tokenflow.metadata import NOTHING_KNOWN
from tokenflow.profile import Client, EnvSource, Reference, RefreshPolicy, VerifyPolicy
from tokenflow.protocol.effects import BUSY, Exclusive, Load, Now, Resolve, Save, Send, Tell, Within
from tokenflow.protocol.identity import identity
from tokenflow.protocol.pipeline import PATIENCE, Origin, Wish, forget_access_token, valid_token
from tokenflow.protocol.records import read_record, write_record
from tokenflow.protocol.token_answer import TEN_YEARS
from tokenflow.protocol.verification import described_policy
from tokenflow.secret import Secret
from tokenflow.tokens import TokenRecord, TokenSet

if TYPE_CHECKING:
    from collections.abc import Callable

    from tokenflow.profile import Profile
    from tokenflow.protocol.messages import HttpRequest, HttpResponse
    from tokenflow.protocol.pipeline import Obtained

PROFILE = service()
KEY = identity(PROFILE)
PATIENT = ["load", "lock", "within 120", "load"]
BRIEF = ["load", "lock", "within 2", "load"]
GOOD_KEYS = answer(200, jwks(jwk(), jwk("ES256")))
INVALID_GRANT = json_answer({"error": "invalid_grant"}, 400)
CHECKED = described_policy(VerifyPolicy())
LOST = TransportError("the connection broke")
NEW = Wish(new=True)


def record(
    left: float | None = 3600, *, token: str | None = "at-0", refresh_token: str | None = None, **members: Any
) -> TokenRecord:
    """Make a record whose token was good for an hour when it came and is good for `left` seconds more."""
    expires_at = None if left is None else int(NOW + left)
    kept = TokenSet(token, expires_at=expires_at, issuer=ISSUER, **members) if token is not None else None
    obtained_at = int(NOW if expires_at is None else expires_at - 3600)
    return TokenRecord(
        token=kept,
        refresh_token=Secret(refresh_token) if refresh_token else None,
        obtained_at=obtained_at,
        checked=CHECKED if token is not None else "",
    )


FRESH, DUE, EXPIRED = record(3600), record(200), record(-1)
RENEWABLE = record(-1, refresh_token="canary-rt-0")


def holding(kept: TokenRecord | None, profile: Profile = PROFILE) -> World:
    return World(entries={identity(profile): write_record(kept)} if kept else {})


def kept(world: World, profile: Profile = PROFILE) -> TokenRecord | None:
    return read_record(world.entries[identity(profile)])


def forms(world: World) -> list[dict[str, Any]]:
    """Return what was asked at the token endpoint."""
    return [dict(request.form or ()) for request in world.asked(TOKEN)]


def refreshed_by(token: str) -> dict[str, Any]:
    return {"grant_type": "refresh_token", "refresh_token": Secret(token)}


BY_ITSELF = {"grant_type": "client_credentials"}


def tampered(text: str) -> str:
    return f"{text.rpartition('.')[0]}.{b64(bytes(256))}"


# Nothing stored: the profile's flow.


def test_without_a_stored_token_lock_read_again_ask_verify_save_promise_3() -> None:
    access_token = sign(access_claims())
    world = World().on(TOKEN, token_answer(access_token=access_token, scope="a b")).on(JWKS, GOOD_KEYS)
    obtained = world.run(valid_token(service(scopes=("a", "b"))))
    assert world.trace == [*PATIENT, "POST /token", "GET /jwks", "remember", "save", "unlock"]
    assert obtained.origin is Origin.RENEWED
    assert obtained.token == TokenSet(
        access_token, expires_at=int(NOW) + 3600, scopes=("a", "b"), issuer=ISSUER, token_type="Bearer"
    )
    assert forms(world) == [{"grant_type": "client_credentials", "scope": "a b"}]
    assert kept(world, service(scopes=("a", "b"))) == TokenRecord(
        token=obtained.token, refresh_token=None, obtained_at=int(NOW), checked=CHECKED
    )
    assert world.warnings() == []


def test_the_server_is_discovered_inside_the_lock() -> None:
    profile = service(metadata=NOTHING_KNOWN)
    world = World().on(METADATA, json_answer({"issuer": ISSUER, "token_endpoint": TOKEN})).on(TOKEN, token_answer())
    assert world.run(valid_token(profile)).token.issuer == ISSUER
    assert world.trace == [
        *PATIENT,
        "GET /.well-known/openid-configuration",
        "remember",
        "POST /token",
        "save",
        "unlock",
    ]


def test_a_renewal_takes_no_longer_than_the_profiles_deadline_promise_4() -> None:
    profile = service(refresh=RefreshPolicy(retry=replace(RefreshPolicy().retry, deadline=7.0)))
    world = World().on(TOKEN, token_answer())
    world.run(valid_token(profile))
    assert "within 7" in world.trace


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (LOST, TransportError),
        (answer(503), TransportError),
        (json_answer({"error": "invalid_client"}, 401), OAuthError),
        (answer(200, b"<html>"), ProtocolError),
        (token_answer(access_token=None), ProtocolError),
        (token_answer(token_type="mac"), ProtocolError),
    ],
)
@pytest.mark.parametrize("stored", [None, EXPIRED], ids=["nothing", "expired"])
def test_a_failed_request_is_the_callers_to_see_and_nothing_stored_is_touched_promise_2(
    reply: HttpResponse | Exception, error: type[Exception], stored: TokenRecord | None
) -> None:
    world = holding(stored).on(TOKEN, reply)
    before = dict(world.entries)
    with pytest.raises(error):
        world.run(valid_token(PROFILE))
    assert world.entries == before
    assert world.trace == [*PATIENT, "POST /token", "unlock"]


# Stored: fresh, due, expired.


def test_a_fresh_token_takes_no_lock_and_asks_nobody() -> None:
    world = holding(FRESH)
    obtained = world.run(valid_token(PROFILE))
    assert (obtained.record, obtained.origin) == (FRESH, Origin.STORED)
    assert world.trace == ["load"]


def test_an_expired_token_is_renewed_before_anything_is_handed_out_promise_1() -> None:
    world = holding(EXPIRED).on(TOKEN, token_answer())
    assert world.run(valid_token(PROFILE)).token.access_token == "at-1"
    assert world.trace == [*PATIENT, "POST /token", "save", "unlock"]


def test_a_due_token_is_renewed_by_one_brief_attempt() -> None:
    world = holding(DUE).on(TOKEN, token_answer())
    obtained = world.run(valid_token(PROFILE))
    assert (obtained.token.access_token, obtained.origin) == ("at-1", Origin.RENEWED)
    assert world.trace == [*BRIEF, "POST /token", "save", "unlock"]
    assert PATIENCE == 2


def test_a_due_token_serves_at_once_while_somebody_else_renews_it_f_096() -> None:
    world = holding(DUE)
    world.busy = True
    obtained = world.run(valid_token(PROFILE))
    assert (obtained.record, obtained.origin) == (DUE, Origin.STORED)
    assert world.trace == ["load", "busy"]


def test_a_due_token_never_waits_for_the_lock_and_an_expired_one_does() -> None:
    walk(
        valid_token(PROFILE),
        (Load(KEY), write_record(DUE)),
        (Now, NOW),
        (lambda effect: isinstance(effect, Exclusive) and not effect.wait, BUSY),
        (Now, NOW),
    )
    with pytest.raises(StoreError):
        walk(
            valid_token(PROFILE),
            (Load(KEY), write_record(EXPIRED)),
            (Now, NOW),
            (lambda effect: isinstance(effect, Exclusive) and effect.wait, StoreError("held for too long")),
        )


def slow(world: World, seconds: float, reply: HttpResponse) -> Callable[[HttpRequest], HttpResponse]:
    def answer_later(_: HttpRequest) -> HttpResponse:
        world.time += seconds
        return reply

    return answer_later


JWT = VerifyPolicy(access_token="jwt")
SCOPES = VerifyPolicy(required_scopes=("admin",))


@pytest.mark.parametrize(
    ("replies", "changes", "error"),
    [
        pytest.param([LOST], {}, "the connection broke", id="lost"),
        pytest.param([TransportError("refused", sent=False)], {}, "refused", id="not sent"),
        pytest.param([answer(500)], {}, "500 Internal Server Error", id="500"),
        pytest.param([answer(429, retry_after="9999")], {}, "try again in 3600 s", id="429"),
        pytest.param([json_answer({"error": "invalid_client"}, 401)], {}, "invalid_client", id="refused"),
        pytest.param([answer(302, location="https://x")], {}, "redirects are not followed", id="redirect"),
        pytest.param([token_answer(access_token=None)], {}, "holds no access_token", id="no token"),
        pytest.param([token_answer()], {"verify": JWT}, "the token is none", id="not a JWT"),
        pytest.param([token_answer(scope="x")], {"verify": SCOPES}, "scope is x", id="a scope is missing"),
        pytest.param(
            [], {"client": Client(id="reports", auth_method="client_secret_post")}, "is missing", id="profile"
        ),
        pytest.param(
            [], {"client": Client(id="reports", secret=Reference(EnvSource("GONE")))}, "GONE is not set", id="secret"
        ),
    ],
)
def test_a_due_token_serves_whatever_the_renewal_fails_of_promise_2(
    replies: list[Any], changes: dict[str, Any], error: str
) -> None:
    profile = service(**changes)

    class Unset(dict[Any, Secret]):
        def __missing__(self, source: EnvSource) -> Secret:
            raise SecretError(f"{source.name} is not set")

    due = replace(DUE, checked=described_policy(profile.verify))
    world = holding(due, profile).on(TOKEN, *replies)
    world.secrets = Unset()
    before = dict(world.entries)
    obtained = world.run(valid_token(profile))
    assert (obtained.record, obtained.origin) == (due, Origin.STORED)
    assert world.entries == before
    (warning,) = [said for said in world.warnings() if "still serves" in said]
    assert warning.startswith("the token is due and was not renewed; the present one still serves (")
    assert error in warning


def test_a_due_token_serves_though_the_new_one_could_not_be_saved() -> None:
    def meanwhile(_: HttpRequest) -> HttpResponse:
        world.entries[KEY] = write_record(FRESH)
        return token_answer()

    world = holding(DUE).on(TOKEN, meanwhile)
    assert world.run(valid_token(PROFILE)).record == DUE
    assert kept(world) == FRESH


def test_a_bug_is_not_hidden_by_a_token_that_still_serves() -> None:
    with pytest.raises(ZeroDivisionError):
        holding(DUE).on(TOKEN, ZeroDivisionError()).run(valid_token(PROFILE))


def test_a_token_whose_expiry_nobody_knows_is_served() -> None:
    unknown = record(None)
    assert holding(unknown).run(valid_token(PROFILE, Wish(min_validity=7200))).record == unknown


@pytest.mark.parametrize("stored", [FRESH, DUE], ids=["fresh", "due"])
def test_whoever_asks_for_a_new_token_gets_one(stored: TokenRecord) -> None:
    world = holding(stored).on(TOKEN, token_answer())
    assert world.run(valid_token(PROFILE, NEW)).token.access_token == "at-1"
    assert world.trace == [*PATIENT, "POST /token", "save", "unlock"]


# Asked-for validity.


@pytest.mark.parametrize(
    ("left", "asked", "renews"), [(1000, 999, False), (1000, 1000, False), (1000, 1001, True), (200, 300, True)]
)
def test_a_token_is_renewed_where_it_is_not_good_for_as_long_as_asked_promise_1(
    left: float, asked: float, renews: bool
) -> None:
    world = holding(record(left))
    if renews:
        world.on(TOKEN, token_answer())
    obtained = world.run(valid_token(PROFILE, Wish(min_validity=asked)))
    assert obtained.token.access_token == ("at-1" if renews else "at-0")


def test_a_server_that_cannot_give_what_is_asked_for_is_an_error_promise_1() -> None:
    world = holding(FRESH).on(TOKEN, token_answer())
    with pytest.raises(VerificationError) as caught:
        world.run(valid_token(PROFILE, Wish(min_validity=7200)))
    assert caught.value.claim == "the token's remaining life"
    assert caught.value.expected == "at least 7200 s, as asked"
    assert caught.value.actual == "3600 s: the server's tokens live 3600 s"
    assert len(world.requests) == 1
    assert kept(world) != FRESH


def test_the_validity_that_the_profile_wishes_is_clamped_with_one_warning_promise_1() -> None:
    profile = service(refresh=RefreshPolicy(min_validity=7200, before_expiry=9000))
    world = World().on(TOKEN, token_answer())
    assert world.run(valid_token(profile)).token.access_token == "at-1"
    (warning,) = world.warnings()
    assert warning == (
        "tokens live only 3600 s: before_expiry is 9000 s, and 720 s is used;"
        " min_validity is 7200 s, and 1800 s is used"
    )
    assert world.run(valid_token(profile)).origin is Origin.STORED


@pytest.mark.parametrize("took", [5, 6, 600])
def test_a_token_that_has_expired_on_the_way_is_an_error_and_no_loop_f_050(took: float) -> None:
    world = World()
    world.on(TOKEN, slow(world, took, token_answer(expires_in=5)))
    with pytest.raises(VerificationError) as caught:
        world.run(valid_token(PROFILE))
    assert caught.value.expected == "more than 0 s; is the clock right?"
    assert caught.value.actual == f"{5 - took} s: the server's tokens live 5 s"
    assert len(world.requests) == 1


@pytest.mark.parametrize("lifetime", [1, 5])
def test_a_short_token_serves_once_and_without_a_loop_f_051(lifetime: int) -> None:
    world = World().on(TOKEN, token_answer(expires_in=lifetime))
    obtained = world.run(valid_token(PROFILE))
    assert obtained.token.expires_at == NOW + lifetime
    assert world.run(valid_token(PROFILE)).origin is Origin.STORED
    assert len(world.requests) == 1


# When it expires.

ELSEWHERE = sign(access_claims(iss="https://other.example", exp=NOW + 77.7))


@pytest.mark.parametrize(
    ("access_token", "expires_in", "seconds"),
    [
        pytest.param("opaque", 60, 60, id="as the server says"),
        pytest.param("opaque", "60.9", 60, id="as the server says, oddly"),
        pytest.param("opaque", 10**12, TEN_YEARS, id="ten years at most"),
        pytest.param("opaque", None, 600, id="assumed"),
        pytest.param("opaque", 0, 600, id="assumed instead of zero"),
        pytest.param(ELSEWHERE, 60, 60, id="as the server says, not by exp"),
        pytest.param(ELSEWHERE, None, 77, id="another issuer's exp"),
        pytest.param(forged({}, {"exp": 10**400}), None, TEN_YEARS, id="an absurd exp"),
        pytest.param(forged({}, {"exp": True}), None, 600, id="an exp that is no time"),
        pytest.param(forged({}, {}), None, 600, id="no exp"),
        pytest.param("no.jwt.here", None, 600, id="no JWT"),
    ],
)
def test_a_token_expires_as_the_server_says_or_by_its_exp_or_as_assumed_promise_7(
    access_token: str, expires_in: object, seconds: int
) -> None:
    world = World(time=NOW + 0.9).on(TOKEN, token_answer(access_token=access_token, expires_in=expires_in))
    obtained = world.run(valid_token(PROFILE))
    assert obtained.token.expires_at == int(NOW) + seconds
    assert kept(world) == obtained.record
    odd = [warning for warning in world.warnings() if "expires_in" in warning]
    assert len(odd) == (expires_in != 60)


@pytest.mark.parametrize(
    ("exp", "expires_in", "seconds"),
    [
        pytest.param(NOW + 1800.5, None, 1800, id="by its exp"),
        pytest.param(NOW + 1800, -1, 1800, id="by its exp instead of what is negative"),
        pytest.param(NOW + 1800, 60, 60, id="as the server says, not by exp"),
        pytest.param(NOW * 1000, None, TEN_YEARS, id="in milliseconds: ten years at most"),
    ],
)
@pytest.mark.parametrize("verify", ["auto", "none"])
def test_a_jwt_of_the_issuer_expires_by_its_exp_where_the_server_does_not_say_promise_7(
    verify: Any, exp: float, expires_in: object, seconds: int
) -> None:
    profile = service(verify=VerifyPolicy(access_token=verify))
    world = World().on(TOKEN, token_answer(access_token=sign(access_claims(exp=exp)), expires_in=expires_in))
    if verify == "auto":
        world.on(JWKS, GOOD_KEYS)
    obtained = world.run(valid_token(profile))
    assert obtained.token.expires_at == NOW + seconds
    assert kept(world, profile) == obtained.record


def test_a_jwt_that_is_expired_on_arrival_by_its_own_exp_is_an_error_f_050() -> None:
    profile = service(verify=VerifyPolicy(access_token="none"))
    world = World().on(TOKEN, token_answer(access_token=sign(access_claims(exp=NOW - 10)), expires_in=None))
    with pytest.raises(VerificationError) as caught:
        world.run(valid_token(profile))
    assert caught.value.expected == "more than 0 s; is the clock right?"
    assert len(world.requests) == 1


def test_expiry_counts_from_the_start_of_the_request_promise_5() -> None:
    world = World()
    world.on(TOKEN, slow(world, 30, token_answer()))
    assert world.run(valid_token(PROFILE)).token.expires_at == NOW + 3600
    assert world.time == NOW + 30


# Somebody else was faster.


def seen_then(first: TokenRecord | None, then: TokenRecord, wish: Wish | None = None) -> Any:
    """Walk a call that reads `first`, waits for the lock, and then reads `then`."""
    return [
        valid_token(PROFILE, wish),
        (Load(KEY), write_record(first) if first else None),
        (Now, NOW),
        (Exclusive, ENTER),
        (Within, ENTER),
        (Load(KEY), write_record(then)),
    ]


@pytest.mark.parametrize("wish", [Wish(), NEW, Wish(min_validity=1800)], ids=["any", "new", "half an hour"])
@pytest.mark.parametrize("first", [None, EXPIRED, DUE], ids=["nothing", "expired", "due"])
def test_what_somebody_else_has_renewed_meanwhile_is_adopted_promise_3(first: TokenRecord | None, wish: Wish) -> None:
    obtained: Obtained = walk(*seen_then(first, FRESH, wish), (Now, NOW), (Tell, None), (Now, NOW))
    assert (obtained.record, obtained.origin) == (FRESH, Origin.SUPERSEDED)


@pytest.mark.parametrize(
    ("then", "wish"),
    [
        (record(100, token="at-7", refresh_token="rt-7"), Wish(min_validity=1800)),
        (record(-9, token="at-7", refresh_token="rt-7"), Wish()),
        (record(token=None, refresh_token="rt-7"), Wish()),
    ],
    ids=["not good for long enough", "expired", "invalidated"],
)
def test_what_somebody_else_left_and_does_not_serve_is_renewed_from_there(then: TokenRecord, wish: Wish) -> None:
    def sent(effect: Any) -> bool:
        return dict(effect.request.form) == refreshed_by("rt-7")

    def saved(effect: Any) -> bool:
        return isinstance(effect, Save) and effect.replaces == write_record(then)

    obtained: Obtained = walk(
        *seen_then(EXPIRED, then, wish), (Now, NOW), (Now, NOW), (sent, token_answer()), (saved, None), (Now, NOW)
    )
    assert obtained.token.access_token == "at-1"
    assert obtained.origin is Origin.RENEWED


def test_a_late_writer_overwrites_nothing_f_072() -> None:
    def meanwhile(_: HttpRequest) -> HttpResponse:
        world.entries[KEY] = write_record(FRESH)
        return token_answer()

    world = holding(EXPIRED).on(TOKEN, meanwhile)
    with pytest.raises(StoreError):
        world.run(valid_token(PROFILE))
    assert kept(world) == FRESH


# By refresh token.


@pytest.mark.parametrize(
    ("new", "left"), [("rt-1", "rt-1"), (None, "canary-rt-0"), ("", "canary-rt-0"), (7, "canary-rt-0")]
)
def test_a_new_refresh_token_takes_the_place_of_the_old_which_stays_where_none_comes_r6749_20(
    new: object, left: str
) -> None:
    world = holding(RENEWABLE).on(TOKEN, token_answer(refresh_token=new))
    obtained = world.run(valid_token(PROFILE))
    assert forms(world) == [refreshed_by("canary-rt-0")]
    assert not world.requests[0].repeatable
    assert obtained.record.refresh_token == Secret(left)
    assert kept(world) == obtained.record
    rotated = ["save"] if left != "canary-rt-0" else []
    assert world.trace == [*PATIENT, "POST /token", *rotated, "save", "unlock"]


def test_a_record_with_nothing_but_a_refresh_token_is_renewed_by_it() -> None:
    world = holding(record(token=None, refresh_token="rt-0")).on(TOKEN, token_answer())
    world.run(valid_token(PROFILE))
    assert forms(world) == [refreshed_by("rt-0")]


def test_the_refresh_token_flow_starts_from_the_profiles_and_goes_on_from_the_stores() -> None:
    profile = service(flow="refresh_token", refresh_token=Secret("rt-first"))
    world = World().on(TOKEN, token_answer(refresh_token="rt-1"))
    world.run(valid_token(profile))
    world.on(TOKEN, token_answer(refresh_token="rt-2"))
    world.run(valid_token(profile, NEW))
    assert forms(world) == [refreshed_by("rt-first"), refreshed_by("rt-1")]


@pytest.mark.parametrize(
    ("replies", "error"),
    [
        ([TransportError("down")], TransportError),
        ([answer(500)], TransportError),
        ([answer(404, b"<html>")], ProtocolError),
        ([json_answer({"error": "gone"}, 404)], OAuthError),
        ([json_answer({"nokeys": 1})], ProtocolError),
    ],
    ids=["down", "500", "404", "404 JSON", "no keys"],
)
@pytest.mark.parametrize(
    "stored",
    [RENEWABLE, record(token=None, refresh_token="rt-0"), None],
    ids=["expired", "refresh token alone", "nothing"],
)
@pytest.mark.parametrize("bad", ["access token", "ID token"])
def test_a_rotated_refresh_token_is_saved_though_the_keys_cannot_be_had_promise_3(
    stored: TokenRecord | None, replies: list[Any], error: type[Exception], bad: str
) -> None:
    tokens = {"access_token": sign(access_claims())} if bad == "access token" else {"id_token": sign(id_claims())}
    world = holding(stored).on(TOKEN, token_answer(refresh_token="rt-1", **tokens)).on(JWKS, *replies)
    with pytest.raises(error):
        world.run(valid_token(PROFILE))
    if stored is None:  # nothing was spent: the flow brings another one
        assert world.entries == {}
        return
    assert world.trace == [*PATIENT, "POST /token", "save", "GET /jwks", "unlock"]
    left = kept(world)
    assert left is not None
    assert left.refresh_token == Secret("rt-1")
    assert left.token == stored.token, "what was not verified is not kept"


def test_keys_that_cannot_be_had_lose_no_refresh_token_that_was_not_rotated() -> None:
    world = holding(RENEWABLE).on(TOKEN, token_answer(access_token=sign(access_claims()))).on(JWKS, answer(500))
    with pytest.raises(TransportError):
        world.run(valid_token(PROFILE))
    assert kept(world) == RENEWABLE


def test_keys_that_cannot_be_had_leave_nothing_to_save_where_there_is_no_refresh_token() -> None:
    world = World().on(TOKEN, token_answer(access_token=sign(access_claims()))).on(JWKS, answer(500))
    with pytest.raises(TransportError):
        world.run(valid_token(PROFILE))
    assert world.entries == {}


def test_a_due_token_serves_and_a_rotated_refresh_token_is_saved_while_the_keys_cannot_be_had_promise_2() -> None:
    due = record(200, refresh_token="rt-0")
    renewed = token_answer(access_token=sign(access_claims()), refresh_token="rt-1")
    world = holding(due).on(TOKEN, renewed).on(JWKS, answer(500))
    assert world.run(valid_token(PROFILE)).record == due
    assert kept(world) == replace(due, refresh_token=Secret("rt-1"))


# The answer to a refresh was lost.


@pytest.mark.parametrize(
    "stored", [RENEWABLE, record(0, refresh_token="canary-rt-0"), record(token=None, refresh_token="canary-rt-0")]
)
@pytest.mark.parametrize("lost", [LOST, answer(502), answer(504, b"<html>")], ids=["broken", "502", "504"])
def test_a_lost_answer_is_asked_for_once_more_after_reading_again_where_no_token_is_left_promise_3_f_007_f_009(
    stored: TokenRecord, lost: Any
) -> None:
    world = holding(stored).on(TOKEN, lost, token_answer(refresh_token="rt-1"))
    obtained = world.run(valid_token(PROFILE))
    assert world.trace == [*PATIENT, "POST /token", "load", "POST /token", "save", "save", "unlock"]
    assert forms(world) == [refreshed_by("canary-rt-0")] * 2
    assert obtained.record.refresh_token == Secret("rt-1")
    assert ("info", "the answer to the refresh was lost; asking once more") in world.told


def test_an_answer_that_is_lost_twice_is_not_asked_for_a_third_time_promise_3() -> None:
    world = holding(RENEWABLE).on(TOKEN, LOST, LOST)
    with pytest.raises(TransportError):
        world.run(valid_token(PROFILE))
    assert kept(world) == RENEWABLE


@pytest.mark.parametrize(
    ("failure", "stored", "wish"),
    [
        pytest.param(LOST, record(3600, refresh_token="rt-0"), NEW, id="a valid token is left"),
        pytest.param(LOST, record(1, refresh_token="rt-0"), NEW, id="a second of validity is left"),
        pytest.param(LOST, record(None, refresh_token="rt-0"), NEW, id="nobody knows whether one is left"),
        pytest.param(LOST, record(100, refresh_token="rt-0"), Wish(min_validity=200), id="one is left, though shorter"),
        pytest.param(TransportError("refused", sent=False), RENEWABLE, Wish(), id="it was never sent"),
        pytest.param(TransportError("too large", permanent=True), RENEWABLE, Wish(), id="no repetition helps"),
        pytest.param(answer(429, retry_after="3600"), RENEWABLE, Wish(), id="the server says when (429)"),
        pytest.param(answer(503, retry_after="1"), RENEWABLE, Wish(), id="the server says when (503)"),
    ],
)
def test_a_refresh_token_is_not_spent_a_second_time_otherwise_promise_3_promise_4(
    failure: Any, stored: TokenRecord, wish: Wish
) -> None:
    world = holding(stored).on(TOKEN, failure)
    with pytest.raises(TransportError):
        world.run(valid_token(PROFILE, wish))
    assert forms(world) == [refreshed_by(stored.refresh_token.reveal() if stored.refresh_token else "")]
    assert kept(world) == stored


def test_a_due_token_serves_when_the_answer_to_its_refresh_was_lost() -> None:
    due = record(200, refresh_token="rt-0")
    world = holding(due).on(TOKEN, LOST)
    assert world.run(valid_token(PROFILE)).record == due


# The store changed hands while the refresh token was in flight (a lease that ran out on another host).


@pytest.mark.parametrize("failure", [LOST, INVALID_GRANT], ids=["lost", "invalid_grant"])
def test_what_another_host_wrote_meanwhile_is_adopted_without_an_error_f_035_r6749_16(failure: Any) -> None:
    def meanwhile(_: HttpRequest) -> HttpResponse:
        world.entries[KEY] = write_record(FRESH)
        if isinstance(failure, Exception):
            raise failure
        return failure

    world = holding(RENEWABLE).on(TOKEN, meanwhile)
    obtained = world.run(valid_token(PROFILE))
    assert (obtained.record, obtained.origin) == (FRESH, Origin.SUPERSEDED)
    assert world.trace == [*PATIENT, "POST /token", "load", "load", "unlock"]


@pytest.mark.parametrize("failure", [LOST, INVALID_GRANT], ids=["lost", "invalid_grant"])
def test_a_newer_refresh_token_that_another_host_wrote_meanwhile_is_used_f_035(failure: Any) -> None:
    newer = record(-1, token="at-7", refresh_token="rt-7")

    def meanwhile(_: HttpRequest) -> HttpResponse:
        world.entries[KEY] = write_record(newer)
        if isinstance(failure, Exception):
            raise failure
        return failure

    world = holding(RENEWABLE).on(TOKEN, meanwhile, token_answer())
    assert world.run(valid_token(PROFILE)).record.refresh_token == Secret("rt-7")
    assert forms(world) == [refreshed_by("canary-rt-0"), refreshed_by("rt-7")]


# The server refuses the refresh token.


@pytest.mark.parametrize("new", ["rt-1", None])
def test_a_refused_refresh_token_means_starting_over_and_is_never_kept_f_036_r6749_16(new: str | None) -> None:
    world = holding(RENEWABLE).on(TOKEN, INVALID_GRANT, token_answer(refresh_token=new))
    obtained = world.run(valid_token(PROFILE))
    assert forms(world) == [refreshed_by("canary-rt-0"), BY_ITSELF]
    assert world.trace == [*PATIENT, "POST /token", "load", "POST /token", "save", "unlock"]
    assert obtained.record.refresh_token == (Secret(new) if new else None)
    assert ("info", "the server refused the stored refresh token (invalid_grant); starting over") in world.told


def test_a_refused_refresh_token_is_an_error_where_the_profile_says_fail() -> None:
    profile = service(refresh=RefreshPolicy(on_rejected="fail"))
    world = holding(RENEWABLE, profile).on(TOKEN, INVALID_GRANT)
    with pytest.raises(OAuthError) as caught:
        world.run(valid_token(profile))
    assert caught.value.error == "invalid_grant"
    assert kept(world, profile) == RENEWABLE


@pytest.mark.parametrize(
    "error", ["invalid_client", "invalid_request", "invalid_scope", "unauthorized_client", "unsupported_grant_type"]
)
def test_another_refusal_of_a_refresh_is_final_and_asks_nothing_more_r6749_14_r6749_15(error: str) -> None:
    world = holding(RENEWABLE).on(TOKEN, json_answer({"error": error}, 400))
    with pytest.raises(OAuthError) as caught:
        world.run(valid_token(PROFILE))
    assert caught.value.error == error
    assert kept(world) == RENEWABLE


def test_starting_over_that_fails_leaves_the_store_as_it_was() -> None:
    world = holding(RENEWABLE).on(TOKEN, INVALID_GRANT, LOST)
    with pytest.raises(TransportError):
        world.run(valid_token(PROFILE))
    assert kept(world) == RENEWABLE


# Verification.


@pytest.mark.parametrize(
    ("members", "verify", "claim"),
    [
        pytest.param({"access_token": tampered(sign(access_claims()))}, VerifyPolicy(), "the signature", id="tampered"),
        pytest.param({"access_token": sign(access_claims(exp=1))}, VerifyPolicy(), "exp", id="expired (F-050)"),
        pytest.param(
            {"access_token": sign(access_claims(aud="x"))}, VerifyPolicy(audience=(API,)), "aud", id="audience"
        ),
        pytest.param({"access_token": sign(access_claims())}, JWT, "typ", id="no RFC 9068 token"),
        pytest.param(
            {"id_token": sign(id_claims(aud="other"))}, VerifyPolicy(), "aud", id="another's ID token (F-059)"
        ),
        pytest.param(
            {"id_token": tampered(sign(id_claims()))}, VerifyPolicy(), "the signature", id="ID token tampered"
        ),
        pytest.param(
            {"id_token": sign(id_claims(iss="x"))},
            VerifyPolicy(access_token="none"),
            "iss",
            id="ID token is always checked",
        ),
    ],
)
@pytest.mark.parametrize("stored", [None, RENEWABLE], ids=["first", "renewal"])
def test_what_is_not_verified_is_neither_handed_out_nor_kept_promise_9(
    members: dict[str, Any], verify: VerifyPolicy, claim: str, stored: TokenRecord | None
) -> None:
    profile = service(verify=verify)
    world = holding(stored, profile).on(TOKEN, token_answer(refresh_token="rt-1", **members)).on(JWKS, GOOD_KEYS)
    with pytest.raises(VerificationError) as caught:
        world.run(valid_token(profile))
    assert caught.value.claim == claim
    # The refresh token took the place of a spent one, and is kept: nothing else is (promise 3).
    left = {identity(profile): write_record(replace(stored, refresh_token=Secret("rt-1")))} if stored else {}
    assert world.entries == left


def test_a_verified_id_token_is_kept_and_handed_out() -> None:
    id_token = sign(id_claims())
    world = World().on(TOKEN, token_answer(id_token=id_token)).on(JWKS, GOOD_KEYS)
    obtained = world.run(valid_token(PROFILE))
    assert obtained.token.id_token == id_token
    assert kept(world) == obtained.record


@pytest.mark.parametrize("lost_first", [False, True])
def test_a_renewal_that_brings_another_persons_id_token_is_refused_and_overwrites_nothing_f_058_ridt_22(
    lost_first: bool,
) -> None:
    stored = record(-1, refresh_token="rt-0", id_token=sign(id_claims()))
    mallory = token_answer(id_token=sign(id_claims(sub="mallory")), refresh_token="rt-1")
    world = holding(stored).on(TOKEN, *([LOST] if lost_first else []), mallory)
    with pytest.raises(VerificationError, match="sub is mallory, expected alice"):
        world.run(valid_token(PROFILE))
    assert kept(world) == stored


@pytest.mark.parametrize(
    "stored",
    [
        record(-1, refresh_token="rt-0", id_token=sign(id_claims(iat=1))),
        record(-1, refresh_token="rt-0"),
        record(token=None, refresh_token="rt-0"),
    ],
    ids=["the same person's", "none before", "no token before"],
)
def test_a_renewal_that_brings_the_same_persons_id_token_is_taken_ridt_22(stored: TokenRecord) -> None:
    world = holding(stored).on(TOKEN, token_answer(id_token=sign(id_claims()))).on(JWKS, GOOD_KEYS)
    assert world.run(valid_token(PROFILE)).token.id_token == sign(id_claims())


def test_starting_over_may_bring_another_person() -> None:
    stored = record(-1, refresh_token="rt-0", id_token=sign(id_claims()))
    other = sign(id_claims(sub="bob"))
    world = holding(stored).on(TOKEN, INVALID_GRANT, token_answer(id_token=other)).on(JWKS, GOOD_KEYS)
    assert world.run(valid_token(PROFILE)).token.id_token == other


def test_a_required_scope_that_was_not_granted_ends_it_and_nothing_is_kept_f_044() -> None:
    world = World().on(TOKEN, token_answer(scope="read"))
    with pytest.raises(VerificationError, match="scope is read, expected to hold admin"):
        world.run(valid_token(service(verify=SCOPES)))
    assert world.entries == {}


# The store's entry is not what it should be.


@pytest.mark.parametrize("text", ["", "{", '{"format":1}'])
def test_an_entry_that_cannot_be_read_counts_as_missing_and_is_replaced_f_087(text: str) -> None:
    world = World(entries={KEY: text}).on(TOKEN, token_answer())
    obtained = world.run(valid_token(PROFILE))
    assert kept(world) == obtained.record
    assert set(world.warnings()) == {"the stored token cannot be read; it is treated as missing"}


def test_a_newer_tokenflows_entry_is_left_alone_and_nobody_is_asked_f_088() -> None:
    world = World(entries={KEY: '{"format":2}'})
    with pytest.raises(StoreError, match="newer tokenflow"):
        world.run(valid_token(PROFILE))
    assert world.entries == {KEY: '{"format":2}'}


# Forgetting a token that a server refused.


@pytest.mark.parametrize(
    ("stored", "token", "left", "trace"),
    [
        pytest.param(FRESH, "at-0", None, ["lock", "load", "remove", "unlock"], id="the stored one"),
        pytest.param(
            record(refresh_token="rt-0"),
            "at-0",
            replace(record(refresh_token="rt-0"), token=None),
            ["lock", "load", "save", "unlock"],
            id="the stored one, and its refresh token stays",
        ),
        pytest.param(FRESH, "at-old", FRESH, ["lock", "load", "unlock"], id="one that was renewed already"),
        pytest.param(
            record(token=None, refresh_token="rt-0"),
            "at-0",
            record(token=None, refresh_token="rt-0"),
            ["lock", "load", "unlock"],
            id="one that is forgotten already",
        ),
        pytest.param(None, "at-0", None, ["lock", "load", "unlock"], id="nothing stored"),
    ],
)
def test_n_callers_that_were_refused_the_same_token_forget_it_once(
    stored: TokenRecord | None, token: str, left: TokenRecord | None, trace: list[str]
) -> None:
    world = holding(stored)
    world.run(forget_access_token(PROFILE, Secret(token)))
    assert world.entries == ({KEY: write_record(left)} if left else {})
    assert world.trace == trace


# What is said.


def test_nothing_that_is_said_or_raised_holds_a_secret() -> None:
    profile = service(client=Client(id="reports", secret=Secret(SECRET), auth_method="client_secret_post"))
    echo = json_answer({"error": "invalid_request", "error_description": f"got {SECRET} and canary-rt-0"}, 400)
    world = holding(RENEWABLE, profile).on(TOKEN, LOST, echo)
    with pytest.raises(TokenflowError) as caught:
        world.run(valid_token(profile))
    assert "canary" not in f"{caught.value!r} {caught.value} {world.told} {world.requests} {world.trace}"
    assert "got *** and ***" in str(caught.value)


def test_the_effects_of_a_refresh_in_full() -> None:
    profile = service(client=Client(id="reports"), metadata=WRITTEN)
    key = identity(profile)
    before = write_record(RENEWABLE)
    after = TokenRecord(
        token=TokenSet("at-1", expires_at=int(NOW) + 3600, issuer=ISSUER),
        refresh_token=Secret("rt-1"),
        obtained_at=int(NOW),
        checked=CHECKED,
    )
    rotated = write_record(replace(RENEWABLE, refresh_token=Secret("rt-1")))
    obtained = walk(
        valid_token(profile),
        (Load(key), before),
        (Now, NOW),
        (Exclusive, ENTER),
        (Within, ENTER),
        (Load(key), before),
        (Now, NOW),
        (Send, token_answer(refresh_token="rt-1")),
        (Save(key, rotated, before), None),
        (Save(key, write_record(after), rotated), None),
        (Now, NOW),
    )
    assert obtained.record == after


def test_a_secret_that_is_missing_costs_no_request() -> None:
    profile = service(client=Client(id="reports", secret=Reference(EnvSource("S"))))
    with pytest.raises(SecretError):
        walk(
            valid_token(profile),
            (Load, None),
            (Now, NOW),
            (Exclusive, ENTER),
            (Within, ENTER),
            (Load, None),
            (Resolve, SecretError("S is not set")),
        )


def test_a_first_refresh_token_that_was_refused_is_not_sent_again_r6749_16() -> None:
    profile = service(flow="refresh_token", refresh_token=Secret("rt-1"))
    world = World().on(TOKEN, token_answer())
    world.run(valid_token(profile))
    world.on(TOKEN, INVALID_GRANT)
    with pytest.raises(OAuthError, match="invalid_grant"):
        world.run(valid_token(profile, Wish(new=True)))
    assert len(world.requests) == 2


@pytest.mark.parametrize(
    "verify",
    [
        VerifyPolicy(access_token="none"),
        VerifyPolicy(audience=(API,)),
        VerifyPolicy(required_scopes=("a",)),
        VerifyPolicy(algorithms=("ES256",)),
    ],
)
def test_a_token_is_not_served_under_a_policy_that_it_never_passed_promise_9(verify: VerifyPolicy) -> None:
    profile = service(verify=verify)
    world = holding(FRESH, profile).on(TOKEN, token_answer(scope="a"))
    assert world.run(valid_token(profile)).origin is Origin.RENEWED
    assert world.run(valid_token(profile)).origin is Origin.STORED
