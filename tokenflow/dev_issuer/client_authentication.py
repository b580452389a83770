"""Find out which client a request comes from: HTTP Basic, secret in the body, or no authentication.

Authlib's own way is replaced: it does not form-decode Basic credentials as RFC 6749, 2.3.1 wants (a blank sent as `+`
stays a plus), fails on bytes that are not UTF-8, answers 400 or 401 for the same mistake, and names no realm.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from authlib.oauth2.rfc6749 import InvalidClientError, InvalidRequestError

from tokenflow.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tokenflow.dev_issuer.clients import DevClient
    from tokenflow.dev_issuer.realm import Realm
    from tokenflow.dev_issuer.untyped import AuthlibRequest


@dataclass(frozen=True, slots=True)
class Presented:
    """What a request says about its sender."""

    method: str
    client_id: str
    secret: Secret


class ClientRefusedError(InvalidClientError):  # type: ignore[misc]  # Authlib ships no types
    """Client authentication failed; which part of it is not told."""

    def __init__(self) -> None:
        super().__init__(description="The client is unknown, or its authentication is missing or wrong.")
        self.status_code = 401

    def get_headers(self) -> list[tuple[str, str]]:
        """Return the headers with a challenge that has a realm (RFC 7617, section 2)."""
        kept = [header for header in super().get_headers() if header[0] != "WWW-Authenticate"]
        return [*kept, ("WWW-Authenticate", 'Basic realm="tokenflow dev-issuer", charset="UTF-8"')]


def authenticate(realm: Realm, request: AuthlibRequest, methods: Iterable[str], endpoint: str) -> DevClient:
    """Return the client, or raise `ClientRefusedError`; note the method in `request.auth_method`, for Authlib."""
    presented = _presented(request)
    client = realm.client(presented.client_id)
    if client is None or presented.method not in methods:
        raise ClientRefusedError
    if not client.check_endpoint_auth_method(presented.method, endpoint):
        raise ClientRefusedError
    if presented.method != "none" and not client.check_client_secret(presented.secret.reveal()):
        raise ClientRefusedError
    request.auth_method = presented.method
    return client


def _presented(request: AuthlibRequest) -> Presented:
    header, form = request.headers.get("Authorization"), request.form
    if header is None:
        method = "client_secret_post" if "client_secret" in form else "none"
        return Presented(method, form.get("client_id", ""), Secret(form.get("client_secret", "")))
    basic = _decode_basic(header)
    if "client_secret" in form or form.get("client_id", basic.client_id) != basic.client_id:
        raise InvalidRequestError("The request authenticates the client in more than one way.")
    return basic


def _decode_basic(header: str) -> Presented:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        raise ClientRefusedError
    try:
        pair = base64.b64decode(encoded.strip(), validate=True).decode()
        client_id, colon, secret = pair.partition(":")
        client_id, secret = (unquote_plus(part, errors="strict") for part in (client_id, secret))
    except (binascii.Error, ValueError) as error:
        raise ClientRefusedError from error
    if not colon:
        raise ClientRefusedError
    return Presented("client_secret_basic", client_id, Secret(secret))
