"""Whose token it is: the key under which the store keeps it."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final

from tokenflow.profile import Assertion, ForeignToken, Profile, Reference, SecretValue
from tokenflow.secret import Secret

_VERSION: Final = 1


def identity(profile: Profile) -> str:
    """Return a digest of all that decides which token comes back, and of no secret's value.

    Two profiles that say the same share a token, whatever their files are called.
    """
    deciding = json.dumps([_VERSION, described(profile)], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(deciding.encode()).hexdigest()


def described(profile: Profile) -> dict[str, Any]:
    """Return the deciding values by name; a secret is described by where it comes from."""
    extra = profile.token.extra
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
        # What is written out under `extra` is public by that (a secret is a reference), and it decides.
        "extra": sorted((name, v.reveal() if isinstance(v, Secret) else repr(v.source)) for name, v in extra),
        "refresh_token": _origin(profile.refresh_token, profile),
        "subject_token": _foreign(profile.subject_token, profile),
        "actor_token": _foreign(profile.actor_token, profile),
        "assertion": _foreign(profile.assertion, profile),
        "requested_token_type": profile.requested_token_type,
        "acr_values": profile.authorization.acr_values,
        "dpop": profile.dpop,
    }


def _origin(value: SecretValue | None, profile: Profile) -> str | None:
    """Say where a secret comes from: one that is written out belongs to the file that it stands in."""
    if isinstance(value, Reference):
        return repr(value.source)
    return None if value is None else f"written out in {profile.source or profile.name}"


def _foreign(token: ForeignToken | Assertion | None, profile: Profile) -> list[str | None] | None:
    if token is None:
        return None
    kind = token.type if isinstance(token, ForeignToken) else f"{token.issuer} {token.subject} {token.audience}"
    return [_origin(token.source, profile), token.profile, token.ambient, kind]
