"""How a valid token comes about: stored, else refreshed, else by the flow; verified, saved, handed out.

The order of things in a renewal is what keeps refresh tokens from being lost or spent twice (promise 3): lock, read
again, ask, verify, save, hand out. All of it runs inside `exclusive`, so at most one token request is in flight for one
identity.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, final

from tokenflow.errors import OAuthError, TokenflowError, TransportError, VerificationError
from tokenflow.protocol.client_auth import with_secret_read
from tokenflow.protocol.discovery import server_metadata
from tokenflow.protocol.effects import BUSY, Flow, exclusive, exclusive_or_busy, load, now, save, tell, within
from tokenflow.protocol.freshness import Freshness, clamped, freshness
from tokenflow.protocol.grants import GRANTS
from tokenflow.protocol.grants.refresh_token import first_refresh_token, refresh
from tokenflow.protocol.id_token import check_same_subject, verify_id_token
from tokenflow.protocol.identity import identity
from tokenflow.protocol.records import read_record, write_record
from tokenflow.protocol.token_answer import TEN_YEARS
from tokenflow.protocol.verification import check_scopes, described_policy, moment, verify_access_token
from tokenflow.secret import Secret
from tokenflow.tokens import TokenRecord, TokenSet

if TYPE_CHECKING:
    from tokenflow.metadata import ServerMetadata
    from tokenflow.profile import Profile
    from tokenflow.protocol.token_answer import TokenAnswer

# How long a caller whose token is due, and still good, waits for its renewal; seconds.
PATIENCE: Final = 2.0


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a caller asks for: a token good for `min_validity` seconds more, or a new one in any case."""

    min_validity: float | None = None
    new: bool = False


class Origin(Enum):
    """How a token came about."""

    STORED = "stored"
    RENEWED = "new"
    SUPERSEDED = "renewed by another caller"


@final
@dataclass(frozen=True, slots=True)
class Obtained:
    """A record with a token that can be handed out, and how it came about."""

    record: TokenRecord
    origin: Origin

    @property
    def token(self) -> TokenSet:
        """The token."""
        assert self.record.token is not None
        return self.record.token


@final
@dataclass(frozen=True, slots=True)
class _Entry:
    """A store entry as it was read: its text, for the compare-and-set when it is written, and the record in it."""

    text: str | None
    record: TokenRecord | None


def valid_token(profile: Profile, wish: Wish | None = None) -> Flow[Obtained]:
    """Obtain a token that is what `wish` asks for.

    Raises:
        VerificationError: the server's tokens do not live as long as `min_validity` asks, or the new one is not right.
        OAuthError, ProtocolError, TransportError, StoreError, SecretError, InteractionRequired: as their names say.
    """
    wish = wish or Wish()
    key = identity(profile)
    entry = yield from _read(key)
    match _judged(entry.record, profile, wish, (yield from now())):
        case Freshness.FRESH, TokenRecord() as record:
            yield from tell("debug", "the stored token is fresh")
            obtained = Obtained(record, Origin.STORED)
        case Freshness.DUE, TokenRecord() as record:
            obtained = yield from _renewed_beside(key, profile, wish, entry, record)
        case _:
            renewal = within(profile.refresh.retry.deadline, _renewal(key, profile, wish, entry))
            obtained = yield from exclusive(key, renewal)
    yield from _check_validity(obtained, wish)
    return obtained


def forget_access_token(profile: Profile, access_token: Secret) -> Flow[None]:
    """Drop an access token that a resource server refused, if it still is the stored one; keep the refresh token."""
    key = identity(profile)

    def body() -> Flow[None]:
        entry = yield from _read(key)
        record = entry.record
        if record and record.token and Secret(record.token.access_token) == access_token:
            left = write_record(replace(record, token=None)) if record.refresh_token else None
            yield from save(key, left, replaces=entry.text)

    yield from exclusive(key, body())


def _read(key: str) -> Flow[_Entry]:
    text = yield from load(key)
    record = read_record(text) if text is not None else None
    if text is not None and record is None:
        yield from tell("warning", "the stored token cannot be read; it is treated as missing")
    return _Entry(text, record)


def _judged(
    record: TokenRecord | None, profile: Profile, wish: Wish, time: float
) -> tuple[Freshness, TokenRecord | None]:
    if record is None or wish.new or record.checked != described_policy(profile.verify):
        return Freshness.EXPIRED, record  # what another policy let pass is not believed under this one (promise 9)
    return freshness(record, profile.refresh, now=time, min_validity=wish.min_validity), record


def _renewed_beside(key: str, profile: Profile, wish: Wish, entry: _Entry, present: TokenRecord) -> Flow[Obtained]:
    """Try once, briefly, to renew a token that still serves; whatever fails, it does."""
    try:
        renewed = yield from exclusive_or_busy(key, within(PATIENCE, _renewal(key, profile, wish, entry)))
    except TokenflowError as error:
        yield from tell("warning", f"the token is due and was not renewed; the present one still serves ({error})")
        return Obtained(present, Origin.STORED)
    return Obtained(present, Origin.STORED) if renewed is BUSY else renewed


def _renewal(key: str, profile: Profile, wish: Wish, seen: _Entry) -> Flow[Obtained]:
    """Renew the record, alone: read again, ask, verify, save."""
    entry = yield from _read(key)
    if entry.record is not None and entry.text != seen.text:
        judged, _ = _judged(entry.record, profile, replace(wish, new=False), (yield from now()))
        if judged is not Freshness.EXPIRED:
            yield from tell("debug", "another caller has renewed the token meanwhile")
            return Obtained(entry.record, Origin.SUPERSEDED)
    profile = yield from with_secret_read(profile)  # one that is missing costs no request
    server = yield from server_metadata(profile)
    answer = yield from _answer(key, profile, server, entry)
    if answer is None:
        return (yield from _renewal(key, profile, wish, entry))
    if answer.rotated:
        entry = yield from _rotated(key, entry, answer)
    record = yield from _accepted(profile, server, answer)
    yield from save(key, write_record(record), replaces=entry.text)
    if warning := clamped(profile.refresh, record.lifetime):
        yield from tell("warning", warning)
    return Obtained(record, Origin.RENEWED)


def _answer(key: str, profile: Profile, server: ServerMetadata, entry: _Entry) -> Flow[TokenAnswer | None]:
    """Ask by the stored refresh token where there is one, else by the profile's flow.

    The result is None where the refresh failed and the entry was written meanwhile: somebody else spent the token, and
    has a newer one (F-035).
    """
    record = entry.record
    if record is None or record.refresh_token is None:
        return (yield from GRANTS[profile.flow](profile, server))
    try:
        return (yield from _refreshed(key, profile, server, entry, record))
    except OAuthError as error:
        if error.error != "invalid_grant":
            raise
        if (yield from load(key)) != entry.text:
            return None
        if profile.refresh.on_rejected == "fail" or (yield from first_refresh_token(profile)) == record.refresh_token:
            raise  # what the profile starts from is what was refused (R6749-16)
        yield from tell("info", f"the server refused the stored refresh token ({error.error}); starting over")
    return (yield from GRANTS[profile.flow](profile, server))


def _refreshed(
    key: str, profile: Profile, server: ServerMetadata, entry: _Entry, record: TokenRecord
) -> Flow[TokenAnswer | None]:
    """Refresh. Where the answer was lost, spend the token a second time only when no valid access token is left.

    The store is read again before: None where somebody else has written it meanwhile.
    """
    assert record.refresh_token is not None
    try:
        answer = yield from refresh(profile, server, record.refresh_token)
    except TransportError as error:
        answered = error.retry_after is not None  # not lost: the server says when to come again
        if not error.sent or error.permanent or answered or _serves(record.token, (yield from now())):
            raise
        if (yield from load(key)) != entry.text:
            return None
        yield from tell("info", "the answer to the refresh was lost; asking once more")
        answer = yield from refresh(profile, server, record.refresh_token)
    if answer.id_token is not None and record.token is not None and record.token.id_token is not None:
        check_same_subject(answer.id_token.reveal(), record.token.id_token)
    return replace(answer, refresh_token=answer.refresh_token or record.refresh_token)


def _serves(token: TokenSet | None, time: float) -> bool:
    return token is not None and (token.expires_at is None or token.expires_at > time)


def _rotated(key: str, entry: _Entry, answer: TokenAnswer) -> Flow[_Entry]:
    """Save a refresh token that took the place of a spent one, before anything else can go wrong (promise 3).

    The access token that came with it is not believed yet: the record keeps the one that it has.
    """
    kept = entry.record or TokenRecord(token=None, refresh_token=None, obtained_at=int(answer.asked_at))
    record = replace(kept, refresh_token=answer.refresh_token)
    text = write_record(record)
    yield from save(key, text, replaces=entry.text)
    return _Entry(text, record)


def _accepted(profile: Profile, server: ServerMetadata, answer: TokenAnswer) -> Flow[TokenRecord]:
    """Verify what came and make the record of it; what is not verified is neither handed out nor kept."""
    access_token = answer.access_token.reveal()
    claims = yield from verify_access_token(access_token, profile, server)
    if answer.id_token is not None:
        yield from verify_id_token(answer.id_token.reveal(), profile, server)
    check_scopes(answer.scopes, profile.verify)
    token = TokenSet(
        access_token,
        token_type=answer.token_type,
        expires_at=_expiry(answer, claims, profile),
        scopes=answer.scopes,
        issuer=server.issuer or "",
        id_token=answer.id_token.reveal() if answer.id_token else None,
    )
    return TokenRecord(
        token=token,
        refresh_token=answer.refresh_token,
        obtained_at=int(answer.asked_at),
        checked=described_policy(profile.verify),
    )


def _expiry(answer: TokenAnswer, claims: dict[str, Any] | None, profile: Profile) -> int:
    """Tell when the token expires: by the answer, else by its own `exp`, else as the profile assumes (promise 7)."""
    asked_at = int(answer.asked_at)
    if answer.lifetime is not None:
        return asked_at + answer.lifetime
    exp = moment((claims or _unverified_claims(answer.access_token.reveal())).get("exp"))
    if exp is not None:
        return int(max(0.0, min(exp, asked_at + TEN_YEARS)))
    return asked_at + int(profile.refresh.assume_lifetime)


def _unverified_claims(text: str) -> dict[str, Any]:
    """Read the claims of a token that is not ours to verify, to learn no more than when it expires."""
    if text.count(".") != 2:  # noqa: PLR2004 - a JWT's two dots; spares PyJWT's import
        return {}
    from tokenflow.protocol.jws import NotAJwtError, decode  # noqa: PLC0415 - it loads PyJWT

    try:
        return decode(text).claims
    except NotAJwtError:
        return {}


def _check_validity(obtained: Obtained, wish: Wish) -> Flow[None]:
    """Check that the token is good at all (F-050), and for as long as the caller asks."""
    expires_at = obtained.token.expires_at
    if expires_at is None:
        return
    left = expires_at - (yield from now())
    if left <= 0:
        expected = "more than 0 s; is the clock right?"
    elif wish.min_validity is not None and left < wish.min_validity:
        expected = f"at least {wish.min_validity:g} s, as asked"
    else:
        return
    found = f"{left:.0f} s: the server's tokens live {obtained.record.lifetime} s"
    raise VerificationError("the token's remaining life", expected, found)
