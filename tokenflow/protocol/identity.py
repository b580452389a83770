"""Whose token it is: the key under which the store keeps it."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final

from tokenflow.profile import ForeignToken, Profile, Reference, SecretValue

_VERSION: Final = 1


def identity(profile: Profile) -> str:
    """Return a digest of all that decides which token comes back, and of no secret's value.

    Two profiles that say the same share a token, whatever their files are called.
    """
    deciding = json.dumps([_VERSION, described(profile)], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(deciding.encode()).hexdigest()


def described(profile: Profile) -> dict[str, Any]:
    """Return the deciding values by name; a secret is described by where it comes from."""
    return {
        "issuer": profile.issuer,
        "token_endpoint": profile.metadata.token_endpoint,
        "client_id": profile.client.id,
        "flow": profile.flow,
        "user": profile.user.name if profile.user else None,
        "scopes": sorted(profile.scopes),
        "audience": sorted(profile.audience),
        "resource": sorted(profile.resource),
        "grant_type": profile.token.grant_type,
        "extra": sorted((name, _origin(value)) for name, value in profile.token.extra),
        "refresh_token": _origin(profile.refresh_token),
        "subject_token": _foreign(profile.subject_token),
        "actor_token": _foreign(profile.actor_token),
        "requested_token_type": profile.requested_token_type,
        "acr_values": profile.authorization.acr_values,
        "dpop": profile.dpop,
    }


def _origin(value: SecretValue | None) -> str | None:
    if value is None:
        return None
    if isinstance(value, Reference):
        return repr(value.source)
    return "written out"


def _foreign(token: ForeignToken | None) -> list[str | None] | None:
    return [_origin(token.source), token.profile, token.ambient, token.type] if token else None
