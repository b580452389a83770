"""What every endpoint's answer has in common: is it JSON, is it an error, what may be said of it."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from tokenflow.errors import OAuthError, ProtocolError, TransportError
from tokenflow.printable import printable
from tokenflow.protocol.strict_json import json_object
from tokenflow.secret import scrub

if TYPE_CHECKING:
    from tokenflow.protocol.messages import HttpRequest, HttpResponse

# Answers that the same request may get another answer than, later; the driver repeats them first (F-020, F-021).
TRANSIENT: Final = frozenset({408, 429, 500, 502, 503, 504})

LONGEST_WAIT: Final = 3600  # seconds

# Errors of RFC 6749 section 5.2 and 4.1.2.1 -> what to try.
ADVICE: Final = {
    "invalid_client": "check client.id, client.secret and client.auth_method against the registration",
    "invalid_grant": "what was presented is wrong, spent, expired or another client's: sign in or configure it anew",
    "invalid_scope": "check scopes: the client may not ask for one of them, or the server does not know it",
    "invalid_target": "check resource and audience: the server does not know one of them",
    "invalid_request": "check the profile against what the server documents for this flow",
    "unauthorized_client": "allow this flow (grant) for the client in its registration",
    "unsupported_grant_type": "the server does not offer this flow: choose another `flow`",
    "access_denied": "the person or the server's policy said no",
    "use_dpop_nonce": "the server wants DPoP: set `dpop: true`",
}


def place_of(request: HttpRequest) -> str:
    """Name the host that a request goes to, for messages."""
    return urlsplit(request.url).netloc


def status_line(response: HttpResponse) -> str:
    """Write a status as people know it: `503 Service Unavailable`."""
    try:
        return f"{response.status} {HTTPStatus(response.status).phrase}"
    except ValueError:
        return str(response.status)


def json_answer(request: HttpRequest, response: HttpResponse, *, doing: str) -> dict[str, Any]:
    """Return the members of a good JSON answer.

    Raises:
        OAuthError: the answer is an error in the words of RFC 6749 section 5.2, whatever its status (F-022).
        TransportError: the server is failing and kept failing.
        ProtocolError: the answer is anything else.
    """
    members = _members(response)
    if members is not None and "error" in members:
        raise _refusal(request, response, members, doing)
    if response.status in TRANSIENT:
        raise _failing(request, response, doing)
    if response.status != HTTPStatus.OK or members is None:
        raise ProtocolError(f"{doing}: {place_of(request)} {_misfit(response)}")
    return members


def _members(response: HttpResponse) -> dict[str, Any] | None:
    try:
        return json_object(response.body)
    except ValueError:
        return None


def _refusal(request: HttpRequest, response: HttpResponse, members: dict[str, Any], doing: str) -> Exception:
    def said(name: str) -> str | None:
        value = members.get(name)
        if value is None:
            return None
        text = value if isinstance(value, str) else f"({type(value).__name__})"
        return printable(scrub(text, request.secrets)) or None

    error = said("error") or "(empty)"
    if response.status in TRANSIENT or error in ("temporarily_unavailable", "server_error"):
        return _failing(request, response, doing, f"{error}: {said('error_description') or ''}".rstrip(": "))
    advice = ADVICE.get(error, "see the server's documentation of this error")
    return OAuthError(
        error,
        said("error_description"),
        said("error_uri"),
        doing=f"{doing}: {place_of(request)} refused",
        advice=advice,
    )


def _failing(request: HttpRequest, response: HttpResponse, doing: str, said: str = "") -> TransportError:
    wait = retry_after(response)
    again = f"try again in {wait:g} s" if wait else "try again later"
    detail = f" ({said})" if said else ""
    return TransportError(
        f"{doing}: {place_of(request)} answers {status_line(response)}{detail}; {again}", retry_after=wait
    )


def retry_after(response: HttpResponse) -> float | None:
    """Return how many seconds the server asks to wait (RFC 9110 section 10.2.3), at most an hour.

    A date is compared with the answer's own Date, so that nobody's clock matters.
    """
    value = (response.header("retry-after") or "").strip()
    if value.isascii() and value.isdigit():
        return float(min(int(value[:12]), LONGEST_WAIT))
    try:
        asked, answered = parsedate_to_datetime(value), parsedate_to_datetime(response.header("date") or "")
        return min(max((asked - answered).total_seconds(), 0.0), LONGEST_WAIT)
    except (ValueError, TypeError, OverflowError):
        return None


def _misfit(response: HttpResponse) -> str:
    """Say in what way an answer is not one."""
    status = status_line(response)
    if 300 <= response.status < 400:  # noqa: PLR2004 - redirects (RFC 9110 section 15.4)
        target = _host_of(response.header("location") or "")
        there = f" to {printable(target)}" if target else ""
        return (
            f"answered {status}{there}: redirects are not followed; check the address, or a proxy or login page between"
        )
    if not response.body.strip():
        return f"answered {status} with an empty body; check the address"
    if response.media_type == "text/html" or response.body.lstrip()[:1] == b"<":
        return f"answered {status} with an HTML page, not JSON; check the address, or a proxy or login page between"
    try:
        json_object(response.body)
    except ValueError as error:
        reason = "is not UTF-8" if isinstance(error, UnicodeDecodeError) else printable(str(error).partition(":")[0])
        return f"answered {status} with a body that is not a JSON object ({reason}); check the address"
    return f"answered {status}, which means nothing here; check the address"


def _host_of(address: str) -> str:
    """Name the host in an address that a server wrote, which may be none."""
    try:
        return urlsplit(address).netloc.rpartition("@")[2]
    except ValueError:
        return ""
