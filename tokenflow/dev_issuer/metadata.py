"""The discovery document (RFC 8414, OpenID Connect Discovery): what this issuer can do, and nothing that it cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tokenflow.dev_issuer.answers import RESPONSE_MODES
from tokenflow.dev_issuer.clients import CODE_TYPES, DEVICE_CODE, HYBRID_TYPES, IMPLICIT_TYPES, SECRET_METHODS
from tokenflow.dev_issuer.endpoints import ANY_METHOD
from tokenflow.dev_issuer.interaction import PROMPTS
from tokenflow.dev_issuer.scopes import KNOWN_SCOPES

if TYPE_CHECKING:
    from tokenflow.dev_issuer.realm import Realm

ALGORITHMS = ("RS256", "ES256")


def document(realm: Realm) -> dict[str, Any]:
    """Return the metadata, the same for both well-known addresses."""
    return {
        "issuer": realm.issuer,
        "authorization_endpoint": realm.endpoint("/authorize"),
        "token_endpoint": realm.endpoint("/token"),
        "jwks_uri": realm.endpoint("/jwks"),
        "userinfo_endpoint": realm.endpoint("/userinfo"),
        "introspection_endpoint": realm.endpoint("/introspect"),
        "revocation_endpoint": realm.endpoint("/revoke"),
        "device_authorization_endpoint": realm.endpoint("/device_authorization"),
        "end_session_endpoint": realm.endpoint("/end-session"),
        "scopes_supported": list(KNOWN_SCOPES),
        "response_types_supported": [*CODE_TYPES, *IMPLICIT_TYPES, *HYBRID_TYPES],
        "response_modes_supported": list(RESPONSE_MODES),
        "grant_types_supported": [
            "authorization_code",
            "client_credentials",
            "implicit",
            "password",
            "refresh_token",
            DEVICE_CODE,
        ],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": list(ALGORITHMS),
        "token_endpoint_auth_methods_supported": list(ANY_METHOD),
        "introspection_endpoint_auth_methods_supported": list(SECRET_METHODS),
        "revocation_endpoint_auth_methods_supported": list(ANY_METHOD),
        "code_challenge_methods_supported": ["S256"],
        "claims_supported": ["sub", "name", "preferred_username", "email", "email_verified", "auth_time"],
        "prompt_values_supported": list(PROMPTS),
        "authorization_response_iss_parameter_supported": True,
        "claims_parameter_supported": False,
        "request_parameter_supported": False,
        # Left out, this one would mean true.
        "request_uri_parameter_supported": False,
    }
