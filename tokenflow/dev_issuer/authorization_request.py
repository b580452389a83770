"""Check an authorization request before Authlib sees it.

Authlib checks most of this too, but quotes what was sent in its error descriptions, and raises ValueError for a
character that may not stand there, which would end as a 500. What passed here gives it no reason to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import InvalidClientError, InvalidRequestError

from tokenflow.dev_issuer import requested
from tokenflow.dev_issuer.answers import refuse_mode
from tokenflow.dev_issuer.clients import CODE_TYPES, HYBRID_TYPES, IMPLICIT_TYPES

if TYPE_CHECKING:
    from tokenflow.dev_issuer.clients import DevClient
    from tokenflow.dev_issuer.realm import Realm
    from tokenflow.dev_issuer.untyped import AuthlibPayload

RESPONSE_TYPES = frozenset({*CODE_TYPES, *IMPLICIT_TYPES, *HYBRID_TYPES})


def check(realm: Realm, payload: AuthlibPayload) -> tuple[DevClient, str]:
    """Return the client and the redirect URI. An error without `redirect_uri` is for the person's eyes only."""
    client = realm.client(payload.client_id)
    if client is None:
        raise InvalidClientError("The client_id is missing or unknown.")
    redirect_uri = payload.redirect_uri or client.get_default_redirect_uri()
    if not redirect_uri or not client.check_redirect_uri(redirect_uri):
        raise InvalidRequestError("The redirect_uri is missing or not registered for this client.")
    try:
        _check_redirectable(payload, redirect_uri)
    except OAuth2Error as error:
        error.redirect_uri = redirect_uri
        raise
    return client, redirect_uri


def _check_redirectable(payload: AuthlibPayload, redirect_uri: str) -> None:
    parameters = payload.data
    for name in ("request", "request_uri"):
        if name in parameters:
            raise OAuth2Error("request objects are not supported", error=f"{name}_not_supported")
    if not payload.response_type:
        raise InvalidRequestError("response_type is missing")
    if payload.response_type not in RESPONSE_TYPES:
        raise OAuth2Error("no such response_type", error="unsupported_response_type")
    refuse_mode(parameters.get("response_mode"), payload.response_type, redirect_uri)
    requested.audience(parameters)
    requested.lifetime(parameters)
    requested.seconds(parameters, "max_age")
