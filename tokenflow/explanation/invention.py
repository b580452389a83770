"""The answers that a rehearsal makes up: those of a plausible server, with everything that a flow may go on to use."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from tokenflow.metadata import ENDPOINTS
from tokenflow.protocol.messages import HttpResponse

if TYPE_CHECKING:
    from tokenflow.profile import Profile

NOW: Final = 1_800_000_000.0  # Unix time at which every rehearsal happens
LIFETIME: Final = 3600  # seconds
SOMEWHERE: Final = "https://tokenflow.invalid"  # stands for a server that was not asked
SOME_PORT: Final = "http://127.0.0.1:0"  # stands for the embedded issuer's address


def metadata_answer(issuer: str) -> HttpResponse:
    """Make a metadata document that has every endpoint, none of them a real address."""
    return _json({"issuer": issuer, **{name: f"{SOMEWHERE}/{name}" for name in ENDPOINTS}})


def keys_answer() -> HttpResponse:
    """Make a key set: without a key, for nothing here is signed."""
    return _json({"keys": []})


def token_answer(profile: Profile) -> HttpResponse:
    """Make a token answer.

    The token looks like a JWT of the issuer, so that the flow goes on to fetch the keys where it would for a real one.
    """
    members = {"access_token": _jwt(profile), "token_type": "Bearer", "expires_in": LIFETIME}
    if profile.token.response == "form":
        return HttpResponse(status=200, body=urlencode(members).encode())
    return _json(members)


def _jwt(profile: Profile) -> str:
    header = {"alg": profile.verify.algorithms[0], "typ": "at+jwt", "kid": "made-up"}
    issuer = profile.metadata.issuer or profile.issuer or SOMEWHERE
    audience = [*profile.verify.audience, *profile.audience, *profile.resource] or ["made-up"]
    times = {"iat": int(NOW), "exp": int(NOW) + LIFETIME}
    claims = {"iss": issuer, "sub": "made-up", "client_id": profile.client.id, "aud": audience, "jti": "1", **times}
    return f"{_part(header)}.{_part(claims)}.bWFkZS11cA"


def _part(members: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(members).encode()).decode().rstrip("=")


def _json(members: dict[str, Any]) -> HttpResponse:
    headers = (("content-type", "application/json"),)
    return HttpResponse(status=200, headers=headers, body=json.dumps(members).encode())
