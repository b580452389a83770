"""One example server and one example client, for tests of the protocol."""

from __future__ import annotations

import json
from typing import Any, Final

from support.walking import NOW

from tokenflow.metadata import ServerMetadata
from tokenflow.profile import Client, Profile
from tokenflow.protocol.messages import HttpResponse
from tokenflow.secret import Secret

ISSUER: Final = "https://as.example"
TOKEN: Final = f"{ISSUER}/token"
JWKS: Final = f"{ISSUER}/jwks"
METADATA: Final = f"{ISSUER}/.well-known/openid-configuration"
WRITTEN: Final = ServerMetadata(token_endpoint=TOKEN, jwks_uri=JWKS)
SERVER: Final = ServerMetadata(issuer=ISSUER, token_endpoint=TOKEN, jwks_uri=JWKS)
SECRET: Final = "canary-s3cret"
API: Final = "https://api.example"


def service(**changes: Any) -> Profile:
    """Make a service's profile whose endpoints are written out, so that nothing is discovered."""
    made: dict[str, Any] = {
        "app_type": "service",
        "issuer": ISSUER,
        "metadata": WRITTEN,
        "client": Client(id="reports", secret=Secret(SECRET)),
    }
    return Profile(**(made | changes))


def answer(status: int = 200, body: bytes = b"", **headers: str) -> HttpResponse:
    """Make an answer; a header's name is written with underscores."""
    return HttpResponse(
        status=status, headers=tuple((name.replace("_", "-"), value) for name, value in headers.items()), body=body
    )


def json_answer(members: Any, status: int = 200, **headers: str) -> HttpResponse:
    """Make a JSON answer."""
    return answer(status, json.dumps(members).encode(), **{"content_type": "application/json", **headers})


def token_answer(**members: Any) -> HttpResponse:
    """Make a good token answer; a member that is None is left out."""
    said = {"access_token": "at-1", "token_type": "Bearer", "expires_in": 3600, **members}
    return json_answer({name: value for name, value in said.items() if value is not None})


def access_claims(**changes: Any) -> dict[str, Any]:
    """Write the claims of a good RFC 9068 access token; a claim that is None is left out."""
    claims = {
        "iss": ISSUER,
        "aud": API,
        "sub": "reports",
        "client_id": "reports",
        "iat": int(NOW),
        "exp": int(NOW) + 3600,
        "jti": "1",
        **changes,
    }
    return {name: value for name, value in claims.items() if value is not None}


def id_claims(**changes: Any) -> dict[str, Any]:
    """Write the claims of a good ID token; a claim that is None is left out."""
    return access_claims(**{"aud": "reports", "sub": "alice", "client_id": None, "jti": None, **changes})
