"""The token endpoint (RFC 6749 section 3.2): the one request that all grants make, and its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tokenflow.protocol.client_auth import authenticated, revealed
from tokenflow.protocol.effects import Flow, now, send, tell
from tokenflow.protocol.messages import HttpRequest, HttpResponse, Parameter
from tokenflow.protocol.server_answer import json_answer, place_of
from tokenflow.protocol.token_answer import TokenAnswer, form_members, read_answer
from tokenflow.secret import scrub
from tokenflow.tokens import SCHEMES

if TYPE_CHECKING:
    from tokenflow.metadata import ServerMetadata
    from tokenflow.profile import Profile

OK: Final = 200
_CREDENTIALS: Final = {"client_secret", "client_assertion", "client_assertion_type"}


def request_token(
    profile: Profile, server: ServerMetadata, grant_type: str, *parameters: Parameter, repeatable: bool = True
) -> Flow[TokenAnswer]:
    """Ask for a token with one grant.

    The profile's own `token.extra` goes along. `repeatable` says that the grant spends nothing: the request may then be
    sent again after a lost answer.

    Raises:
        OAuthError, ProtocolError, TransportError: see `json_answer`.
        ProfileError: the server has no token endpoint, or `token.extra` says what is said already.
    """
    doing = f"asking for a token ({grant_type.rpartition(':')[2]})"
    if server.token_endpoint is None:
        raise profile.refused(
            "issuer", "the server's metadata names no token_endpoint", "write `metadata: {token_endpoint: ...}`"
        )
    request = HttpRequest(
        method="POST",
        url=server.token_endpoint,
        headers=(("Accept", "application/json"),),
        form=(("grant_type", grant_type),),
        repeatable=repeatable,
    )
    request = request.with_parameters(*parameters)
    request = yield from authenticated(request, profile, server)
    request = request.with_parameters(*(yield from extra_parameters(profile, request)))
    asked_at = yield from now()
    response = yield from send(request)
    members = yield from _members(profile, request, response, doing)
    about = f"{doing}: {place_of(request)}"
    answer = read_answer(_unechoed(members, profile, request), asked_at=asked_at, scopes=profile.scopes, doing=about)
    for warning in answer.warnings:
        yield from tell("warning", f"{place_of(request)}: {warning}")
    return answer


def target_parameters(profile: Profile) -> tuple[Parameter, ...]:
    """Return what the token is wanted for: `scope`, `audience`, `resource` (RFC 8707 section 2); none is sent empty."""
    scope = (("scope", " ".join(profile.scopes)),) if profile.scopes else ()
    audience = tuple(("audience", value) for value in profile.audience)
    resource = tuple(("resource", value) for value in profile.resource)
    return (*scope, *audience, *resource)


def extra_parameters(profile: Profile, request: HttpRequest) -> Flow[tuple[Parameter, ...]]:
    """Return the profile's own `token.extra` parameters, secret or not.

    Raises:
        ProfileError: `request` holds one of them already, or they would authenticate a second time.
    """
    parameters: list[Parameter] = []
    taken = {name for name, _ in request.form or ()}
    if profile.client.secret is not None:
        taken |= _CREDENTIALS
    for name, value in profile.token.extra:
        if name in taken:
            advice = "remove it: no parameter is sent twice, and a client authenticates once (RFC 6749 section 2.3)"
            raise profile.refused(f"token.extra.{name}", "is part of the request already", advice)
        parameters.append((name, (yield from revealed(value))))
    return tuple(parameters)


def _unechoed(members: dict[str, Any], profile: Profile, request: HttpRequest) -> dict[str, Any]:
    """Scrub the members that messages show: a server may echo a secret there as well (F-120).

    What was asked for, and the types that there are, stay as they are, even where a `token.extra` has the same value.
    """
    kind, scope = members.get("token_type"), members.get("scope")
    echoed = {}
    if isinstance(kind, str) and kind.lower() not in SCHEMES:
        echoed["token_type"] = scrub(kind, request.secrets)
    if isinstance(scope, str):
        granted = [one if one in profile.scopes else scrub(one, request.secrets) for one in scope.split()]
        echoed["scope"] = " ".join(granted)
    return members | echoed


def _members(profile: Profile, request: HttpRequest, response: HttpResponse, doing: str) -> Flow[dict[str, Any]]:
    if profile.token.response == "form" and response.status == OK and (members := form_members(response)) is not None:
        # GitHub answers form-encoded, errors too, always with 200.
        if "error" not in members:
            return members
        import json  # noqa: PLC0415 - to say the refusal as a standard server would

        response = HttpResponse(status=response.status, body=json.dumps(members).encode())
    members = json_answer(request, response, doing=doing)
    if response.media_type != "application/json":
        shown = response.media_type or "none"
        yield from tell("warning", f"{place_of(request)} sends its JSON with the wrong Content-Type ({shown})")
    return members
