"""The grants of the token endpoint: Authlib's, with the gaps filled and what differs from the RFCs put right.

(The authorization code's token request is in `authorization_grants`, with its first half.)
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from authlib.oauth2.rfc6749 import InvalidGrantError, InvalidRequestError, InvalidScopeError, grants
from authlib.oauth2.rfc8628 import DeviceCodeGrant

from tokenflow.dev_issuer import requested
from tokenflow.dev_issuer.issuing import Issuing
from tokenflow.dev_issuer.records import SignIn
from tokenflow.dev_issuer.scopes import PERSONAL_SCOPES

if TYPE_CHECKING:
    from tokenflow.dev_issuer.records import DeviceRecord, TokenRecord


class ClientCredentials(Issuing, grants.ClientCredentialsGrant):  # type: ignore[misc]  # Authlib ships no types
    """RFC 6749, section 4.4."""

    def validate_requested_scope(self) -> None:
        """Refuse scopes about a person as well: there is none (as IdentityServer does)."""
        super().validate_requested_scope()
        if PERSONAL_SCOPES & set((self.request.payload.scope or "").split()):
            raise InvalidScopeError("client_credentials has no user: identity scopes and offline_access are refused.")


class Password(Issuing, grants.ResourceOwnerPasswordCredentialsGrant):  # type: ignore[misc]  # Authlib ships no types
    """RFC 6749, section 4.3."""

    def authenticate_user(self, username: str, password: str) -> SignIn:
        """Return the user's sign-in. Authlib would answer invalid_request; section 5.2 says invalid_grant."""
        user = self.realm.authenticate(username, password)
        if user is None:
            raise InvalidGrantError("The user name or the password is wrong.")
        return SignIn(user, int(time.time()))


class RefreshToken(Issuing, grants.RefreshTokenGrant):  # type: ignore[misc]  # Authlib ships no types
    """RFC 6749, section 6, with rotation: a refresh token works once (RFC 9700, 4.14.2)."""

    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token: str) -> TokenRecord | None:
        """Return the token if it is usable; a spent one ends its family."""
        return self.realm.memory.refresh_token(refresh_token, self.request.client)

    def authenticate_user(self, refresh_token: TokenRecord) -> SignIn | None:
        """Return the sign-in that the token goes back to."""
        return refresh_token.authorization.sign_in

    def issue_token(self, user: SignIn, refresh_token: TokenRecord) -> dict[str, Any]:
        """Use the token up, once everything about the request was found right, and make its successors."""
        parameters = self.request.payload.data
        requested.lifetime(parameters)
        requested.narrowed(requested.audience(parameters), refresh_token.audience)
        if not self.realm.memory.spend(refresh_token):
            raise InvalidGrantError
        token: dict[str, Any] = super().issue_token(user, refresh_token)
        return token

    def revoke_old_credential(self, refresh_token: TokenRecord) -> None:
        """Do nothing: `issue_token` has used it up."""


class DeviceCode(Issuing, DeviceCodeGrant):  # type: ignore[misc]  # Authlib ships no types
    """RFC 8628, section 3.4."""

    def query_device_credential(self, device_code: str) -> DeviceRecord:
        """Return what waits under the code. Authlib would answer invalid_request; RFC 6749 says invalid_grant."""
        record = self.realm.memory.device(device_code)
        if record is None or record.answer == "collected":
            raise InvalidGrantError("The device code is unknown or was used.")
        return record

    def validate_device_credential(self, credential: DeviceRecord) -> SignIn:
        """Check the request's other parameters before an allowed code is used up."""
        requested.lifetime(self.request.payload.data)
        requested.narrowed(requested.audience(self.request.payload.data), credential.authorization.audience)
        # The grant gets the record from its own request object when it asks for the answer by user code alone.
        self.request.credential = credential
        sign_in: SignIn = super().validate_device_credential(credential)
        return sign_in

    def query_user_grant(self, _user_code: str) -> tuple[SignIn | None, bool] | None:
        """Return the person's answer: None while there is none, then (who, whether allowed)."""
        credential: DeviceRecord = self.request.credential
        match self.realm.memory.collect_device(credential):
            case "pending":
                return None
            case "allowed":
                return credential.authorization.sign_in, True
            case "collected":
                raise InvalidGrantError("The device code was used.")
            case _:
                return None, False

    def should_slow_down(self, credential: DeviceRecord) -> bool:
        """Tell whether the device asks more often than it was told to."""
        return self.realm.memory.asked_too_soon(credential)


def single_valued(name: str, values: list[str]) -> None:
    """Refuse a parameter that stands twice (RFC 6749, section 3.2); `resource` and `audience` may (RFC 8707)."""
    if len(values) > 1 and name not in {"resource", "audience"}:
        raise InvalidRequestError("A parameter is given more than once.")
