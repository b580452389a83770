"""The refresh grant (RFC 6749 section 6), and the flow that starts from a refresh token."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tokenflow.protocol.client_auth import revealed
from tokenflow.protocol.token_endpoint import request_token

if TYPE_CHECKING:
    from tokenflow.metadata import ServerMetadata
    from tokenflow.profile import Profile
    from tokenflow.protocol.effects import Flow
    from tokenflow.protocol.token_answer import TokenAnswer
    from tokenflow.secret import Secret


def grant(profile: Profile, server: ServerMetadata) -> Flow[TokenAnswer]:
    """Obtain a token from the profile's own first refresh token; from here on it, or its successor, is in the store."""
    first = yield from first_refresh_token(profile)
    if first is None:
        raise profile.refused("refresh_token", "is missing", "write `refresh_token: {file: rt.txt}`")
    answer = yield from refresh(profile, server, first)
    return replace(answer, refresh_token=answer.refresh_token or first)


def first_refresh_token(profile: Profile) -> Flow[Secret | None]:
    """Return the refresh token that the profile itself holds or refers to."""
    return (yield from revealed(profile.refresh_token)) if profile.refresh_token is not None else None


def refresh(profile: Profile, server: ServerMetadata, refresh_token: Secret) -> Flow[TokenAnswer]:
    """Exchange a refresh token for a new access token.

    The request is not repeatable: a server that rotates spends the token when it answers, and takes a second use for
    theft (RFC 9700 section 4.14.2). `scope` is left out, which means "as granted"; `resource` narrows to one API.
    """
    resource = tuple(("resource", value) for value in profile.resource)
    answer = yield from request_token(
        profile, server, "refresh_token", ("refresh_token", refresh_token), *resource, repeatable=False
    )
    return replace(answer, rotated=answer.refresh_token not in (None, refresh_token))
