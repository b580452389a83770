from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.example import API, ISSUER, JWKS, METADATA, SERVER, access_claims, answer, json_answer, service
from support.signing import b64, forged, jwk, jwks, sign
from support.walking import NOW, World

from tokenflow.errors import ProtocolError, TransportError, VerificationError
from tokenflow.metadata import NOTHING_KNOWN, ServerMetadata
from tokenflow.profile import Client, VerifyPolicy
from tokenflow.protocol.verification import (
    audiences,
    check_scopes,
    check_times,
    moment,
    verified_claims,
    verify_access_token,
)

if TYPE_CHECKING:
    from collections.abc import Callable

AT_JWT = {"typ": "at+jwt"}
AUTO = VerifyPolicy()
JWT = VerifyPolicy(access_token="jwt", audience=(API,))
SKEW = 30


def verify(
    text: str, policy: VerifyPolicy = AUTO, *, keys: tuple[Any, ...] | None = None, server: ServerMetadata = SERVER
) -> dict[str, Any] | None:
    """Verify in a world whose server holds `keys`; None: nobody may ask for them."""
    world = World() if keys is None else World().on(JWKS, answer(200, jwks(*keys)))
    return world.run(verify_access_token(text, service(verify=policy), server))


def refused(text: str, policy: VerifyPolicy = AUTO, **how: Any) -> VerificationError:
    with pytest.raises(VerificationError) as caught:
        verify(text, policy, **{"keys": (jwk(),), **how})
    assert text not in str(caught.value)
    return caught.value


def tampered(text: str) -> str:
    head, _, signature = text.rpartition(".")
    return f"{head}.{b64(bytes(256))}" if signature else text


# auto


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256", "EdDSA"])
def test_auto_checks_a_jwt_of_the_issuer_whose_key_it_knows_promise_6(algorithm: str) -> None:
    claims = access_claims()
    assert verify(sign(claims, algorithm), keys=(jwk(algorithm),)) == claims


@pytest.mark.parametrize(
    "text",
    [
        "opaque",
        "two.parts",
        "a.b.c.d.e",
        "not.a.jwt",
        sign(access_claims(iss="https://other.example")),
        sign(access_claims(iss=f"{ISSUER}/")),
        sign(access_claims(iss=None)),
        sign(access_claims(iss=[ISSUER])),
        sign(access_claims(iss="https://other.example", exp=1)),
    ],
    ids=["opaque", "2 parts", "5 parts", "no JWT", "other issuer", "slash", "no issuer", "list", "other and expired"],
)
def test_auto_takes_anything_else_as_opaque_and_asks_for_no_key_r6750_05_promise_6(text: str) -> None:
    assert verify(text) is None


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(sign(access_claims(), "RS256", 1), id="unknown kid"),
        pytest.param(sign(access_claims(), "ES256", header={"kid": None}), id="no key of the kind"),
        pytest.param(sign(access_claims(exp=1), "RS256", 1), id="unknown kid, and expired"),
        pytest.param(forged({"alg": "HS256"}, access_claims(), "AAAA"), id="HS256"),
    ],
)
def test_auto_takes_a_jwt_of_an_unknown_key_as_opaque_promise_6(text: str) -> None:
    assert verify(text, keys=(jwk(),)) is None


def test_auto_takes_every_token_as_opaque_where_the_server_has_no_keys() -> None:
    assert verify(sign(access_claims()), server=ServerMetadata(issuer=ISSUER)) is None


def test_auto_refuses_a_tampered_signature() -> None:
    error = refused(tampered(sign(access_claims())))
    assert error.claim == "the signature"
    assert str(error) == (
        "verifying the access token: the signature is one that was made by none of the server's keys,"
        f" expected one by a key of {ISSUER} with RS256, PS256, ES256, EdDSA"
    )


def test_auto_refuses_an_algorithm_that_the_profile_does_not_allow_r8725_01() -> None:
    error = refused(sign(access_claims()), VerifyPolicy(algorithms=("ES256",)))
    assert error.actual == "one that is made with RS256"


def test_auto_refuses_an_expired_token() -> None:
    error = refused(sign(access_claims(exp=int(NOW) - SKEW)))
    assert (error.claim, error.actual) == ("exp", str(int(NOW) - SKEW))
    assert error.expected == f"after now ({NOW:.0f}); is the clock right?"


@pytest.mark.parametrize("audience", ["https://api.example", ["x", "https://api.example"]])
def test_auto_takes_the_audience_that_the_profile_names(audience: object) -> None:
    policy = VerifyPolicy(audience=("https://else.example", API))
    assert verify(sign(access_claims(aud=audience)), policy, keys=(jwk(),))


@pytest.mark.parametrize(
    ("audience", "actual"),
    [
        ("wrong", "wrong"),
        (["a", "b\x1b"], r"a b\x1b"),
        (None, "missing"),
        (7, "missing"),
        ([7], "missing"),
        ([], "missing"),
    ],
)
def test_auto_refuses_another_audience_than_the_profile_names_r8725_09(audience: object, actual: str) -> None:
    error = refused(sign(access_claims(aud=audience)), VerifyPolicy(audience=(API, "other")))
    assert (error.claim, error.expected, error.actual) == ("aud", f"{API} or other", actual)


@pytest.mark.parametrize("changes", [{"aud": None}, {"sub": None}, {"client_id": "other"}, {"jti": None}])
def test_auto_asks_for_no_more_than_that(changes: dict[str, Any]) -> None:
    assert verify(sign(access_claims(**changes)), keys=(jwk(),))


@pytest.mark.parametrize(
    ("reply", "error"), [(TransportError("gone"), TransportError), (answer(404), ProtocolError)], ids=["down", "404"]
)
@pytest.mark.parametrize("policy", [AUTO, JWT], ids=["auto", "jwt"])
def test_without_the_keys_nothing_is_believed_f_056(reply: Any, error: type[Exception], policy: VerifyPolicy) -> None:
    world = World().on(JWKS, reply)
    with pytest.raises(error):
        world.run(verify_access_token(sign(access_claims(), header=AT_JWT), service(verify=policy), SERVER))


# none


@pytest.mark.parametrize("text", ["opaque", tampered(sign(access_claims())), sign(access_claims(exp=1))])
def test_none_trusts_and_asks_nobody(text: str) -> None:
    assert verify(text, VerifyPolicy(access_token="none", audience=("x",))) is None


# jwt


@pytest.mark.parametrize("kind", ["at+jwt", "application/at+jwt", "AT+JWT"])
@pytest.mark.parametrize("audience", [API, [API], ["reports", API]])
def test_jwt_takes_an_rfc_9068_token_r9068_01_r9068_03(kind: str, audience: object) -> None:
    claims = access_claims(aud=audience)
    assert verify(sign(claims, header={"typ": kind}), JWT, keys=(jwk(),)) == claims


@pytest.mark.parametrize("text", ["opaque", "a.b", "not.a.jwt", "a.b.c.d.e"])
def test_jwt_refuses_what_is_none(text: str) -> None:
    error = refused(text, JWT, keys=None)
    assert (error.claim, error.expected) == ("the token", "a JWT")
    assert error.actual.startswith("none (a ")


@pytest.mark.parametrize("kind", [None, "JWT", "jwt", "id_token+jwt", "logout+jwt", "at+jwt2", "", 7, ["at+jwt"]])
def test_jwt_refuses_another_type_such_as_an_id_tokens_r9068_01_r9068_05_r8725_11_r8725_12(kind: object) -> None:
    error = refused(sign(access_claims(), header={"typ": kind}), JWT)
    assert (error.claim, error.expected) == ("typ", "at+jwt")
    assert error.actual == ("missing" if kind is None else str(kind))


@pytest.mark.parametrize("name", ["iss", "exp", "aud", "sub", "client_id", "iat", "jti"])
def test_jwt_refuses_a_token_without_a_required_claim_r9068_02(name: str) -> None:
    error = refused(sign(access_claims(**{name: None}), header=AT_JWT), JWT)
    assert (error.claim, error.expected, error.actual) == (name, "present (RFC 9068 section 2.2)", "missing")


@pytest.mark.parametrize(
    ("changes", "claim", "expected", "actual"),
    [
        ({"iss": "https://evil.example"}, "iss", ISSUER, "https://evil.example"),
        ({"client_id": "other"}, "client_id", "reports", "other"),
        ({"client_id": ["reports"]}, "client_id", "reports", "['reports']"),
        ({"aud": "https://other.example"}, "aud", API, "https://other.example"),
        ({"aud": 7}, "aud", "a resource, and not the client alone", "7"),
        ({"aud": []}, "aud", "a resource, and not the client alone", "[]"),
        ({"aud": "reports"}, "aud", "a resource, and not the client alone", "reports"),
        ({"exp": int(NOW) - SKEW}, "exp", f"after now ({NOW:.0f}); is the clock right?", str(int(NOW) - SKEW)),
        (
            {"nbf": int(NOW) + SKEW + 1},
            "nbf",
            f"before now ({NOW:.0f}); is the clock right?",
            str(int(NOW) + SKEW + 1),
        ),
    ],
)
def test_jwt_refuses_a_wrong_claim_r9068_02_r9068_03(
    changes: dict[str, Any], claim: str, expected: str, actual: str
) -> None:
    error = refused(sign(access_claims(**changes), header=AT_JWT), JWT)
    assert (error.claim, error.expected, error.actual) == (claim, expected, actual)


def test_jwt_without_an_audience_of_the_profile_takes_any_resource_but_never_the_client_r9068_03() -> None:
    policy = VerifyPolicy(access_token="jwt")
    assert verify(sign(access_claims(), header=AT_JWT), policy, keys=(jwk(),))
    assert refused(sign(access_claims(aud=["reports"]), header=AT_JWT), policy).claim == "aud"


def test_jwt_takes_the_client_as_audience_where_the_profile_names_it() -> None:
    policy = VerifyPolicy(access_token="jwt", audience=("reports",))
    assert verify(sign(access_claims(aud="reports"), header=AT_JWT), policy, keys=(jwk(),))


@pytest.mark.parametrize(
    ("text", "how", "actual"),
    [
        (
            tampered(sign(access_claims(), header=AT_JWT)),
            {},
            "one that was made by none of the server's keys",
        ),
        (sign(access_claims(), "RS256", 1, AT_JWT), {}, "one that was made by none of the server's keys"),
        (
            sign(access_claims(), header=AT_JWT),
            {"keys": None, "server": ServerMetadata(issuer=ISSUER)},
            "one that was made by none of the server's keys",
        ),
        (
            forged({"alg": "none", "typ": "at+jwt"}, access_claims()),
            {},
            "one that is made with none",
        ),
        (
            forged({"alg": "HS256", "typ": "at+jwt"}, access_claims(), "AAAA"),
            {},
            "one that is made with HS256",
        ),
        (
            sign(access_claims(), header={**AT_JWT, "crit": ["exp"]}),
            {},
            "one that depends on an extension that is not known (crit)",
        ),
    ],
    ids=["tampered", "unknown key", "no keys", "alg none", "HS256", "crit"],
)
def test_jwt_insists_on_a_signature_of_the_server_r9068_04(text: str, how: dict[str, Any], actual: str) -> None:
    error = refused(text, JWT, **how)
    assert (error.claim, error.actual) == ("the signature", actual)


# times, audiences, scopes


@pytest.mark.parametrize(
    ("claims", "claim"),
    [
        ({"exp": NOW + 1}, None),
        ({"exp": NOW - SKEW + 0.5}, None),
        ({"exp": NOW - SKEW}, "exp"),
        ({"exp": 10**400}, None),
        ({"exp": -(10**400)}, "exp"),
        ({"exp": str(int(NOW) + 60)}, "exp"),
        ({"exp": True}, "exp"),
        ({"exp": None}, "exp"),
        ({}, "exp"),
        ({"exp": NOW + 60, "nbf": NOW + SKEW}, None),
        ({"exp": NOW + 60, "nbf": NOW + SKEW + 0.5}, "nbf"),
        ({"exp": NOW + 60, "nbf": 10**400}, "nbf"),
        ({"exp": NOW + 60, "nbf": "tomorrow"}, "nbf"),
        ({"exp": NOW + 60, "nbf": None}, "nbf"),
    ],
)
def test_times_are_checked_with_the_profiles_tolerance_and_no_more_ridt_10(
    claims: dict[str, Any], claim: str | None
) -> None:
    if claim is None:
        check_times(claims, AUTO, NOW, "checking")
        return
    with pytest.raises(VerificationError, match=f"^checking: {claim} is ") as caught:
        check_times(claims, AUTO, NOW, "checking")
    assert caught.value.claim == claim


@given(st.integers() | st.floats(allow_nan=False) | st.booleans() | st.text() | st.none())
def test_a_moment_is_a_number_that_can_be_reckoned_with(value: object) -> None:
    read = moment(value)
    assert (read is None) == (isinstance(value, bool) or not isinstance(value, int | float))
    if read is not None:
        assert -(10**15) <= read <= 10**15


@pytest.mark.parametrize(
    ("aud", "named"),
    [("a", ["a"]), (["a", "b"], ["a", "b"]), (["a", 7, None], ["a"]), (None, []), (7, []), ({"a": 1}, [])],
)
def test_aud_is_one_text_or_a_list_of_them(aud: object, named: list[str]) -> None:
    assert audiences({"aud": aud}) == named


@pytest.mark.parametrize("granted", [("a", "b"), ("c", "b", "a")])
def test_required_scopes_may_come_in_any_order_and_company(granted: tuple[str, ...]) -> None:
    check_scopes(granted, VerifyPolicy(required_scopes=("a", "b")))


@pytest.mark.parametrize(
    ("granted", "expected", "actual"),
    [(("a",), "to hold b", "a"), (("ab",), "to hold a b", "ab"), ((), "to hold a b", "missing")],
)
def test_a_required_scope_that_was_not_granted_is_named_f_044(
    granted: tuple[str, ...], expected: str, actual: str
) -> None:
    with pytest.raises(VerificationError) as caught:
        check_scopes(granted, VerifyPolicy(required_scopes=("a", "b")))
    assert (caught.value.claim, caught.value.expected, caught.value.actual) == ("scope", expected, actual)


# verified_claims


@pytest.mark.parametrize("mode", ["auto", "none"])
def test_whoever_asks_for_verified_claims_gets_them_by_discovery_and_keys(mode: Any) -> None:
    claims = access_claims()
    profile = service(metadata=NOTHING_KNOWN, verify=VerifyPolicy(access_token=mode))
    world = World()
    world.on(METADATA, json_answer({"issuer": ISSUER, "jwks_uri": JWKS})).on(JWKS, answer(200, jwks(jwk())))
    assert world.run(verified_claims(sign(claims), profile)) == claims


@pytest.mark.parametrize(
    ("make", "asks"),
    [
        (lambda: "opaque", False),
        (lambda: sign(access_claims(iss="https://other.example")), False),
        (lambda: sign(access_claims(), "RS256", 1), True),
    ],
    ids=["opaque", "other issuer", "unknown key"],
)
def test_whoever_asks_for_verified_claims_is_told_where_there_are_none(make: Callable[[], str], asks: bool) -> None:
    world = World().on(JWKS, answer(200, jwks(jwk()))) if asks else World()
    with pytest.raises(VerificationError) as caught:
        world.run(verified_claims(make(), service(client=Client(id="reports"))))
    assert caught.value.expected == f"a JWT of {ISSUER} signed by one of its keys"
    assert caught.value.actual == "opaque, or another's"
