from __future__ import annotations

from typing import Any

import pytest
from support.example import ISSUER, JWKS, SERVER, answer, id_claims, service
from support.signing import b64, forged, jwk, jwks, sign
from support.walking import NOW, World

from tokenflow.errors import ProtocolError, TransportError, VerificationError
from tokenflow.metadata import ServerMetadata
from tokenflow.profile import Client, VerifyPolicy
from tokenflow.protocol.id_token import check_same_subject, verify_id_token

SKEW = 30


def verify(text: str, *, server: ServerMetadata = SERVER, keys: tuple[Any, ...] = (), **changes: Any) -> dict[str, Any]:
    world = World().on(JWKS, answer(200, jwks(*(keys or (jwk(), jwk("ES256")))))) if server.jwks_uri else World()
    return world.run(verify_id_token(text, service(**changes), server))


def refused(text: str, **how: Any) -> VerificationError:
    with pytest.raises(VerificationError, match=r"^verifying the ID token: ") as caught:
        verify(text, **how)
    return caught.value


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"aud": ["reports"]},
        {"azp": "reports"},
        {"sub": "a" * 255},
        {"exp": int(NOW) - SKEW + 1},
        {"iat": int(NOW) + SKEW},
        {"iat": NOW + 0.5},
        {"nbf": int(NOW)},
        {"nonce": "n", "auth_time": 1, "unheard_of": {}},
    ],
)
def test_a_good_id_token_is_its_claims_ridt_02_ridt_03_ridt_10_ridt_15(changes: dict[str, Any]) -> None:
    claims = id_claims(**changes)
    assert verify(sign(claims)) == claims
    assert verify(sign(claims, "ES256")) == claims


@pytest.mark.parametrize(
    ("changes", "claim", "actual"),
    [
        pytest.param({"iss": "https://evil.example"}, "iss", "https://evil.example", id="RIDT-02 another issuer"),
        pytest.param({"iss": f"{ISSUER}/"}, "iss", f"{ISSUER}/", id="RIDT-02 a slash"),
        pytest.param({"iss": None}, "iss", "missing", id="RIDT-02 none"),
        pytest.param({"aud": "other"}, "aud", "other", id="RIDT-03 another client"),
        pytest.param({"aud": None}, "aud", "missing", id="RIDT-03 none"),
        pytest.param({"aud": []}, "aud", "[]", id="RIDT-03 an empty list"),
        pytest.param({"aud": 7}, "aud", "7", id="RIDT-03 a number"),
        pytest.param({"aud": ["reports", "x"]}, "aud", "['reports', 'x']", id="RIDT-04 one more"),
        pytest.param({"aud": ["reports", "x"], "azp": "reports"}, "aud", "['reports', 'x']", id="RIDT-04 with azp"),
        pytest.param({"azp": "other"}, "azp", "other", id="RIDT-05 another party"),
        pytest.param({"azp": ["reports"]}, "azp", "['reports']", id="RIDT-05 a list"),
        pytest.param({"sub": None}, "sub", "missing", id="RIDT-15 none"),
        pytest.param({"sub": ""}, "sub", "", id="RIDT-15 empty"),
        pytest.param({"sub": 7}, "sub", "7", id="RIDT-15 a number"),
        pytest.param({"sub": "a" * 256}, "sub", "a" * 256, id="RIDT-15 too long"),
        pytest.param({"sub": "é"}, "sub", "é", id="RIDT-15 not ASCII"),
        pytest.param({"exp": int(NOW) - SKEW}, "exp", str(int(NOW) - SKEW), id="RIDT-10 expired"),
        pytest.param({"exp": None}, "exp", "missing", id="RIDT-10 none"),
        pytest.param({"exp": "soon"}, "exp", "soon", id="RIDT-10 text"),
        pytest.param({"nbf": int(NOW) + 60}, "nbf", str(int(NOW) + 60), id="not valid yet"),
        pytest.param({"iat": int(NOW) + SKEW + 1}, "iat", str(int(NOW) + SKEW + 1), id="RIDT-11 in the future"),
        pytest.param({"iat": None}, "iat", "missing", id="RIDT-11 none"),
        pytest.param({"iat": "now"}, "iat", "now", id="RIDT-11 text"),
        pytest.param({"iat": True}, "iat", "True", id="RIDT-11 a boolean"),
        pytest.param({"iat": 10**400}, "iat", f"{'1' + '0' * 299}...", id="RIDT-11 beyond all reckoning"),
    ],
)
def test_a_wrong_claim_is_refused_by_name_f_053_f_059(changes: dict[str, Any], claim: str, actual: str) -> None:
    error = refused(sign(id_claims(**changes)))
    assert (error.claim, error.actual) == (claim, actual)


@pytest.mark.parametrize(
    ("text", "actual"),
    [
        pytest.param(forged({"alg": "none"}, id_claims()), "one that is made with none", id="RIDT-09"),
        pytest.param(
            forged({"alg": "HS256"}, id_claims(), "AAAA"),
            "one that is made with HS256",
            id="RIDT-08",
        ),
        pytest.param(
            f"{sign(id_claims()).rpartition('.')[0]}.{b64(bytes(256))}",
            "one that was made by none of the server's keys",
            id="RIDT-06 tampered",
        ),
        pytest.param(
            sign(id_claims(), "RS256", 1), "one that was made by none of the server's keys", id="RIDT-26 unknown key"
        ),
        pytest.param(
            sign(id_claims(), header={"crit": ["x"]}),
            "one that depends on an extension that is not known (crit)",
            id="crit",
        ),
        pytest.param(sign(id_claims(), "RS512"), "one that is made with RS512", id="RIDT-07"),
    ],
)
def test_a_signature_is_always_checked_ridt_06_ridt_07_ridt_08_ridt_09(text: str, actual: str) -> None:
    error = refused(text)
    assert (error.claim, error.expected, error.actual) == ("the signature", f"one by a key of {ISSUER}", actual)


def test_the_algorithm_is_one_that_the_profile_allows_ridt_07() -> None:
    assert refused(sign(id_claims()), verify=VerifyPolicy(algorithms=("ES256",))).claim == "the signature"


def test_a_signature_is_checked_even_where_access_tokens_are_not() -> None:
    text = sign(id_claims(), "RS256", 1)
    assert refused(text, verify=VerifyPolicy(access_token="none")).claim == "the signature"


def test_without_the_servers_keys_no_id_token_is_believed_ridt_06() -> None:
    assert refused(sign(id_claims()), server=ServerMetadata(issuer=ISSUER)).claim == "the signature"


@pytest.mark.parametrize(
    ("reply", "error"), [(TransportError("gone"), TransportError), (answer(404), ProtocolError)], ids=["down", "404"]
)
def test_keys_that_cannot_be_had_are_told_from_a_bad_token(reply: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        World().on(JWKS, reply).run(verify_id_token(sign(id_claims()), service(), SERVER))


@pytest.mark.parametrize("text", ["opaque", "a.b", "a.b.c.d.e", "", f"{sign(id_claims())}="])
def test_what_is_no_jwt_is_no_id_token_ridt_01_f_057(text: str) -> None:
    with pytest.raises(VerificationError) as caught:
        World().run(verify_id_token(text, service(), SERVER))
    assert (caught.value.claim, caught.value.expected) == ("the ID token", "a JWT")


def test_a_client_without_an_id_takes_no_id_token() -> None:
    assert refused(sign(id_claims(aud=None)), client=Client()).claim == "aud"


def test_a_renewed_id_token_is_the_same_persons_ridt_22_f_058() -> None:
    check_same_subject(sign(id_claims(iat=1)), sign(id_claims()))


@pytest.mark.parametrize(("sub", "actual"), [("mallory", "mallory"), (None, "missing"), (["alice"], "['alice']")])
def test_a_renewed_id_token_of_another_person_is_refused_ridt_22_f_058(sub: object, actual: str) -> None:
    with pytest.raises(VerificationError) as caught:
        check_same_subject(sign(id_claims(sub=sub)), sign(id_claims()))
    assert (caught.value.claim, caught.value.actual) == ("sub", actual)
    assert caught.value.expected == "alice, as before the renewal"


def test_a_renewed_id_token_that_is_no_jwt_is_refused() -> None:
    with pytest.raises(VerificationError, match="the ID token is none"):
        check_same_subject("opaque", sign(id_claims()))
