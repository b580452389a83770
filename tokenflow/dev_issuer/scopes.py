"""The scopes that this server knows."""

from __future__ import annotations

API_SCOPE = "itwin-platform"
OFFLINE_ACCESS = "offline_access"
IDENTITY_SCOPES = ("openid", "profile", "email")
KNOWN_SCOPES = (*IDENTITY_SCOPES, OFFLINE_ACCESS, API_SCOPE)

# These speak of a person; there is none behind client_credentials.
PERSONAL_SCOPES = frozenset({*IDENTITY_SCOPES, OFFLINE_ACCESS})
