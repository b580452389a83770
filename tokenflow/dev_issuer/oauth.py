"""Authlib's authorization server, with the grants, extensions and endpoints of this issuer registered in it.

Authlib checks the address of every request and accepts plain http where the host is a loopback one. This server answers
under no other (it is bound to 127.0.0.1 and checks the Host header), so AUTHLIB_INSECURE_TRANSPORT is not touched.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from authlib.integrations.flask_oauth2 import AuthorizationServer

from tokenflow.dev_issuer import authorization_grants, client_authentication, endpoints, token_grants
from tokenflow.dev_issuer.answers import answer, mode_of
from tokenflow.dev_issuer.id_tokens import CodeIdTokens, LaterIdTokens
from tokenflow.dev_issuer.pkce import RequiredS256

if TYPE_CHECKING:
    from collections.abc import Iterable

    from authlib.oauth2 import OAuth2Error

    from tokenflow.dev_issuer.clients import DevClient
    from tokenflow.dev_issuer.realm import Realm
    from tokenflow.dev_issuer.untyped import AuthlibRequest, AuthlibResponse

# Authlib's grants log the tokens they issue, at DEBUG. These are the loggers that do.
for _name in (
    "authlib.oauth2.rfc6749.grants.authorization_code",
    "authlib.oauth2.rfc6749.grants.client_credentials",
    "authlib.oauth2.rfc6749.grants.implicit",
    "authlib.oauth2.rfc6749.grants.refresh_token",
    "authlib.oauth2.rfc6749.grants.resource_owner_password_credentials",
    "authlib.oauth2.rfc8628.device_code",
    "authlib.oidc.core.grants.hybrid",
    "authlib.oidc.core.grants.implicit",
):
    logging.getLogger(_name).setLevel(logging.INFO)


class OAuthServer(AuthorizationServer):  # type: ignore[misc]  # Authlib ships no types
    """The protocol half of the development issuer; `realm` is what it knows."""

    def __init__(self, realm: Realm) -> None:
        super().__init__()
        self.realm = realm
        self._register_grants()
        for endpoint in (
            endpoints.Introspection,
            endpoints.Revocation,
            endpoints.DeviceAuthorization,
            endpoints.EndSession,
        ):
            self.register_endpoint(endpoint)

    def query_client(self, client_id: str) -> DevClient | None:
        """Return a registered client."""
        return self.realm.client(client_id)

    def save_token(self, token: object, request: object) -> None:
        """Do nothing: `minting` remembers what it makes."""

    def authenticate_client(
        self, request: AuthlibRequest, methods: Iterable[str], endpoint: str = "token"
    ) -> DevClient:
        """Return the client that sent the request."""
        return client_authentication.authenticate(self.realm, request, methods, endpoint)

    def signed_off(self, request: AuthlibRequest, parameters: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """Return the parameters of an authorization answer with `state`, and with `iss` (RFC 9207)."""
        state = request.payload.state
        return [*parameters, *([("state", state)] if state else []), ("iss", self.realm.issuer)]

    def handle_error_response(self, request: AuthlibRequest, error: OAuth2Error) -> AuthlibResponse:
        """Send an error back to the client in its response mode; without a redirect URI, as JSON."""
        if not error.redirect_uri:
            return super().handle_error_response(request, error)
        error.state = None  # signed_off adds it
        parameters = self.signed_off(request, error.get_body())
        return self.handle_response(*answer(error.redirect_uri, parameters, mode=mode_of(request.payload)))

    def _register_grants(self) -> None:
        self.register_grant(token_grants.ClientCredentials)
        self.register_grant(token_grants.Password)
        self.register_grant(token_grants.RefreshToken, [LaterIdTokens(self.realm)])
        self.register_grant(token_grants.DeviceCode, [LaterIdTokens(self.realm)])
        self.register_grant(authorization_grants.AuthorizationCode, [RequiredS256(), CodeIdTokens(self.realm)])
        self.register_grant(authorization_grants.PlainImplicit)
        self.register_grant(authorization_grants.OpenIDImplicit)
        self.register_grant(authorization_grants.Hybrid, [RequiredS256()])
