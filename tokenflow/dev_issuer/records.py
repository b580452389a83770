"""What the issuer remembers of what it issued. Methods with `get_`, `check_` and `is_` are those that Authlib calls."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from tokenflow.dev_issuer.clients import DevClient
    from tokenflow.dev_issuer.users import DevUser


@dataclass(frozen=True, slots=True)
class SignIn:
    """A user, and when they proved to be it (Unix seconds): `auth_time` in ID tokens."""

    user: DevUser
    auth_time: int

    def get_user_id(self) -> str:
        """Return the `sub`."""
        return self.user.subject


@dataclass(slots=True, kw_only=True, eq=False)
class Authorization:
    """What was allowed to whom. Everything made from it (code, tokens, later tokens) refers to it, and ends with it."""

    client: DevClient
    sign_in: SignIn | None
    scope: str
    audience: tuple[str, ...]
    revoked: bool = False


@dataclass(slots=True, kw_only=True, eq=False)
class Record:
    """The common part of codes and tokens: an authorization, and an end (Unix seconds)."""

    value: str
    authorization: Authorization
    expires_at: int

    def get_scope(self) -> str:
        """Return the scope."""
        return self.authorization.scope

    def get_client_id(self) -> str:
        """Return the identifier of the client that it was issued to."""
        return self.authorization.client.client_id

    def check_client(self, client: DevClient) -> bool:
        """Tell whether it was issued to `client`."""
        return self.get_client_id() == client.client_id

    def is_expired(self) -> bool:
        """Tell whether its time is over."""
        return time.time() >= self.expires_at


@dataclass(slots=True, kw_only=True, eq=False)
class CodeRecord(Record):
    """An authorization code. `redirect_uri` is None where the request did not name one."""

    redirect_uri: str | None
    nonce: str | None
    code_challenge: str
    code_challenge_method: str = "S256"
    spent: bool = False

    def get_redirect_uri(self) -> str | None:
        """Return the redirect URI that the token request must repeat."""
        return self.redirect_uri

    def get_nonce(self) -> str | None:
        """Return the nonce, which goes into the ID token."""
        return self.nonce

    def get_auth_time(self) -> int | None:
        """Return when the user signed in."""
        return self.authorization.sign_in.auth_time if self.authorization.sign_in else None

    def get_acr(self) -> None:
        """Return None: no authentication context class is claimed."""

    def get_amr(self) -> list[str]:
        """Return how the user signed in (RFC 8176)."""
        return ["pwd"]


@dataclass(slots=True, kw_only=True, eq=False)
class TokenRecord(Record):
    """An access or refresh token. `scope` and `audience` may be narrower than the authorization's."""

    kind: Literal["access_token", "refresh_token"]
    scope: str
    audience: tuple[str, ...]
    issued_at: int
    jti: str
    spent: bool = False
    revoked: bool = False

    def get_scope(self) -> str:
        """Return the token's own scope."""
        return self.scope

    def is_revoked(self) -> bool:
        """Tell whether it, or the authorization behind it, was revoked, or (a refresh token) already used."""
        return self.revoked or self.spent or self.authorization.revoked


@dataclass(slots=True, kw_only=True, eq=False)
class DeviceRecord(Record):
    """A device code, waiting for a person. `answer` is theirs; `authorization.sign_in` is set with it."""

    user_code: str
    answer: Literal["pending", "allowed", "denied", "collected"] = "pending"
    last_asked: float = float("-inf")
    interval: float

    def get_user_code(self) -> str:
        """Return the code that the person types."""
        return self.user_code
