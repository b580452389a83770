"""The applications that are registered at the development issuer, and what each may ask for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tokenflow.dev_issuer import redirects
from tokenflow.dev_issuer.scopes import API_SCOPE, KNOWN_SCOPES, PERSONAL_SCOPES
from tokenflow.secret import Secret

Algorithm = Literal["RS256", "ES256"]

DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
CODE_TYPES = ("code",)
IMPLICIT_TYPES = ("token", "id_token", "id_token token")
HYBRID_TYPES = ("code id_token", "code token", "code id_token token")
SECRET_METHODS = ("client_secret_basic", "client_secret_post")


@dataclass(frozen=True, slots=True, kw_only=True)
class DevClient:
    """A client registration. Without a secret it is a public client.

    `response_types` are written with their words in alphabetical order. `access_token_lifetime` (seconds) overrides the
    issuer's. The methods without a docstring of their own have the names that Authlib asks for.
    """

    client_id: str
    secret: Secret | None = None
    token_endpoint_auth_methods: tuple[str, ...] = SECRET_METHODS
    grant_types: tuple[str, ...] = ()
    response_types: tuple[str, ...] = ()
    redirect_uris: tuple[str, ...] = ()
    post_logout_redirect_uris: tuple[str, ...] = ()
    any_loopback_port: bool = False
    scopes: tuple[str, ...] = KNOWN_SCOPES
    access_token_format: Literal["jwt", "opaque"] = "jwt"  # a format
    access_token_alg: Algorithm = "RS256"  # an algorithm
    access_token_lifetime: int | None = None
    id_token_signed_response_alg: Algorithm = "RS256"  # an algorithm

    def get_client_id(self) -> str:
        """Return the client's identifier."""
        return self.client_id

    def get_default_redirect_uri(self) -> str | None:
        """Return the redirect URI that need not be named: the only one (RFC 6749, 3.1.2.3)."""
        return self.redirect_uris[0] if len(self.redirect_uris) == 1 else None

    def get_allowed_scope(self, scope: str | None) -> str | None:
        """Return the scope to grant: as asked, the API scopes if nothing was asked, None if it may not be had."""
        if not scope:
            return " ".join(name for name in self.scopes if name not in PERSONAL_SCOPES)
        names = list(dict.fromkeys(scope.split()))
        return " ".join(names) if set(names) <= set(self.scopes) else None

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Tell whether an authorization answer may go to `redirect_uri`."""
        return redirects.is_registered(redirect_uri, self.redirect_uris, any_loopback_port=self.any_loopback_port)

    def check_post_logout_redirect_uri(self, uri: str) -> bool:
        """Tell whether the browser may be sent to `uri` after signing out."""
        return redirects.is_registered(uri, self.post_logout_redirect_uris, any_loopback_port=self.any_loopback_port)

    def check_client_secret(self, client_secret: str) -> bool:
        """Compare secrets, in a time that does not depend on where they differ."""
        return self.secret is not None and self.secret == Secret(client_secret)

    def check_endpoint_auth_method(self, method: str, _endpoint: str) -> bool:
        """Tell whether the client may authenticate by `method`, the same at every endpoint."""
        return method in (self.token_endpoint_auth_methods if self.secret else ("none",))

    def check_response_type(self, response_type: str) -> bool:
        """Tell whether the client may use `response_type`."""
        return response_type in self.response_types

    def check_grant_type(self, grant_type: str) -> bool:
        """Tell whether the client may use `grant_type`."""
        return grant_type in self.grant_types


def _loopback(*paths: str) -> tuple[str, ...]:
    return tuple(f"http://{host}{path}" for host in ("127.0.0.1", "localhost", "[::1]") for path in paths)


KNOWN_CLIENTS = (
    DevClient(
        client_id="service-quickstart",
        secret=Secret("quickstart-secret"),
        grant_types=("client_credentials",),
        scopes=(API_SCOPE,),
    ),
    DevClient(
        client_id="agent-quickstart",
        secret=Secret("agent-secret"),
        grant_types=("password", "refresh_token"),
    ),
    DevClient(
        client_id="web-quickstart",
        grant_types=("authorization_code",),
        response_types=(*CODE_TYPES, *IMPLICIT_TYPES, *HYBRID_TYPES),
        redirect_uris=("http://localhost:3000/signin-callback",),
        post_logout_redirect_uris=("http://localhost:3000/signed-out",),
    ),
    DevClient(
        client_id="native-quickstart",
        grant_types=("authorization_code", "refresh_token"),
        response_types=CODE_TYPES,
        redirect_uris=(
            "http://localhost:3000/signin-callback",
            *_loopback("/signin-callback", "/callback", "/", ""),
            "imodeljs://app/signin-callback",
        ),
        post_logout_redirect_uris=(*_loopback("/signed-out", "/"), "imodeljs://app/signout-callback"),
        any_loopback_port=True,
    ),
    DevClient(
        client_id="device-quickstart",
        grant_types=(DEVICE_CODE, "refresh_token"),
    ),
)
