"""From a file to its explanation: check it as every command does, rehearse it, and say what this version lacks."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, final

from tokenflow.config.interpretation import interpret
from tokenflow.config.presets import with_preset
from tokenflow.config.reading import read
from tokenflow.errors import ProfileError, SecretError, VerificationError
from tokenflow.explanation.effective import Effective, EffectiveValue
from tokenflow.explanation.invention import NOW
from tokenflow.explanation.rehearsal import Exchange, Rehearsal
from tokenflow.explanation.veil import Variable, Veil, veiled
from tokenflow.metadata import NOTHING_KNOWN, ServerMetadata
from tokenflow.profile import CommandSource, Profile
from tokenflow.protocol.discovery import server_metadata
from tokenflow.protocol.effects import send, within
from tokenflow.protocol.identity import identity
from tokenflow.protocol.pipeline import valid_token
from tokenflow.protocol.records import write_record
from tokenflow.secret import Secret
from tokenflow.tokens import TokenRecord
from tokenflow.unbuilt import refuse_unbuilt
from tokenflow.world.narration import logger
from tokenflow.world.references import read_public_reference

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tokenflow.explanation.rehearsal import Ask
    from tokenflow.profile import Reference
    from tokenflow.protocol.effects import Flow
    from tokenflow.protocol.messages import HttpRequest, HttpResponse

_ISSUED: Final = "the-refresh-token-issued"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What a profile comes to. `unbuilt` says what this version cannot do of it; there are no requests then.

    `server` is its metadata, made up where it was not asked. `first` are the requests with nothing stored, `renewal`
    those with a refresh token of the server's, by the same process. `variables` name the secrets in them by their
    stand-ins.
    """

    profile: Profile
    values: tuple[EffectiveValue, ...]
    unbuilt: tuple[str, ...] = ()
    server: ServerMetadata = NOTHING_KNOWN
    first: tuple[Exchange, ...] = ()
    renewal: tuple[Exchange, ...] = ()
    variables: Mapping[str, Variable]

    @property
    def made_up(self) -> bool:
        """Whether there are requests to a server whose endpoints were made up, for want of its metadata."""
        return not all(exchange.known for exchange in self.first)

    def value(self, path: str) -> EffectiveValue:
        """Return the effective value at a path that always has one."""
        return next(value for value in self.values if value.path == path)


def explain(path: str, *, discover: bool = False) -> Explanation:
    """Explain the profile in `path`; with `discover`, ask its server for the metadata, else send nothing.

    Raises:
        ProfileError: the profile cannot be used.
        TransportError, ProtocolError, OAuthError, VerificationError: there is no usable metadata.
    """
    profile, effective = _interpreted(path)
    values = tuple(effective.values())
    try:
        refuse_unbuilt(profile)
    except ProfileError as error:
        unbuilt = tuple(f"{problem.path}: {problem.message}; {problem.advice}" for problem in error.problems)
        return Explanation(profile=profile, values=values, unbuilt=unbuilt, variables={})
    if discover:
        with closing(_Server(profile)) as server:
            return _rehearsed(server.profile, values, ask=server.ask)
    return _rehearsed(profile, values)


def _interpreted(path: str) -> tuple[Profile, Effective]:
    given: dict[str, str] = {}

    def resolve(reference: Reference) -> str:
        if isinstance(reference.source, CommandSource):
            raise SecretError("explain runs no command; put its value here to see what it leads to")
        given[reference.place.path] = read_public_reference(reference)
        return given[reference.place.path]

    document = read(Path(path))
    interpretation = interpret(document, resolve=resolve)
    if interpretation.profile is None:
        raise ProfileError(interpretation.errors)
    for problem in interpretation.problems:
        logger.warning("%s", problem)
    return interpretation.profile, Effective(with_preset(document)[0], given)


def _rehearsed(profile: Profile, values: tuple[EffectiveValue, ...], ask: Ask | None = None) -> Explanation:
    veil = Veil()
    rehearsal = Rehearsal(veiled(profile), veil, ask=ask)
    first = tuple(_requests(rehearsal, valid_token(rehearsal.profile)))
    server = rehearsal.run(server_metadata(rehearsal.profile))
    issued = TokenRecord(token=None, refresh_token=Secret(_ISSUED), obtained_at=int(NOW))
    rehearsal.entries[identity(rehearsal.profile)] = write_record(issued)
    return Explanation(
        profile=profile,
        values=values,
        server=server,
        first=first,
        renewal=tuple(_requests(rehearsal, valid_token(rehearsal.profile))),
        variables=veil.variables,
    )


def _requests(rehearsal: Rehearsal, flow: Flow[object]) -> Iterator[Exchange]:
    """Walk a flow and yield what it would send. A made-up token may fail its verification: that is the end then."""
    before = len(rehearsal.exchanges)
    try:
        rehearsal.run(flow)
    except VerificationError:
        if not rehearsal.invented:
            raise
    yield from rehearsal.exchanges[before:]


@final
class _Server:
    """The profile's server, for discovery alone: the embedded issuer is started, nothing is stored."""

    def __init__(self, profile: Profile) -> None:
        from tokenflow.session import Session  # noqa: PLC0415 - only to discover
        from tokenflow.world.driver import Driver  # noqa: PLC0415
        from tokenflow.world.exchange import new_client  # noqa: PLC0415 - it loads httpx
        from tokenflow.world.stores.memory import MemoryStore  # noqa: PLC0415

        self._client = new_client(profile.http)
        self._session = Session(profile, MemoryStore(), None)
        self._driver = Driver(lambda: self._client, self._session.around)
        self._patience = profile.refresh.retry.deadline
        self.profile = self._session.profile

    def ask(self, request: HttpRequest) -> HttpResponse:
        """Send one request of discovery, as patiently as `run` would."""
        return self._driver.run(within(self._patience, send(request)))

    def close(self) -> None:
        """Close the connections, and end what was started."""
        self._client.close()
        self._session.close()
