"""An authorization server's metadata (RFC 8414 section 2, OpenID Connect Discovery section 3) as a frozen value."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Final, final


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ServerMetadata:
    """What is known of a server; None where it does not say. The members have RFC 8414's names."""

    issuer: str | None = None
    authorization_endpoint: str | None = None
    token_endpoint: str | None = None
    jwks_uri: str | None = None
    registration_endpoint: str | None = None
    userinfo_endpoint: str | None = None
    introspection_endpoint: str | None = None
    revocation_endpoint: str | None = None
    end_session_endpoint: str | None = None
    device_authorization_endpoint: str | None = None
    backchannel_authentication_endpoint: str | None = None
    pushed_authorization_request_endpoint: str | None = None
    mtls_endpoint_aliases: tuple[tuple[str, str], ...] | None = None
    grant_types_supported: tuple[str, ...] | None = None
    scopes_supported: tuple[str, ...] | None = None
    response_types_supported: tuple[str, ...] | None = None
    response_modes_supported: tuple[str, ...] | None = None
    token_endpoint_auth_methods_supported: tuple[str, ...] | None = None
    token_endpoint_auth_signing_alg_values_supported: tuple[str, ...] | None = None
    id_token_signing_alg_values_supported: tuple[str, ...] | None = None
    code_challenge_methods_supported: tuple[str, ...] | None = None
    dpop_signing_alg_values_supported: tuple[str, ...] | None = None
    authorization_response_iss_parameter_supported: bool | None = None
    require_pushed_authorization_requests: bool | None = None

    def overlaid_by(self, other: ServerMetadata) -> ServerMetadata:
        """Return this with every member that `other` has put in its place."""
        said = {name: getattr(other, name) for name in MEMBERS if getattr(other, name) is not None}
        return replace(self, **said)


NOTHING_KNOWN: Final = ServerMetadata()
MEMBERS: Final = tuple(field.name for field in fields(ServerMetadata))
ENDPOINTS: Final = tuple(name for name in MEMBERS if name.endswith("_endpoint") or name == "jwks_uri")
LISTS: Final = tuple(name for name in MEMBERS if name.endswith("s_supported"))
FLAGS: Final = ("authorization_response_iss_parameter_supported", "require_pushed_authorization_requests")
