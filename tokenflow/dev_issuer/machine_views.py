"""The endpoints that programs call: discovery, keys, tokens, user info."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from authlib.integrations.flask_oauth2 import ResourceProtector
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import InvalidRequestError
from authlib.oauth2.rfc6750 import BearerTokenValidator
from flask import Response, jsonify, request

from tokenflow.dev_issuer import metadata
from tokenflow.dev_issuer.token_grants import single_valued

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tokenflow.dev_issuer.oauth import OAuthServer
    from tokenflow.dev_issuer.realm import Realm
    from tokenflow.dev_issuer.records import TokenRecord

    View = Callable[[], Response]


class _AccessTokens(BearerTokenValidator):  # type: ignore[misc]  # Authlib ships no types
    """Find access tokens in the realm's memory."""

    def __init__(self, realm: Realm) -> None:
        super().__init__()
        self.tokens = realm.memory

    def authenticate_token(self, token_string: str) -> TokenRecord | None:
        """Return the access token; a refresh token is none."""
        record = self.tokens.token(token_string)
        return record if record and record.kind == "access_token" else None


class MachineViews:
    """Views as methods; `routes` says where they are."""

    def __init__(self, oauth: OAuthServer) -> None:
        self.oauth = oauth
        self.realm = oauth.realm
        self._protector: Any = ResourceProtector()
        self._protector.register_token_validator(_AccessTokens(oauth.realm))

    def routes(self) -> Iterator[tuple[str, list[str], View]]:
        """Yield path, methods and view."""
        yield "/.well-known/openid-configuration", ["GET"], self.discovery
        yield "/.well-known/oauth-authorization-server", ["GET"], self.discovery
        yield "/jwks", ["GET"], self.jwks
        yield "/token", ["POST"], self.token
        yield "/userinfo", ["GET", "POST"], self.userinfo
        for path, name in (
            ("/introspect", "introspection"),
            ("/revoke", "revocation"),
            ("/device_authorization", "device_authorization"),
        ):
            yield path, ["POST"], self._endpoint(name)

    def discovery(self) -> Response:
        """Describe the issuer."""
        return jsonify(metadata.document(self.realm))

    def jwks(self) -> Response:
        """Publish the keys."""
        return jsonify(self.realm.keys.public_jwks())

    def token(self) -> Response:
        """Answer a token request, of any grant."""
        return self._answer(self.oauth.create_token_response, needs="grant_type")

    def userinfo(self) -> Response:
        """Tell about the user that an access token stands for (OpenID Connect Core, section 5.3)."""
        if "Authorization" not in request.headers:
            # RFC 6750, section 3.1: no error code for a request that brings no credentials.
            return Response(status=401, headers={"WWW-Authenticate": 'Bearer realm="tokenflow dev-issuer"'})
        with self._protector.acquire("openid") as record:
            sign_in = record.authorization.sign_in
            assert sign_in is not None
            return jsonify(sign_in.user.claims(record.scope))

    def _endpoint(self, name: str) -> View:
        return lambda: self._answer(lambda: self.oauth.create_endpoint_response(name))

    def _answer(self, make: Callable[[], Response], *, needs: str = "") -> Response:
        try:
            _check_form(needs)
        except OAuth2Error as error:
            answer: Response = self.oauth.handle_error_response(None, error)
            return answer
        return make()


def _check_form(needs: str) -> None:
    """Refuse what Authlib would let pass: parameters in the query (they get logged), or given twice."""
    if request.args:
        raise InvalidRequestError("Parameters belong in the body, form-encoded.")
    for name, values in request.form.lists():
        single_valued(name, values)
    if needs and not request.form.get(needs):
        raise InvalidRequestError(f"Missing '{needs}' in the form-encoded body.")
