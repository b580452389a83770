"""Carry an authorization answer, good or bad, to the client: in the query, in the fragment or by a form.

Authlib has form_post for implicit and hybrid only (with wrongly escaped values and inline script), forgets `state`
where the user said no, and puts `iss` (RFC 9207) in the query whatever the mode is. So every answer goes through here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit, urlunsplit

from authlib.oauth2 import OAuth2Error

from tokenflow.dev_issuer import pages

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tokenflow.dev_issuer.untyped import AuthlibPayload

RESPONSE_MODES = ("query", "fragment", "form_post")

Answer = tuple[int, str, list[tuple[str, str]]]


def default_mode(response_type: str | None) -> str:
    """Return the mode where the request names none: tokens never travel in a query."""
    return "query" if response_type in {None, "", "code"} else "fragment"


def mode_of(payload: AuthlibPayload) -> str:
    """Return the response mode of an authorization request; for one that cannot be had, the default."""
    mode: str | None = payload.data.get("response_mode")
    return mode if mode in RESPONSE_MODES else default_mode(payload.response_type)


def answer(redirect_uri: str, parameters: Iterable[tuple[str, str]], *, mode: str) -> Answer:
    """Return status, body and headers. 303, because 307 would send the password on (RFC 9700, 4.12)."""
    parameters = tuple(parameters)
    if mode == "form_post":
        page = pages.form_post(redirect_uri, parameters)
        return 200, page.html, page.headers
    return 303, "", [("Location", _location(redirect_uri, urlencode(parameters), mode))]


def refuse_mode(mode: str | None, response_type: str, redirect_uri: str) -> None:
    """Raise if the mode is unknown or unsafe for what would be sent in it."""
    problem = ""
    if mode is not None and mode not in RESPONSE_MODES:
        problem = "response_mode must be query, fragment or form_post"
    elif mode == "query" and default_mode(response_type) != "query":
        problem = "tokens are not sent in a query: use fragment or form_post"
    elif mode == "form_post" and urlsplit(redirect_uri).scheme not in {"http", "https"}:
        problem = "form_post needs an http or https redirect URI"
    if problem:
        raise OAuth2Error(problem, error="invalid_request", redirect_uri=redirect_uri)


def _location(redirect_uri: str, encoded: str, mode: str) -> str:
    parts = urlsplit(redirect_uri)
    if mode == "fragment":
        return urlunsplit(parts._replace(fragment=encoded))
    return urlunsplit(parts._replace(query=f"{parts.query}&{encoded}" if parts.query else encoded))
