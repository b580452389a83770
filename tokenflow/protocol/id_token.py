"""Check an ID token (OpenID Connect Core section 3.1.3.7), its signature always, whatever way it came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tokenflow.errors import VerificationError
from tokenflow.protocol.effects import Flow, now
from tokenflow.protocol.jwks import keys_for
from tokenflow.protocol.verification import audiences, check_times, moment, shown

if TYPE_CHECKING:
    from tokenflow.metadata import ServerMetadata
    from tokenflow.profile import Profile

_DOING: Final = "verifying the ID token"
_LONGEST_SUBJECT: Final = 255  # OpenID Connect Core section 2


def verify_id_token(text: str, profile: Profile, server: ServerMetadata) -> Flow[dict[str, Any]]:
    """Check an ID token and return its claims.

    Raises:
        VerificationError: it is not one of this server's for this client, or is out of date.
        TransportError, ProtocolError, OAuthError: the server's keys cannot be had.
    """
    from tokenflow.protocol.jws import BadSignatureError, NotAJwtError, check_signature, decode  # noqa: PLC0415 - PyJWT

    try:
        token = decode(text)
        keys = (yield from keys_for(token, server.jwks_uri)) if server.jwks_uri else []
        check_signature(token, keys, profile.verify.algorithms)
    except NotAJwtError as error:
        raise VerificationError("the ID token", "a JWT", f"none ({error})", doing=_DOING) from None
    except BadSignatureError as error:
        raise VerificationError(
            "the signature", f"one by a key of {server.issuer}", f"one that {error}", doing=_DOING
        ) from None
    claims = token.claims
    _check_parties(claims, profile, server)
    time = yield from now()
    check_times(claims, profile.verify, time, _DOING)
    _check_issue_time(claims, profile, time)
    return claims


def check_same_subject(text: str, before: str) -> None:
    """Check that a renewed ID token is the same person's as the verified one `before` (section 12.2).

    The signature of `text` is not looked at: this comes beside `verify_id_token`, not in its place.

    Raises:
        VerificationError: it is another person's, or no JWT.
    """
    from tokenflow.protocol.jws import NotAJwtError, decode  # noqa: PLC0415 - PyJWT

    try:
        was, now_is = decode(before).claims.get("sub"), decode(text).claims.get("sub")
    except NotAJwtError as error:
        raise VerificationError("the ID token", "a JWT", f"none ({error})", doing=_DOING) from None
    if was != now_is:
        raise VerificationError("sub", f"{shown(was)}, as before the renewal", shown(now_is), doing=_DOING)


def _check_parties(claims: dict[str, Any], profile: Profile, server: ServerMetadata) -> None:
    if claims.get("iss") != server.issuer:
        raise VerificationError("iss", str(server.issuer), shown(claims.get("iss")), doing=_DOING)
    if audiences(claims) != [profile.client.id]:
        raise VerificationError("aud", str(profile.client.id), shown(claims.get("aud")), doing=_DOING)
    if claims.get("azp", profile.client.id) != profile.client.id:
        raise VerificationError("azp", str(profile.client.id), shown(claims.get("azp")), doing=_DOING)
    subject = claims.get("sub")
    if not isinstance(subject, str) or not subject.isascii() or not 0 < len(subject) <= _LONGEST_SUBJECT:
        raise VerificationError("sub", "a subject of at most 255 ASCII characters", shown(subject), doing=_DOING)


def _check_issue_time(claims: dict[str, Any], profile: Profile, time: float) -> None:
    issued = moment(claims.get("iat"))
    if issued is None or issued - profile.verify.clock_skew > time:
        expected = f"a time before now ({time:.0f}); is the clock right?"
        raise VerificationError("iat", expected, shown(claims.get("iat")), doing=_DOING)
