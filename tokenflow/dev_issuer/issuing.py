"""What every grant here has in common: who may authenticate how, which scope may be had, and how tokens are made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from authlib.oauth2.rfc6749 import InvalidScopeError

from tokenflow.dev_issuer import requested
from tokenflow.dev_issuer.minting import Order, mint
from tokenflow.dev_issuer.records import Authorization

if TYPE_CHECKING:
    from tokenflow.dev_issuer.clients import DevClient
    from tokenflow.dev_issuer.realm import Realm
    from tokenflow.dev_issuer.records import SignIn
    from tokenflow.dev_issuer.untyped import AuthlibRequest, AuthlibServer


class Issuing:
    """Stands in front of an Authlib grant class and takes over scopes and token making."""

    TOKEN_ENDPOINT_AUTH_METHODS: ClassVar = ["client_secret_basic", "client_secret_post", "none"]

    # Set by Authlib's BaseGrant.
    request: AuthlibRequest
    server: AuthlibServer

    def __init__(self, request: AuthlibRequest, server: AuthlibServer) -> None:
        super().__init__(request, server)  # type: ignore[call-arg]  # the Authlib class that stands behind
        self.realm: Realm = server.realm

    def validate_requested_scope(self) -> None:
        """Refuse a scope that the client may not have."""
        client: DevClient = self.request.client
        if client.get_allowed_scope(self.request.payload.scope) is None:
            raise InvalidScopeError

    def generate_token(
        self, *, user: SignIn | None = None, scope: str | None = None, include_refresh_token: bool = True, **_: object
    ) -> dict[str, Any]:
        """Make the tokens: Authlib's generators are not told which request they serve."""
        client: DevClient = self.request.client
        asked = requested.audience(self.request.payload.data)
        authorization = self.authorization()
        if authorization is None:
            granted = client.get_allowed_scope(scope) or ""  # None was refused by validate_requested_scope
            authorization = Authorization(client=client, sign_in=user, scope=granted, audience=asked)
        return mint(
            self.realm,
            Order(
                authorization=authorization,
                scope=scope or authorization.scope,
                audience=requested.narrowed(asked, authorization.audience),
                lifetime=requested.lifetime(self.request.payload.data),
                may_refresh=include_refresh_token and client.check_grant_type("refresh_token"),
            ),
        )

    def authorization(self) -> Authorization | None:
        """Return the authorization that the request refers to by a code, refresh token or device code, if any."""
        request = self.request
        source = request.authorization_code or request.refresh_token or request.credential
        found: Authorization | None = source.authorization if source else None
        return found
