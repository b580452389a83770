"""What an app type means: one table, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, final


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class AppType:
    """One row of the table: the flow that an app type means, the others that it allows, and what it needs."""

    summary: str
    default_flow: str
    other_flows: tuple[str, ...] = ()
    needs_client_authentication: bool = False
    needs_redirect_uri: bool = False

    @property
    def flows(self) -> tuple[str, ...]:
        """Every flow that this app type allows, the default first."""
        return (self.default_flow, *self.other_flows)


APP_TYPES: Final[dict[str, AppType]] = {
    "web": AppType(
        summary="browser front end",
        default_flow="authorization_code",
        other_flows=("implicit", "hybrid", "ciba"),
        needs_redirect_uri=True,
    ),
    "service": AppType(
        summary="service that acts as itself",
        default_flow="client_credentials",
        other_flows=("jwt_bearer", "saml2_bearer", "token_exchange", "refresh_token", "ciba", "extension"),
        needs_client_authentication=True,
    ),
    "agent": AppType(
        summary="agent that acts as a service user",
        default_flow="password",
        other_flows=("client_credentials", "saml2_bearer", "token_exchange", "refresh_token", "ciba", "extension"),
        needs_client_authentication=True,
    ),
    "desktop": AppType(
        summary="desktop app",
        default_flow="authorization_code",
        other_flows=("device_code", "refresh_token"),
    ),
    "mobile": AppType(
        summary="mobile app",
        default_flow="authorization_code",
        other_flows=("device_code", "refresh_token"),
        needs_redirect_uri=True,
    ),
    "device": AppType(
        summary="device without a browser",
        default_flow="device_code",
        other_flows=("ciba", "refresh_token"),
    ),
    "workload": AppType(
        summary="workload with the identity of the place it runs in",
        default_flow="token_exchange",
        other_flows=("jwt_bearer", "client_credentials"),
    ),
}
