"""Tokens as values: what a caller is handed (`TokenSet`) and what the store keeps (`TokenRecord`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Never, Self, final

from tokenflow.secret import REDACTED, Secret

# RFC 6749 section 5.1: token_type is compared without regard to case; these are the Authorization header's spellings.
SCHEMES = {"bearer": "Bearer", "dpop": "DPoP"}


@final
@dataclass(frozen=True, slots=True, init=False, repr=False)
class TokenSet:
    """A valid access token and what is known of it; it shows no token in any repr.

    `expires_at` is Unix time in whole seconds, or None where nobody knows. `scopes` are the ones granted.
    """

    _access_token: Secret
    token_type: str
    expires_at: int | None
    scopes: tuple[str, ...]
    issuer: str
    _id_token: Secret | None

    def __init__(
        self,
        access_token: str,
        *,
        token_type: str = "Bearer",
        expires_at: int | None = None,
        scopes: tuple[str, ...] = (),
        id_token: str | None = None,
        issuer: str = "",
    ) -> None:
        keep = object.__setattr__
        keep(self, "_access_token", Secret(access_token))
        keep(self, "token_type", SCHEMES.get(token_type.lower(), token_type))
        keep(self, "expires_at", expires_at)
        keep(self, "scopes", scopes)
        keep(self, "issuer", issuer)
        keep(self, "_id_token", Secret(id_token) if id_token is not None else None)

    @property
    def access_token(self) -> str:
        """The access token itself."""
        return self._access_token.reveal()

    @property
    def id_token(self) -> str | None:
        """The ID token, where the server issued one (OpenID Connect Core section 2)."""
        return self._id_token.reveal() if self._id_token is not None else None

    @property
    def authorization(self) -> str:
        """The Authorization header's value: "Bearer ..." (RFC 6750 section 2.1) or "DPoP ..."."""
        return f"{self.token_type} {self.access_token}"

    def __repr__(self) -> str:
        return (
            f"TokenSet({REDACTED}, token_type={self.token_type!r}, expires_at={self.expires_at!r},"
            f" scopes={self.scopes!r}, issuer={self.issuer!r})"
        )

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce__(self) -> Never:
        raise TypeError("a TokenSet cannot be pickled: it would write its token out")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRecord:
    """What one identity has in the store.

    `token` is None where only a refresh token is left. `obtained_at` is the Unix time at which the request that
    brought the token started: expiry counts from there (promise 5). `checked` says against what it was verified.
    """

    token: TokenSet | None
    refresh_token: Secret | None
    obtained_at: int
    checked: str = ""

    @property
    def lifetime(self) -> int | None:
        """How long the token was good for when it came, in seconds."""
        if self.token is None or self.token.expires_at is None:
            return None
        return max(0, self.token.expires_at - self.obtained_at)
