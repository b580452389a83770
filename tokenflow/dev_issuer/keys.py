"""The issuer's signing keys: one RSA, one elliptic-curve key, made at start and known to nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokenflow.dev_issuer.clients import Algorithm


class SigningKeys:
    """Sign with either key; publish both."""

    def __init__(self) -> None:
        self._keys: dict[Algorithm, RSAKey | ECKey] = {
            "RS256": RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, auto_kid=True),
            "ES256": ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"}, auto_kid=True),
        }

    def private_key(self, alg: Algorithm) -> RSAKey | ECKey:
        """Return the key that signs by `alg`."""
        return self._keys[alg]

    def header(self, alg: Algorithm, typ: str) -> dict[str, Any]:
        """Return the JOSE header of a token that is signed by `alg`."""
        return {"alg": alg, "kid": self._keys[alg].kid, "typ": typ}

    def sign(self, claims: Mapping[str, Any], *, alg: Algorithm, typ: str) -> str:
        """Return `claims` as a signed JWT of the given type (RFC 7515, 4.1.9)."""
        return jwt.encode(self.header(alg, typ), dict(claims), self._keys[alg], [alg])

    def key_set(self) -> KeySet:
        """Return both keys, to verify what was signed here."""
        return KeySet(list(self._keys.values()))

    def public_jwks(self) -> dict[str, Any]:
        """Return the JWK Set to publish (RFC 7517, section 5): no private member is in it."""
        return {"keys": [key.as_dict(private=False) for key in self._keys.values()]}
