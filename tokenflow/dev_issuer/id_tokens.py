"""Fill in what Authlib asks for when it makes an ID token (OpenID Connect Core, section 2)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from authlib.oidc.core.grants import OpenIDCode, OpenIDToken

if TYPE_CHECKING:
    from joserfc.jwk import ECKey, RSAKey

    from tokenflow.dev_issuer.clients import DevClient
    from tokenflow.dev_issuer.realm import Realm
    from tokenflow.dev_issuer.records import SignIn
    from tokenflow.dev_issuer.untyped import AuthlibRequest


class IdTokens:
    """Key, header and claims of an ID token, for the grants and extensions that Authlib lets make one."""

    realm: Realm

    def resolve_client_private_key(self, client: DevClient) -> RSAKey | ECKey:
        """Return the key that signs the client's ID tokens."""
        return self.realm.keys.private_key(client.id_token_signed_response_alg)

    def get_encode_header(self, client: DevClient) -> dict[str, Any]:
        """Return the JOSE header: Authlib's has no `kid`, and two keys are published."""
        return self.realm.keys.header(client.id_token_signed_response_alg, "JWT")

    def get_compatible_claims(self, request: AuthlibRequest) -> dict[str, Any]:
        """Return the claims that do not depend on the flow; `auth_time` is the sign-in's, also after a refresh."""
        now = int(time.time())
        return {
            "iss": self.realm.issuer,
            "aud": request.client.client_id,
            "iat": now,
            "exp": now + self.realm.id_token_lifetime,
            "auth_time": request.user.auth_time,
        }

    def generate_user_info(self, sign_in: SignIn, scope: str) -> dict[str, Any]:
        """Return the user's claims."""
        return sign_in.user.claims(scope)

    def exists_nonce(self, _nonce: str, _request: object) -> bool:
        """Return False: a nonce guards the client, which checks it; this server sees a request twice (GET, POST)."""
        return False


class CodeIdTokens(IdTokens, OpenIDCode):  # type: ignore[misc]  # Authlib ships no types
    """Add the ID token to the answer for a code."""

    def __init__(self, realm: Realm) -> None:
        super().__init__(require_nonce=False)
        self.realm = realm


class LaterIdTokens(IdTokens, OpenIDToken):  # type: ignore[misc]  # Authlib ships no types
    """Add the ID token to the answer for a refresh token or a device code."""

    def __init__(self, realm: Realm) -> None:
        self.realm = realm
