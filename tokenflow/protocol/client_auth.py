"""Client authentication (RFC 6749 section 2.3): one function a method, chosen once."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Final
from urllib.parse import quote_plus

from tokenflow.profile import Reference
from tokenflow.protocol.effects import Flow, resolve
from tokenflow.secret import Secret

if TYPE_CHECKING:
    from tokenflow.metadata import ServerMetadata
    from tokenflow.profile import Profile, SecretValue
    from tokenflow.protocol.messages import HttpRequest

Authenticate = Callable[["HttpRequest", "Profile"], Flow["HttpRequest"]]


def revealed(value: SecretValue) -> Flow[Secret]:
    """Return a secret, reading it where it is a reference."""
    return (yield from resolve(value)) if isinstance(value, Reference) else value


def with_secret_read(profile: Profile) -> Flow[Profile]:
    """Return the profile with the client's secret in the place of a reference to it."""
    client = profile.client
    if not isinstance(client.secret, Reference):
        return profile
    return replace(profile, client=replace(client, secret=(yield from resolve(client.secret))))


def none(request: HttpRequest, profile: Profile) -> Flow[HttpRequest]:
    """Say who asks and prove nothing: a public client (RFC 6749 section 3.2.1)."""
    yield from ()
    return request.with_parameters(("client_id", profile.client.id)) if profile.client.id else request


def client_secret_basic(request: HttpRequest, profile: Profile) -> Flow[HttpRequest]:
    """Send id and secret in the Authorization header, each form-encoded first (RFC 6749 section 2.3.1)."""
    secret = yield from _secret(profile)
    pair = f"{quote_plus(profile.client.id or '')}:{quote_plus(secret.reveal())}"
    value = Secret("Basic " + base64.b64encode(pair.encode()).decode())
    return request.with_secret(secret).with_header("Authorization", value)


def client_secret_post(request: HttpRequest, profile: Profile) -> Flow[HttpRequest]:
    """Send id and secret in the form (RFC 6749 section 2.3.1)."""
    secret = yield from _secret(profile)
    return request.with_parameters(("client_id", profile.client.id or ""), ("client_secret", secret))


def _secret(profile: Profile) -> Flow[Secret]:
    if profile.client.secret is None:
        raise profile.refused("client.secret", "is missing", "write `secret: {env: CLIENT_SECRET}`")
    return (yield from revealed(profile.client.secret))


AUTH_METHODS: Final[dict[str, Authenticate]] = {
    "none": none,
    "client_secret_basic": client_secret_basic,
    "client_secret_post": client_secret_post,
}


def auth_method(profile: Profile, server: ServerMetadata) -> str:
    """Choose the method: the profile's own, else the best that the server lists for what the client holds.

    A server that lists none takes client_secret_basic (RFC 8414 section 2).
    """
    if profile.client.auth_method is not None:
        return profile.client.auth_method
    if profile.client.secret is None:
        return "none"
    listed = server.token_endpoint_auth_methods_supported or ("client_secret_basic",)
    held = ("client_secret_basic", "client_secret_post")
    return next((method for method in held if method in listed), "client_secret_basic")


def authenticated(request: HttpRequest, profile: Profile, server: ServerMetadata) -> Flow[HttpRequest]:
    """Return the request with the client's authentication on it."""
    return (yield from AUTH_METHODS[auth_method(profile, server)](request, profile))
