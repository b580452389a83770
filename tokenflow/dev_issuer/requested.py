"""Read the parameters that token and authorization requests share: audience (RFC 8707) and lifetime."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import InvalidRequestError

if TYPE_CHECKING:
    from werkzeug.datastructures import MultiDict

LIFETIME_PARAMETER = "access_token_lifetime"
LONGEST = 10 * 365 * 24 * 3600
LONGEST_TEXT = 10


def audience(parameters: MultiDict[str, str]) -> tuple[str, ...]:
    """Return every `resource` (an absolute URI without fragment) and `audience` that is asked for."""
    resources = parameters.getlist("resource")
    if any(not _is_absolute(resource) for resource in resources):
        raise OAuth2Error("resource must be an absolute URI without a fragment", error="invalid_target")
    return tuple(dict.fromkeys([*resources, *parameters.getlist("audience")]))


def narrowed(asked: tuple[str, ...], granted: tuple[str, ...]) -> tuple[str, ...]:
    """Return the audience of a token made from an authorization: it may be less, never more (RFC 8707, 2.2)."""
    if not asked:
        return granted
    if granted and not set(asked) <= set(granted):
        raise OAuth2Error("the resource was not part of the authorization", error="invalid_target")
    return asked


def lifetime(parameters: MultiDict[str, str]) -> int | None:
    """Return the lifetime in seconds that the request wishes: this server's own parameter, for development."""
    wished = seconds(parameters, LIFETIME_PARAMETER)
    if wished == 0:
        raise InvalidRequestError(f"{LIFETIME_PARAMETER} must not be 0")
    return wished


def seconds(parameters: MultiDict[str, str], name: str) -> int | None:
    """Return a parameter that is a whole number of seconds, at most ten years; None where it is not given."""
    text = parameters.get(name)
    if text is None:
        return None
    # The length first: Python does not convert thousands of digits.
    if not (text.isascii() and text.isdigit() and len(text) <= LONGEST_TEXT and int(text) <= LONGEST):
        raise InvalidRequestError(f"{name} must be a whole number of seconds, at most {LONGEST}")
    return int(text)


def _is_absolute(uri: str) -> bool:
    try:
        parts = urlsplit(uri)
    except ValueError:
        return False
    return bool(parts.scheme and (parts.netloc or parts.path)) and "#" not in uri
