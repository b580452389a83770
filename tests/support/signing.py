"""Keys, made once a session, and JWTs, well-formed or not."""

from __future__ import annotations

import base64
import json
from functools import cache
from typing import TYPE_CHECKING, Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

if TYPE_CHECKING:
    from collections.abc import Mapping

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
_CURVES = {"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1(), "ES512": ec.SECP521R1()}


@cache
def private_key(algorithm: str, number: int = 0) -> PrivateKey:
    """Return the session's key for an algorithm; another `number` is another key."""
    del number
    if algorithm in _CURVES:
        return ec.generate_private_key(_CURVES[algorithm])
    if algorithm in ("EdDSA", "Ed25519"):
        return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(65537, 1024 if algorithm == "RS256-weak" else 2048)


def jwk(algorithm: str = "RS256", number: int = 0, *, private: bool = False, **members: Any) -> dict[str, Any]:
    """Write the session's public key for `algorithm` as a JWK; a member that is None is left out."""
    key = private_key(algorithm, number)
    written = _maker(algorithm).to_jwk(key if private else key.public_key(), as_dict=True)
    members = {**written, "kid": f"{algorithm}-{number}", **members}
    return {name: value for name, value in members.items() if value is not None}


def jwks(*keys: Any) -> bytes:
    """Write a key set."""
    return json.dumps({"keys": list(keys)}).encode()


def sign(
    claims: Mapping[str, Any], algorithm: str = "RS256", number: int = 0, header: Mapping[str, Any] | None = None
) -> str:
    """Make a JWT with the session's key; a header member that is None is left out."""
    members = {"kid": f"{algorithm}-{number}", "alg": algorithm, **(header or {})}
    return sign_bytes(
        {name: value for name, value in members.items() if value is not None},
        json.dumps(claims).encode(),
        algorithm,
        number,
    )


def sign_bytes(header: Mapping[str, Any] | bytes, payload: bytes, algorithm: str = "RS256", number: int = 0) -> str:
    """Sign whatever is given, JSON or not, with a header that says whatever is given."""
    first = header if isinstance(header, bytes) else json.dumps(header).encode()
    signed = f"{b64(first)}.{b64(payload)}"
    return f"{signed}.{b64(_maker(algorithm).sign(signed.encode(), private_key(algorithm, number)))}"


def forged(header: Mapping[str, Any], claims: Mapping[str, Any], signature: str = "") -> str:
    """Make a JWT with a signature out of thin air."""
    return f"{b64(json.dumps(header).encode())}.{b64(json.dumps(claims).encode())}.{signature}"


def _maker(algorithm: str) -> Any:
    name = "EdDSA" if algorithm == "Ed25519" else algorithm.removesuffix("-weak")
    return jwt.PyJWS().get_algorithm_by_name(name)


def b64(octets: bytes) -> str:
    """Encode as base64url without padding (RFC 7515 section 2)."""
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()
