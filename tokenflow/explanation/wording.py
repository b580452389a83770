"""The sentences that all forms of an explanation share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tokenflow.app_types import APP_TYPES
from tokenflow.printable import printable
from tokenflow.protocol.client_auth import auth_method
from tokenflow.secret import REDACTED, Secret

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokenflow.explanation.explaining import Explanation
    from tokenflow.protocol.messages import HttpRequest

LONGEST: Final = 4000
FIRST: Final = "with nothing stored"
RENEWAL: Final = "later, where the server gave a refresh token (a process keeps metadata and keys for an hour)"
NO_REQUESTS: Final = "not built yet in this version, so nothing would be sent"


def flow_reason(explanation: Explanation) -> str:
    """Say which flow it is, and why."""
    app_type, flow = explanation.profile.app_type, explanation.value("flow")
    row = APP_TYPES[app_type]
    others = f"; {app_type} also allows {', '.join(name for name in row.flows if name != explanation.profile.flow)}"
    if flow.origin == f"app_type {app_type}":
        return f"{flow.shown}, because that is what app_type {app_type} ({row.summary}) means{others}"
    return f"{explanation.profile.flow}, because {flow.origin} says so{others}"


def authentication_reason(explanation: Explanation) -> str:
    """Say how the client authenticates, and why."""
    profile, listed = explanation.profile, explanation.server.token_endpoint_auth_methods_supported
    method = auth_method(profile, explanation.server)
    if profile.client.auth_method is not None:
        return f"{method}, because {explanation.value('client.auth_method').origin} says so"
    if profile.client.secret is None:
        return f"{method}, because there is no client.secret"
    if explanation.made_up:
        return f"{method}, unless the server's metadata lists only client_secret_post (--discover asks)"
    return f"{method}, because the server's metadata lists {printable(', '.join(listed)) if listed else 'no method'}"


def lines_of(request: HttpRequest) -> Iterator[str]:
    """Yield a request's headers and form parameters, without their secrets."""
    yield from (f"{name}: {_header(name, value)}" for name, value in request.headers)
    yield from (printable(f"{name}={_shown(value)}", longest=LONGEST) for name, value in request.form or ())


def _header(name: str, value: str | Secret) -> str:
    """Write a header's value; of credentials, the scheme is no secret."""
    if isinstance(value, Secret) and name == "Authorization":
        return f"{value.reveal().partition(' ')[0]} {REDACTED}"
    return printable(_shown(value), longest=LONGEST)


def _shown(value: str | Secret) -> str:
    return REDACTED if isinstance(value, Secret) else value
