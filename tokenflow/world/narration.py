"""Exchanges told in words, for `-v`: every parameter by name, and nothing secret."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from tokenflow.printable import printable
from tokenflow.protocol.server_answer import status_line
from tokenflow.protocol.strict_json import json_object
from tokenflow.secret import REDACTED, scrub

if TYPE_CHECKING:
    from tokenflow.protocol.messages import HttpRequest, HttpResponse

logger: Final = logging.getLogger("tokenflow")

# The members of an answer that may be shown; all others are shown as ***.
_PUBLIC: Final = frozenset(
    {
        "token_type",
        "expires_in",
        "scope",
        "error",
        "error_description",
        "error_uri",
        "issued_token_type",
        "issuer",
        "interval",
    }
)
_MOST_MEMBERS: Final = 12


def describe_response(request: HttpRequest, response: HttpResponse, took: float) -> str:
    """Say what came back, and how long it took, in seconds."""
    return f"{status_line(response)} from {request.url} in {took * 1000:.0f} ms{_members(request, response)}"


def _members(request: HttpRequest, response: HttpResponse) -> str:
    try:
        members = json_object(response.body)
    except ValueError:
        kind = f" of {printable(response.media_type)}" if response.media_type else ""
        return f": {len(response.body)} bytes{kind}"
    if len(members) > _MOST_MEMBERS:
        return f": {len(members)} members"
    return ": " + ", ".join(f"{printable(name)}={_value(request, name, value)}" for name, value in members.items())


def _value(request: HttpRequest, name: str, value: Any) -> str:
    if name not in _PUBLIC or isinstance(value, dict | list):
        return REDACTED
    return printable(scrub(str(value), request.secrets))
