"""Check tokens before anybody relies on them: access tokens as the profile says, ID tokens always."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from tokenflow.errors import VerificationError
from tokenflow.printable import printable
from tokenflow.protocol.discovery import server_metadata
from tokenflow.protocol.effects import Flow, now
from tokenflow.protocol.jwks import keys_for

if TYPE_CHECKING:
    from tokenflow.metadata import ServerMetadata
    from tokenflow.profile import Profile, VerifyPolicy
    from tokenflow.protocol.jws import Jwt

_DOING: Final = "verifying the access token"
_FAR: Final = 10**15  # seconds
# RFC 9068 section 2.2.
_REQUIRED_CLAIMS: Final = ("iss", "exp", "aud", "sub", "client_id", "iat", "jti")
_TYPES: Final = ("at+jwt", "application/at+jwt")


def verify_access_token(text: str, profile: Profile, server: ServerMetadata) -> Flow[dict[str, Any] | None]:
    """Check an access token; return its claims where it is a JWT that was checked, else None: it is opaque.

    `auto` checks a JWT whose `iss` is the issuer and whose key is in its JWKS: signature, algorithm, expiry, and the
    audience where the profile names one; anything else is opaque (RFC 9068 section 6). `jwt` is RFC 9068 in full.

    Raises:
        VerificationError: the token is not what it has to be.
        TransportError, ProtocolError, OAuthError: the keys that are needed cannot be had.
    """
    if profile.verify.access_token == "none":
        return None
    token = _decoded(text, profile.verify)
    if token is None:
        return None
    if profile.verify.access_token == "auto" and token.claims.get("iss") != server.issuer:
        return None
    if not (yield from _is_signed(token, profile.verify, server)):
        return None
    claims = token.claims
    if profile.verify.access_token == "jwt":
        _check_rfc9068(token, profile, server)
    check_times(claims, profile.verify, (yield from now()), _DOING)
    _check_audience(claims, profile)
    return claims


def _decoded(text: str, policy: VerifyPolicy) -> Jwt | None:
    if policy.access_token == "auto" and text.count(".") != 2:  # noqa: PLR2004 - a JWT's two dots; spares PyJWT's import
        return None
    from tokenflow.protocol.jws import NotAJwtError, decode  # noqa: PLC0415 - it loads PyJWT

    try:
        return decode(text)
    except NotAJwtError as error:
        if policy.access_token == "auto":
            return None
        raise VerificationError("the token", "a JWT", f"none ({error})", doing=_DOING) from None


def _is_signed(token: Jwt, policy: VerifyPolicy, server: ServerMetadata) -> Flow[bool]:
    """Check the signature; False where the key is not the server's and the profile does not insist."""
    from tokenflow.protocol.jws import BadSignatureError, check_signature  # noqa: PLC0415 - it loads PyJWT

    insists = policy.access_token == "jwt"
    keys = (yield from keys_for(token, server.jwks_uri)) if server.jwks_uri else []
    if not keys and not insists:
        return False
    try:
        check_signature(token, keys, policy.algorithms)
    except BadSignatureError as error:
        expected = f"one by a key of {server.issuer} with {', '.join(policy.algorithms)}"
        raise VerificationError("the signature", expected, f"one that {error}", doing=_DOING) from None
    return True


def _check_rfc9068(token: Jwt, profile: Profile, server: ServerMetadata) -> None:
    kind = token.header.get("typ")
    if not isinstance(kind, str) or kind.lower() not in _TYPES:
        raise VerificationError("typ", "at+jwt", shown(kind), doing=_DOING)
    for name in _REQUIRED_CLAIMS:
        if token.claims.get(name) is None:
            raise VerificationError(name, "present (RFC 9068 section 2.2)", "missing", doing=_DOING)
    if token.claims["iss"] != server.issuer:
        raise VerificationError("iss", str(server.issuer), shown(token.claims["iss"]), doing=_DOING)
    if token.claims["client_id"] != profile.client.id:
        raise VerificationError("client_id", str(profile.client.id), shown(token.claims["client_id"]), doing=_DOING)
    named, unwanted = audiences(token.claims), {profile.client.id} - set(profile.verify.audience)
    if not set(named) - unwanted:
        found = shown(" ".join(named) or token.claims["aud"])
        raise VerificationError("aud", "a resource, and not the client alone", found, doing=_DOING)


def check_times(claims: dict[str, Any], policy: VerifyPolicy, time: float, doing: str) -> None:
    """Check `exp` and `nbf` against `time` (Unix time), allowing the profile's `clock_skew`.

    Raises:
        VerificationError: the token is expired or not valid yet.
    """
    expiry, start = moment(claims.get("exp")), moment(claims.get("nbf", 0))
    if expiry is None:
        raise VerificationError("exp", "a time", shown(claims.get("exp")), doing=doing)
    if start is None:
        raise VerificationError("nbf", "a time", shown(claims["nbf"]), doing=doing)
    if expiry + policy.clock_skew <= time:
        raise VerificationError("exp", f"after now ({time:.0f}); is the clock right?", f"{expiry:.0f}", doing=doing)
    if start - policy.clock_skew > time:
        raise VerificationError("nbf", f"before now ({time:.0f}); is the clock right?", f"{start:.0f}", doing=doing)


def moment(value: object) -> float | None:
    """Read a NumericDate (RFC 7519 section 2); None where it is none. An absurd one is cut, not to overflow."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(max(-_FAR, min(value, _FAR)))


def _check_audience(claims: dict[str, Any], profile: Profile) -> None:
    """Check `aud` where the profile names one; `jwt` takes the target that was asked for as its name, too."""
    named = profile.verify.audience
    if not named and profile.verify.access_token == "jwt":
        named = (*profile.audience, *profile.resource)
    if named and not set(named) & set(audiences(claims)):
        expected = " or ".join(named)
        raise VerificationError("aud", expected, shown(" ".join(audiences(claims)) or None), doing=_DOING)


def audiences(claims: dict[str, Any]) -> list[str]:
    """Return `aud`, which is one string or a list of them (RFC 7519 section 4.1.3)."""
    aud = claims.get("aud")
    return (
        [aud]
        if isinstance(aud, str)
        else [one for one in aud or () if isinstance(one, str)]
        if isinstance(aud, list)
        else []
    )


def check_scopes(granted: tuple[str, ...], policy: VerifyPolicy) -> None:
    """Check that every scope that the profile requires was granted.

    Raises:
        VerificationError: one was not.
    """
    missing = [scope for scope in policy.required_scopes if scope not in granted]
    if missing:
        raise VerificationError("scope", f"to hold {' '.join(missing)}", shown(" ".join(granted) or None), doing=_DOING)


def described_policy(policy: VerifyPolicy) -> str:
    """Say what a token was checked against, so that it is not served under a policy that it never passed."""
    parts = (policy.access_token, policy.audience, policy.required_scopes, policy.algorithms)
    return " ".join(part if isinstance(part, str) else f"[{' '.join(sorted(part))}]" for part in parts)


def shown(value: object) -> str:
    """Write a claim's value for a message."""
    return "missing" if value is None else printable(str(value))


def verified_claims(text: str, profile: Profile) -> Flow[dict[str, Any]]:
    """Verify an access token against the profile's server, and insist: an opaque one cannot be verified.

    Raises:
        VerificationError: it is not a JWT of this server, or is not right.
    """
    server = yield from server_metadata(profile)
    if profile.verify.access_token == "none":
        profile = replace(profile, verify=replace(profile.verify, access_token="auto"))
    claims = yield from verify_access_token(text, profile, server)
    if claims is None:
        expected = f"a JWT of {server.issuer} signed by one of its keys"
        raise VerificationError("the token", expected, "opaque, or another's", doing=_DOING)
    return claims
