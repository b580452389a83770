"""The grants of the authorization endpoint: code, implicit and hybrid, whose answers differ only in what they hold."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING, Any, ClassVar

from authlib.oauth2.rfc6749 import AccessDeniedError, InvalidGrantError, grants
from authlib.oidc.core.grants import OpenIDHybridGrant, OpenIDImplicitGrant

from tokenflow.dev_issuer import requested
from tokenflow.dev_issuer.answers import answer, mode_of
from tokenflow.dev_issuer.clients import HYBRID_TYPES
from tokenflow.dev_issuer.id_tokens import IdTokens
from tokenflow.dev_issuer.issuing import Issuing
from tokenflow.dev_issuer.records import Authorization, CodeRecord

if TYPE_CHECKING:
    from tokenflow.dev_issuer.answers import Answer
    from tokenflow.dev_issuer.clients import DevClient
    from tokenflow.dev_issuer.records import SignIn


class Answering(Issuing):
    """Make the answer of the authorization endpoint, for any response type (OAuth 2.0 Multiple Response Types)."""

    # What the answer's code and tokens come from; set before they are made.
    granted: Authorization | None = None

    def authorization(self) -> Authorization | None:
        """Return what the user has just allowed; at the token endpoint, what the code stands for."""
        return self.granted or super().authorization()

    def create_authorization_response(self, redirect_uri: str, grant_user: SignIn | None) -> Answer:
        """Answer what was asked for, or that the user said no."""
        if grant_user is None:
            raise AccessDeniedError(redirect_uri=redirect_uri)
        request = self.request
        request.user = grant_user
        self.granted = Authorization(
            client=request.client,
            sign_in=grant_user,
            scope=request.scope,
            audience=requested.audience(request.payload.data),
        )
        parameters = self._asked_for(request.payload.response_type.split())
        return answer(redirect_uri, self.server.signed_off(request, parameters), mode=mode_of(request.payload))

    def _asked_for(self, kinds: list[str]) -> list[tuple[str, str]]:
        code = self._new_code() if "code" in kinds else None
        token: dict[str, Any] = {"scope": self.request.scope}
        if "token" in kinds:
            token = self.generate_token(user=self.request.user, scope=self.request.scope, include_refresh_token=False)
        if "id_token" in kinds:
            # Authlib's, in its implicit and hybrid grants: c_hash and at_hash are its work.
            token = self.process_implicit_token(token, code)  # type: ignore[attr-defined]  # see above
        if "token" not in kinds:
            del token["scope"]
        return [*([("code", code)] if code else []), *((name, str(value)) for name, value in token.items())]

    def _new_code(self) -> str:
        assert self.granted is not None
        payload = self.request.payload
        record = CodeRecord(
            value=secrets.token_urlsafe(32),
            authorization=self.granted,
            expires_at=int(time.time()) + self.realm.code_lifetime,
            redirect_uri=payload.redirect_uri,
            nonce=payload.data.get("nonce"),
            code_challenge=payload.data["code_challenge"],
        )
        self.realm.memory.add(record)
        return record.value


class AuthorizationCode(Answering, grants.AuthorizationCodeGrant):  # type: ignore[misc]  # Authlib ships no types
    """RFC 6749, section 4.1; its token request also redeems the codes of hybrid answers."""

    def query_authorization_code(self, code: str, client: DevClient) -> CodeRecord | None:
        """Return the code if it is usable; a spent one ends what came from it."""
        return self.realm.memory.code(code, client)

    def authenticate_user(self, authorization_code: CodeRecord) -> SignIn | None:
        """Use the code up, once everything about the request was found right; return who allowed it."""
        parameters = self.request.payload.data
        requested.lifetime(parameters)
        requested.narrowed(requested.audience(parameters), authorization_code.authorization.audience)
        if not self.realm.memory.spend(authorization_code):
            raise InvalidGrantError("The code was used.")
        return authorization_code.authorization.sign_in

    def delete_authorization_code(self, authorization_code: CodeRecord) -> None:
        """Do nothing: a spent code is kept, to notice when it comes again."""


class FrontChannel(Answering):
    """The grants that answer with tokens at the authorization endpoint do not authenticate the client there."""

    def authenticate_token_endpoint_client(self) -> DevClient:
        """Return the client that the request names: Authlib would refuse one that has a secret."""
        client = self.realm.client(self.request.payload.client_id)
        assert client is not None  # authorization_request has checked that
        return client


class PlainImplicit(FrontChannel, grants.ImplicitGrant):  # type: ignore[misc]  # Authlib ships no types
    """RFC 6749, section 4.2: an access token, no ID token."""


class OpenIDImplicit(FrontChannel, IdTokens, OpenIDImplicitGrant):  # type: ignore[misc]  # Authlib ships no types
    """OpenID Connect Core, section 3.2."""


class Hybrid(Answering, IdTokens, OpenIDHybridGrant):  # type: ignore[misc]  # Authlib ships no types
    """OpenID Connect Core, section 3.3."""

    RESPONSE_TYPES: ClassVar = set(HYBRID_TYPES)
