"""Introspection, revocation, device authorization and sign-out, by Authlib, with what it leaves open filled in."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, ClassVar

import flask
from authlib.oauth2.rfc6749 import InvalidRequestError, InvalidScopeError, UnauthorizedClientError
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7662 import IntrospectionEndpoint
from authlib.oauth2.rfc8628 import DeviceAuthorizationEndpoint
from authlib.oidc.rpinitiated import EndSessionEndpoint

from tokenflow.dev_issuer import requested
from tokenflow.dev_issuer.clients import DEVICE_CODE, SECRET_METHODS
from tokenflow.dev_issuer.records import Authorization, DeviceRecord

if TYPE_CHECKING:
    from joserfc.jwk import KeySet

    from tokenflow.dev_issuer.clients import DevClient
    from tokenflow.dev_issuer.realm import Realm
    from tokenflow.dev_issuer.records import TokenRecord
    from tokenflow.dev_issuer.untyped import AuthlibRequest, AuthlibServer

ANY_METHOD = (*SECRET_METHODS, "none")


class _TokenQuestion:
    """What introspection and revocation share."""

    server: AuthlibServer

    def check_params(self, request: AuthlibRequest, _client: DevClient) -> None:
        """Ask for a token; a hint that is not understood is ignored (RFC 7009, 2.1), where Authlib would refuse."""
        if not request.form.get("token"):
            raise InvalidRequestError("Missing 'token' in request.")

    def query_token(self, token_string: str, _token_type_hint: str | None) -> TokenRecord | None:
        """Return the token, whatever the hint says."""
        realm: Realm = self.server.realm
        return realm.memory.token(token_string)


class Introspection(_TokenQuestion, IntrospectionEndpoint):  # type: ignore[misc]  # Authlib ships no types
    """RFC 7662, for clients that have a secret."""

    CLIENT_AUTH_METHODS: ClassVar = SECRET_METHODS

    def check_permission(self, _token: TokenRecord, _client: DevClient, _request: object) -> bool:
        """Let any such client ask about any token: each may stand for an API here."""
        return True

    def introspect_token(self, token: TokenRecord) -> dict[str, Any]:
        """Return what the token says (section 2.2)."""
        realm: Realm = self.server.realm
        authorization = token.authorization
        sign_in, audience = authorization.sign_in, token.audience or (realm.default_audience,)
        answer: dict[str, Any] = {
            "active": True,
            "iss": realm.issuer,
            "client_id": authorization.client.client_id,
            "sub": sign_in.get_user_id() if sign_in else authorization.client.client_id,
            "aud": audience[0] if len(audience) == 1 else list(audience),
            "scope": token.scope,
            "iat": token.issued_at,
            "exp": token.expires_at,
            "jti": token.jti,
            "token_type": "Bearer" if token.kind == "access_token" else token.kind,
        }
        return answer | {"username": sign_in.user.name} if sign_in else answer


class Revocation(_TokenQuestion, RevocationEndpoint):  # type: ignore[misc]  # Authlib ships no types
    """RFC 7009, for every client."""

    CLIENT_AUTH_METHODS: ClassVar = ANY_METHOD

    def revoke_token(self, token: TokenRecord, _request: object) -> None:
        """End the token; with a refresh token, its whole family."""
        self.server.realm.memory.revoke(token)


class DeviceAuthorization(DeviceAuthorizationEndpoint):  # type: ignore[misc]  # Authlib ships no types
    """RFC 8628, section 3.1. One instance serves all threads: nothing of a request is kept in it."""

    CLIENT_AUTH_METHODS: ClassVar = ANY_METHOD

    def __init__(self, server: AuthlibServer) -> None:
        super().__init__(server)
        self.realm: Realm = server.realm
        self.EXPIRES_IN = self.realm.device_code_lifetime
        self.INTERVAL = self.realm.device_interval

    def authenticate_client(self, request: AuthlibRequest) -> DevClient:
        """Refuse a client without this grant, or with a scope it may not have, now rather than after the sign-in."""
        client: DevClient = super().authenticate_client(request)
        if not client.check_grant_type(DEVICE_CODE):
            raise UnauthorizedClientError("The client is not registered for the device grant.")
        if client.get_allowed_scope(request.payload.scope) is None:
            raise InvalidScopeError
        requested.audience(request.payload.data)
        return client

    def get_verification_uri(self) -> str:
        """Return the address of the page where a person types the user code."""
        return self.realm.endpoint("/device")

    def save_device_credential(self, client_id: str, scope: str | None, data: dict[str, Any]) -> None:
        """Remember the device, and what it asks for."""
        client = self.realm.clients[client_id]
        authorization = Authorization(
            client=client,
            sign_in=None,
            scope=client.get_allowed_scope(scope) or "",
            audience=requested.audience(flask.request.form),
        )
        self.realm.memory.add(
            DeviceRecord(
                value=data["device_code"],
                user_code=data["user_code"],
                authorization=authorization,
                expires_at=int(time.time()) + self.EXPIRES_IN,
                interval=self.INTERVAL,
            )
        )


class EndSession(EndSessionEndpoint):  # type: ignore[misc]  # Authlib ships no types
    """OpenID Connect RP-Initiated Logout."""

    def get_server_jwks(self) -> KeySet:
        """Return the keys that verify an `id_token_hint`."""
        realm: Realm = self.server.realm
        return realm.keys.key_set()

    def _is_valid_post_logout_redirect_uri(self, client: DevClient, post_logout_redirect_uri: str) -> bool:
        return client.check_post_logout_redirect_uri(post_logout_redirect_uri)

    def is_post_logout_redirect_uri_legitimate(self, *_: object) -> bool:
        """Return True: without `id_token_hint`, the person confirms on a page before anything happens."""
        return True

    def end_session(self, _request: object) -> None:
        """Forget who is signed in with this browser."""
        flask.session.clear()
