"""Proof keys for codes (RFC 7636): required of every client, S256 only (RFC 9700, 2.1.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from authlib.oauth2.rfc6749 import InvalidRequestError
from authlib.oauth2.rfc7636 import CodeChallenge

if TYPE_CHECKING:
    from tokenflow.dev_issuer.untyped import AuthlibGrant


class RequiredS256(CodeChallenge):  # type: ignore[misc]  # Authlib ships no types
    """Authlib's extension, made strict: its `required=True` lets an authorization request without challenge pass."""

    SUPPORTED_CODE_CHALLENGE_METHOD: ClassVar = ["S256"]

    def __init__(self) -> None:
        super().__init__(required=True)

    def validate_code_challenge(self, grant: AuthlibGrant, redirect_uri: str) -> None:
        """Refuse a request without challenge, or with the method `plain`, which is meant where none is named."""
        parameters = grant.request.payload.data
        if not parameters.get("code_challenge"):
            raise InvalidRequestError("Missing 'code_challenge': this server requires PKCE.")
        if parameters.get("code_challenge_method") != "S256":
            raise InvalidRequestError("'code_challenge_method' must be S256.")
        super().validate_code_challenge(grant, redirect_uri)
