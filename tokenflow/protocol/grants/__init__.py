"""The grants: one file each, and the table of them.

A grant is a function of a profile and a server's metadata that returns a flow; it makes its requests and returns the
answer. Keeping, renewing and verifying tokens is the pipeline's work.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from tokenflow.protocol.grants import client_credentials, refresh_token

if TYPE_CHECKING:
    from tokenflow.metadata import ServerMetadata
    from tokenflow.profile import Profile
    from tokenflow.protocol.effects import Flow
    from tokenflow.protocol.token_answer import TokenAnswer

Grant = Callable[["Profile", "ServerMetadata"], "Flow[TokenAnswer]"]

GRANTS: Final[dict[str, Grant]] = {
    "client_credentials": client_credentials.grant,
    "refresh_token": refresh_token.grant,
}
