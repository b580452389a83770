"""The client credentials grant (RFC 6749 section 4.4): the client acts as itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokenflow.protocol.token_endpoint import request_token, target_parameters

if TYPE_CHECKING:
    from tokenflow.metadata import ServerMetadata
    from tokenflow.profile import Profile
    from tokenflow.protocol.effects import Flow
    from tokenflow.protocol.token_answer import TokenAnswer


def grant(profile: Profile, server: ServerMetadata) -> Flow[TokenAnswer]:
    """Obtain a token by the client's own credentials."""
    return (yield from request_token(profile, server, "client_credentials", *target_parameters(profile)))
