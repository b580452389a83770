"""Signed JWTs in compact form (RFC 7515), by PyJWT, with the checks that RFC 8725 adds. Not for the quick path."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from typing import Any, Final, final

import jwt
from jwt.algorithms import OKPAlgorithm

from tokenflow.protocol.strict_json import json_object

Jwk = dict[str, Any]

_SEGMENT: Final = re.compile(r"[A-Za-z0-9_-]+\Z")
_SEGMENTS: Final = 3
_SMALLEST_RSA: Final = 2048  # bits, RFC 8725 section 3.5
# Algorithm -> key type and curve. A key is used with no other algorithm (RFC 8725 section 3.1).
_KEY_KINDS: Final[dict[str, tuple[str, str | None]]] = {
    **{f"{family}{size}": ("RSA", None) for family in ("RS", "PS") for size in (256, 384, 512)},
    "ES256": ("EC", "P-256"),
    "ES384": ("EC", "P-384"),
    "ES512": ("EC", "P-521"),
    "EdDSA": ("OKP", "Ed25519"),
    "Ed25519": ("OKP", "Ed25519"),  # RFC 9864's name of the same algorithm
}
_JWS: Final = jwt.PyJWS()
_JWS.register_algorithm("Ed25519", OKPAlgorithm())


class NotAJwtError(ValueError):
    """The text is not a signed JWT in compact form."""


class BadSignatureError(ValueError):
    """No key made this signature."""


@final
@dataclass(frozen=True, slots=True)
class Jwt:
    """A decoded JWT whose signature nobody has checked yet."""

    text: str = field(repr=False)
    header: dict[str, Any]
    claims: dict[str, Any] = field(repr=False)

    @property
    def algorithm(self) -> str:
        """The algorithm that the header names; it is compared with an allow-list, never obeyed."""
        value = self.header.get("alg")
        return value if isinstance(value, str) else ""

    @property
    def kid(self) -> str | None:
        """The key that the header names: data, never a path or an address (RFC 8725 section 3.10)."""
        value = self.header.get("kid")
        return value if isinstance(value, str) else None


def decode(text: str) -> Jwt:
    """Take a JWT apart.

    Raises:
        NotAJwtError: it is none, or one in a form that nobody should send (RFC 7515 sections 2 and 7.1).
    """
    segments = text.split(".")
    if len(segments) != _SEGMENTS:
        raise NotAJwtError("a JWT has three parts")
    header, claims = _members(segments[0]), _members(segments[1])
    if "b64" in header or "zip" in header:
        raise NotAJwtError("its header asks for a form that is not taken")
    if segments[2]:  # empty where nobody signed (`alg: none`), which `check_signature` refuses in its own words
        _part(segments[2])
    return Jwt(text, header, claims)


def _members(segment: str) -> dict[str, Any]:
    decoded = _part(segment)
    try:
        return json_object(decoded)
    except ValueError:
        raise NotAJwtError("a part of it is not a JSON object in base64url") from None


def _part(segment: str) -> bytes:
    """Decode one part; PyJWT would pass over padding, blanks and stray bits in a signature."""
    if not _SEGMENT.match(segment) or len(segment) % 4 == 1:
        raise NotAJwtError("a part of it is not base64url")
    decoded = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    if base64.urlsafe_b64encode(decoded).rstrip(b"=").decode() != segment:
        raise NotAJwtError("a part of it is not canonical base64url")
    return decoded


def fitting(keys: list[Jwk], token: Jwt) -> list[Jwk]:
    """Return the keys that may have signed the token: by key type, curve, use, algorithm and `kid`."""
    kind = _KEY_KINDS.get(token.algorithm)
    return [key for key in keys if kind and _fits(key, token, kind)]


def _fits(key: Jwk, token: Jwt, kind: tuple[str, str | None]) -> bool:
    family, curve = kind
    aliases = ("EdDSA", "Ed25519") if family == "OKP" else (token.algorithm,)
    operations = key.get("key_ops", ["verify"])
    return (
        key.get("kty") == family
        and (curve is None or key.get("crv") == curve)
        and key.get("use", "sig") == "sig"
        and isinstance(operations, list)
        and "verify" in operations
        and key.get("alg", token.algorithm) in aliases
        and (token.kid is None or key.get("kid") == token.kid)
        and "d" not in key  # a private key in a public place is nobody's proof of anything
    )


def check_signature(token: Jwt, keys: list[Jwk], algorithms: tuple[str, ...]) -> None:
    """Check the signature with one of `keys`.

    Raises:
        BadSignatureError: the algorithm is not one of `algorithms`, an extension is unknown, or no key fits.
    """
    allowed = {*algorithms, *(("Ed25519",) if "EdDSA" in algorithms else ())}
    if token.algorithm not in allowed:
        raise BadSignatureError(f"is made with {token.algorithm or 'no algorithm'}")
    if "crit" in token.header:
        raise BadSignatureError("depends on an extension that is not known (crit)")
    if not any(_made_by(key, token) for key in fitting(keys, token)):
        raise BadSignatureError("was made by none of the server's keys")


def _made_by(key: Jwk, token: Jwt) -> bool:
    try:
        algorithm = _JWS.get_algorithm_by_name(token.algorithm)
        material = algorithm.from_jwk(key)
        if key["kty"] == "RSA" and material.key_size < _SMALLEST_RSA:
            return False
        _JWS.decode_complete(token.text, material, algorithms=[token.algorithm])
    except (jwt.PyJWTError, ValueError, TypeError, KeyError):
        return False
    return True
