from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
import zlib
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from support.signing import b64, jwk, private_key, sign, sign_bytes

from tokenflow.protocol.jws import BadSignatureError, NotAJwtError, check_signature, decode, fitting

if TYPE_CHECKING:
    from collections.abc import Callable

CLAIMS = {"iss": "https://as.example", "name": "Zoë"}
ALL = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
ALLOWED = ("RS256", "PS256", "ES256", "EdDSA")
NONE_OF_THE_KEYS = "was made by none of the server's keys"


def check(text: str, *keys: Any, algorithms: tuple[str, ...] = ALLOWED) -> None:
    check_signature(decode(text), list(keys), algorithms)


def test_a_jwt_is_taken_apart_and_shows_neither_itself_nor_its_claims() -> None:
    token = decode(sign(CLAIMS))
    assert token.claims == CLAIMS
    assert (token.algorithm, token.kid) == ("RS256", "RS256-0")
    assert token.text not in repr(token)
    assert "Zo" not in repr(token)


@pytest.mark.parametrize("algorithm", ALL)
def test_a_signature_by_the_key_passes_with_every_algorithm(algorithm: str) -> None:
    check(sign(CLAIMS, algorithm), jwk(algorithm), algorithms=ALL)


def test_ed25519_is_eddsa_by_another_name() -> None:
    check(sign(CLAIMS, "EdDSA", header={"alg": "Ed25519"}), jwk("EdDSA", alg="EdDSA"))
    check(sign(CLAIMS, "EdDSA"), jwk("EdDSA", alg="Ed25519"))


@pytest.mark.parametrize("algorithm", ALL)
def test_a_signature_by_another_key_is_refused(algorithm: str) -> None:
    with pytest.raises(BadSignatureError, match=NONE_OF_THE_KEYS):
        check(sign(CLAIMS, algorithm, 1, {"kid": f"{algorithm}-0"}), jwk(algorithm), algorithms=ALL)


@pytest.mark.parametrize("part", [0, 1, 2])
@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
def test_a_change_of_any_part_is_refused(algorithm: str, part: int) -> None:
    parts = sign(CLAIMS, algorithm).split(".")
    parts[part] = (
        b64(base64.urlsafe_b64decode(parts[part] + "==").replace(b"}", b',"x":1}'))
        if part < 2
        else b64(bytes(len(base64.urlsafe_b64decode(parts[part] + "=="))))
    )
    with pytest.raises(BadSignatureError, match=NONE_OF_THE_KEYS):
        check(".".join(parts), jwk(algorithm))


@pytest.mark.parametrize("algorithm", ["none", "None", "nOnE", "NONE"])
@pytest.mark.parametrize("signature", ["", b64(b"x")], ids=["empty", "some"])
def test_alg_none_is_refused_in_every_spelling_r8725_03_f_054(algorithm: str, signature: str) -> None:
    unsigned = f"{b64(json.dumps({'alg': algorithm}).encode())}.{b64(json.dumps(CLAIMS).encode())}.{signature}"
    with pytest.raises(BadSignatureError, match=f"^is made with {algorithm}$"):
        check(unsigned, jwk())
    with pytest.raises(BadSignatureError, match=NONE_OF_THE_KEYS):
        check(unsigned, jwk(), algorithms=(algorithm,))


@pytest.mark.parametrize("algorithm", [None, 7, ["RS256"], {}, ""])
def test_an_algorithm_that_is_no_text_is_refused_r8725_01(algorithm: object) -> None:
    with pytest.raises(BadSignatureError, match=r"^is made with no algorithm$"):
        check(sign_bytes({"alg": algorithm}, json.dumps(CLAIMS).encode()), jwk())


def public_key_texts() -> dict[str, bytes]:
    key = private_key("RS256").public_key()
    return {
        "PEM": key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        "DER": key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        "PKCS1": key.public_bytes(Encoding.PEM, PublicFormat.PKCS1),
        "n": str(jwk()["n"]).encode(),
        "JWK": json.dumps(jwk()).encode(),
    }


@pytest.mark.parametrize("form", ["PEM", "DER", "PKCS1", "n", "JWK"])
@pytest.mark.parametrize("header", ["HS256", "RS256"])
@pytest.mark.parametrize("algorithms", [ALLOWED, ("HS256", "RS256")], ids=["allowed", "even if HS256 is allowed"])
def test_the_public_key_never_serves_as_an_hmac_secret_r8725_02_f_054(
    form: str, header: str, algorithms: tuple[str, ...]
) -> None:
    signed = f"{b64(json.dumps({'alg': header}).encode())}.{b64(json.dumps(CLAIMS).encode())}"
    forged = f"{signed}.{b64(hmac.digest(public_key_texts()[form], signed.encode(), hashlib.sha256))}"
    symmetric = {"kty": "oct", "k": b64(public_key_texts()[form]), "alg": "HS256"}
    with pytest.raises(BadSignatureError):
        check(forged, jwk(), symmetric, algorithms=algorithms)


def test_an_algorithm_that_the_caller_does_not_allow_is_refused_though_the_key_fits_r8725_01_ridt_07() -> None:
    with pytest.raises(BadSignatureError, match=r"^is made with RS512$"):
        check(sign(CLAIMS, "RS512"), jwk("RS512"))
    with pytest.raises(BadSignatureError, match=r"^is made with EdDSA$"):
        check(sign(CLAIMS, "EdDSA"), jwk("EdDSA"), algorithms=("RS256",))


@pytest.mark.parametrize(
    "critical",
    [["exp"], ["b64"], ["urn:example:unknown"], [], "exp", None],
    ids=["exp", "b64", "urn", "[]", "text", "null"],
)
def test_crit_is_refused_whatever_it_names_r8725_13_f_054(critical: object) -> None:
    text = sign_bytes({"alg": "RS256", "crit": critical, "exp": 1}, json.dumps(CLAIMS).encode())
    with pytest.raises(BadSignatureError, match=r"^depends on an extension that is not known \(crit\)$"):
        check(text, jwk())


@pytest.mark.parametrize(
    "header",
    [
        {"b64": False},
        {"b64": False, "crit": ["b64"]},
        {"b64": True},
        {"zip": "DEF"},
    ],
    ids=str,
)
def test_another_encoding_is_no_jwt_r8725_06_r8725_16_f_054(header: dict[str, Any]) -> None:
    bomb = zlib.compress(json.dumps({"a": "x" * 1_000_000}).encode())
    for payload in (json.dumps(CLAIMS).encode(), bomb):
        with pytest.raises(NotAJwtError):
            decode(sign_bytes({"alg": "RS256", **header}, payload))


def respelt(part: int, change: Callable[[str], str]) -> str:
    parts = sign(CLAIMS, "ES256").split(".")
    parts[part] = change(parts[part])
    return ".".join(parts)


def with_stray_bits(segment: str) -> str:
    """Spell the same octets with another last letter."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    octets = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    for letter in alphabet:
        other = segment[:-1] + letter
        if other != segment and base64.urlsafe_b64decode(other + "=" * (-len(other) % 4)) == octets:
            return other
    return segment + "A"  # no bits are to spare: a letter too many


@pytest.mark.parametrize("part", [0, 1, 2])
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda segment: segment + "=" * (-len(segment) % 4 or 4), id="padding"),
        pytest.param(lambda segment: segment + "\n", id="line break"),
        pytest.param(lambda segment: " " + segment, id="blank"),
        pytest.param(lambda segment: segment[:4] + "!" + segment[4:], id="letter that is none"),
        pytest.param(lambda segment: segment[:4] + "é" + segment[4:], id="letter beyond ASCII"),
        pytest.param(lambda segment: segment + "A" * (5 - len(segment) % 4), id="length that is none"),
        pytest.param(lambda segment: segment[:-1] + "+", id="the other base64"),
        pytest.param(with_stray_bits, id="stray bits"),
    ],
)
def test_a_part_that_is_not_canonical_base64url_is_no_jwt_r8725_16_f_057(
    part: int, change: Callable[[str], str]
) -> None:
    with pytest.raises(NotAJwtError):
        decode(respelt(part, change))


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "..",
        "opaque",
        "a.b",
        "a.b.c",
        "a.b.c.d.e",
        f"{sign(CLAIMS)}.",
        f".{sign(CLAIMS)}",
        f"{sign(CLAIMS)}.a.b",
        sign(CLAIMS).rpartition(".")[0],
        f"{b64(b'{}')}..",
        f"Bearer {sign(CLAIMS)}",
        json.dumps({"payload": "e30", "protected": "e30", "signature": "e30"}),
    ],
    ids=range(14),
)
def test_what_has_not_three_good_parts_is_no_jwt_f_057(text: str) -> None:
    with pytest.raises(NotAJwtError):
        decode(text)


@pytest.mark.parametrize(
    "octets",
    [
        b'{"iss": "a", "iss": "b"}',
        b'{"a": {"b": 1, "b": 2}}',
        b"[1]",
        b"null",
        b"text",
        b"\xff\xfe",
        '{"a": 1}'.encode("utf-16"),
        b'{"a": NaN}',
        b'{"exp": 1e999}',
        b'{"a": "\\ud800"}',
        b'{"a":' * 100_000,
    ],
    ids=range(11),
)
@pytest.mark.parametrize("part", ["header", "claims"])
def test_a_part_that_is_no_strict_json_object_is_no_jwt_r8725_07_r8725_14_r8725_15(part: str, octets: bytes) -> None:
    text = sign_bytes({"alg": "RS256"}, octets) if part == "claims" else sign_bytes(octets, b"{}")
    with pytest.raises(NotAJwtError, match=r"^a part of it is not a JSON object in base64url$"):
        decode(text)


@given(st.text(max_size=60) | st.text("eyJ0.-_=A1", max_size=60))
def test_no_text_raises_anything_but_not_a_jwt(text: str) -> None:
    with contextlib.suppress(NotAJwtError):
        assert decode(text).text == text


@pytest.mark.parametrize(
    "kid",
    ["../../../etc/passwd", "/dev/null", "' OR 1=1 --", "https://evil.example/jwks", "\0", "x" * 10_000],
    ids=range(6),
)
def test_kid_is_data_that_is_compared_and_nothing_else_r8725_10_f_054(kid: str) -> None:
    text = sign(CLAIMS, header={"kid": kid})
    assert fitting([jwk()], decode(text)) == []
    with pytest.raises(BadSignatureError, match=NONE_OF_THE_KEYS):
        check(text, jwk())
    check(text, jwk(kid=kid))


@pytest.mark.parametrize("name", ["jwk", "jku", "x5u", "x5c"])
def test_a_key_that_the_token_itself_brings_is_not_looked_at_r8725_10_f_054(name: str) -> None:
    brought = {
        "jwk": jwk("RS256", 1),
        "jku": "https://evil.example/jwks",
        "x5u": "https://evil.example/x",
        "x5c": ["x"],
    }
    text = sign(CLAIMS, "RS256", 1, header={"kid": None, name: brought[name]})
    with pytest.raises(BadSignatureError, match=NONE_OF_THE_KEYS):
        check(text, jwk())


@pytest.mark.parametrize("kid", [None, 7, ["RS256-0"], {}], ids=str)
def test_without_a_usable_kid_every_fitting_key_is_tried_ridt_25(kid: object) -> None:
    header = {"alg": "RS256"} if kid is None else {"alg": "RS256", "kid": kid}
    token = decode(sign_bytes(header, json.dumps(CLAIMS).encode()))
    assert token.kid is None
    assert fitting([jwk("RS256", 1), jwk("ES256"), jwk()], token) == [jwk("RS256", 1), jwk()]


def test_without_a_kid_the_second_key_serves_as_well_as_the_first_ridt_25() -> None:
    check(sign(CLAIMS, header={"kid": None}), jwk("RS256", 1), jwk())


DECOYS = [
    pytest.param({"kty": "EC"}, id="kty"),
    pytest.param({"kty": None}, id="no kty"),
    pytest.param({"kty": ["RSA"]}, id="kty is a list"),
    pytest.param({"use": "enc"}, id="use"),
    pytest.param({"use": ["sig"]}, id="use is a list"),
    pytest.param({"key_ops": ["encrypt"]}, id="key_ops"),
    pytest.param({"key_ops": []}, id="key_ops empty"),
    pytest.param({"key_ops": 7}, id="key_ops is a number"),
    pytest.param({"key_ops": "verify"}, id="key_ops is text"),
    pytest.param({"alg": "PS256"}, id="alg"),
    pytest.param({"alg": ["RS256"]}, id="alg is a list"),
    pytest.param({"alg": 7}, id="alg is a number"),
    pytest.param({"kid": "other"}, id="kid"),
    pytest.param({"kid": None}, id="no kid"),
    pytest.param({"d": "AQAB"}, id="d"),
    pytest.param({"n": 7}, id="n is a number"),
    pytest.param({"n": None}, id="no n"),
    pytest.param({"n": ""}, id="n is empty"),
    pytest.param({"n": "é"}, id="n is not ASCII"),
    pytest.param({"e": "AQ"}, id="e is 1"),
    pytest.param({"e": None}, id="no e"),
]


@pytest.mark.parametrize("wrong", DECOYS)
def test_a_bad_key_proves_nothing_and_harms_no_good_one_ridt_27_f_055(wrong: dict[str, Any]) -> None:
    decoy = {name: value for name, value in {**jwk(), **wrong}.items() if value is not None}
    with pytest.raises(BadSignatureError, match=NONE_OF_THE_KEYS):
        check(sign(CLAIMS), decoy)
    check(sign(CLAIMS), decoy, jwk())


def test_a_private_key_in_a_public_place_proves_nothing_f_055() -> None:
    for algorithm in ("RS256", "ES256", "EdDSA"):
        published = jwk(algorithm, private=True)
        with pytest.raises(BadSignatureError, match=NONE_OF_THE_KEYS):
            check(sign(CLAIMS, algorithm), {**published, "kid": f"{algorithm}-0", "key_ops": ["verify"]})


def test_a_key_is_used_for_the_algorithm_that_it_names_and_no_other_r8725_02() -> None:
    check(sign(CLAIMS, "PS256", header={"kid": None}), jwk("PS256", alg="PS256"))
    token = decode(sign(CLAIMS, "RS256", header={"kid": None}))
    assert fitting([jwk(alg="PS256"), jwk(alg="RS512")], token) == []


def test_an_rsa_key_below_2048_bits_proves_nothing_r8725_05_f_055() -> None:
    text = sign(CLAIMS, "RS256-weak", header={"alg": "RS256"})
    with pytest.raises(BadSignatureError, match=NONE_OF_THE_KEYS):
        check(text, jwk("RS256-weak"))


@pytest.mark.parametrize(
    "wrong",
    [{"x": b64(b"\1" * 32)}, {"x": b64(b"\0")}, {"y": None}, {"x": 7}, {"crv": "P-384"}, {"crv": "secp256k1"}],
    ids=["off the curve", "too short", "no y", "number", "another curve", "a curve of no algorithm"],
)
def test_an_ec_key_off_its_curve_proves_nothing_r8725_05(wrong: dict[str, Any]) -> None:
    key = {name: value for name, value in {**jwk("ES256"), **wrong}.items() if value is not None}
    with pytest.raises(BadSignatureError, match=NONE_OF_THE_KEYS):
        check(sign(CLAIMS, "ES256"), key)


@pytest.mark.parametrize("signature", [bytes(64), b"", bytes(63), bytes(1000)], ids=["(0,0)", "empty", "short", "long"])
def test_a_signature_of_nothing_is_refused_f_054(signature: bytes) -> None:
    text = f"{sign(CLAIMS, 'ES256').rpartition('.')[0]}.{b64(signature)}"
    with pytest.raises(BadSignatureError, match=NONE_OF_THE_KEYS):
        check(text, jwk("ES256"))


def test_an_es256_token_is_not_checked_with_a_key_of_another_curve() -> None:
    assert fitting([jwk("ES384", kid="k")], decode(sign(CLAIMS, "ES256", header={"kid": "k"}))) == []


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=2))
NAMES = st.sampled_from(["kty", "use", "key_ops", "alg", "kid", "crv", "n", "e", "x", "y"])


@given(st.dictionaries(NAMES, JSON), st.sampled_from(["RS256", "ES256", "EdDSA"]))
def test_no_key_raises_anything_but_bad_signature_f_055(odd: dict[str, Any], algorithm: str) -> None:
    token = decode(sign(CLAIMS, algorithm, 1, {"kid": None}))
    with pytest.raises(BadSignatureError):
        check_signature(token, [{**jwk(algorithm), **odd}, odd], ALLOWED)
