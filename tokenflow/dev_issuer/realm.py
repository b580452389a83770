"""What one issuer knows: its name, lifetimes, clients, users, keys and memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tokenflow.dev_issuer.clients import KNOWN_CLIENTS
from tokenflow.dev_issuer.keys import SigningKeys
from tokenflow.dev_issuer.memory import Memory
from tokenflow.dev_issuer.users import KNOWN_USERS
from tokenflow.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokenflow.dev_issuer.clients import DevClient
    from tokenflow.dev_issuer.users import DevUser


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Realm:
    """One issuer. Lifetimes and the device interval are seconds."""

    issuer: str
    clients: Mapping[str, DevClient] = field(
        default_factory=lambda: {client.client_id: client for client in KNOWN_CLIENTS}
    )
    access_token_lifetime: int = 300
    id_token_lifetime: int = 300
    refresh_token_lifetime: int = 30 * 24 * 3600
    code_lifetime: int = 60
    device_code_lifetime: int = 600
    device_interval: int = 1
    keys: SigningKeys = field(default_factory=SigningKeys)
    memory: Memory = field(default_factory=Memory)

    @property
    def default_audience(self) -> str:
        """The audience of a token that was asked for without one, as IdentityServer names it."""
        return f"{self.issuer}/resources"

    def endpoint(self, path: str) -> str:
        """Return the address of a path of this issuer."""
        return f"{self.issuer}{path}"

    def client(self, client_id: str | None) -> DevClient | None:
        """Return a registered client."""
        return self.clients.get(client_id) if client_id else None

    def user(self, subject: str) -> DevUser | None:
        """Return the user with this `sub`."""
        return next((user for user in KNOWN_USERS if user.subject == subject), None)

    def authenticate(self, name: str, password: str) -> DevUser | None:
        """Return the user whose name and password these are."""
        user = next((user for user in KNOWN_USERS if user.name == name), None)
        return user if user and user.password == Secret(password) else None
