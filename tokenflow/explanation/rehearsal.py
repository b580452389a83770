"""A driver that performs nothing: it walks a flow to its end, writes down what would be sent, and makes up the answers.

Its twins are `world/driver.py` and `world/async_driver.py`. It reads no clock, no store and no secret. Only where it
is given a way to `ask`, it sends what discovery sends, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, TypeVar, assert_never, final

from tokenflow.addresses import origin
from tokenflow.explanation.invention import NOW, SOME_PORT, SOMEWHERE, keys_answer, metadata_answer, token_answer
from tokenflow.metadata import ENDPOINTS
from tokenflow.profile import EMBEDDED
from tokenflow.protocol.discovery import well_known
from tokenflow.protocol.effects import (
    Effect,
    Exclusive,
    Flow,
    Load,
    Now,
    Random,
    Recall,
    Remember,
    Remembered,
    Resolve,
    Save,
    Send,
    Sleep,
    Tell,
    Within,
)
from tokenflow.protocol.messages import HttpRequest, HttpResponse
from tokenflow.protocol.strict_json import json_object

if TYPE_CHECKING:
    from tokenflow.explanation.veil import Veil
    from tokenflow.profile import Profile

T = TypeVar("T")
Ask = Callable[[HttpRequest], HttpResponse]
METADATA: Final = "metadata"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A request that would be sent: to which endpoint by its RFC 8414 name, and how its address is shown.

    `known` is False where only the server's metadata has the address. `condition` says when it is not sent in any
    case, `remark` what else there is to say.
    """

    request: HttpRequest
    endpoint: str
    address: str
    server: str
    known: bool
    condition: str = ""
    remark: str = ""


@final
class Rehearsal:
    """Walk the flows of one profile, whose secrets are veiled."""

    def __init__(self, profile: Profile, veil: Veil, *, ask: Ask | None = None) -> None:
        self.embedded = profile.issuer == EMBEDDED
        self.profile = replace(profile, issuer=SOME_PORT) if self.embedded else profile
        self.exchanges: list[Exchange] = []
        self.entries: dict[str, str] = {}
        self.invented = False
        self._ask = ask
        self._veil = veil
        self._time = NOW
        self._remembered: dict[str, Remembered] = {}
        self._discovery = well_known(self.profile.issuer) if self.profile.issuer else []
        written = {name: getattr(profile.metadata, name) for name in ENDPOINTS}
        self._endpoints = {address: name for name, address in written.items() if address is not None}

    def run(self, flow: Flow[T]) -> T:
        """Walk a flow to its end and return its value."""
        try:
            effect = next(flow)
            while True:
                try:
                    result = self._perform(effect)
                except Exception as error:  # noqa: BLE001 - whatever happened is the flow's to handle
                    effect = flow.throw(error)
                else:
                    effect = flow.send(result)
        except StopIteration as stop:
            value: T = stop.value
            return value
        finally:
            flow.close()

    def _perform(self, effect: Effect) -> Any:  # noqa: C901, PLR0911 - a line an effect
        match effect:
            case Send(request):
                return self._send(request)
            case Sleep(seconds):
                self._time += seconds
                return None
            case Now():
                return self._time
            case Random(size):
                return bytes(size)
            case Resolve(reference):
                return self._veil.stand_in(reference)
            case Load(key):
                return self.entries.get(key)
            case Save():
                return None
            case Exclusive() | Within():
                return self.run(effect.body)
            case Recall(key):
                return self._remembered.get(key)
            case Remember(key, text):
                self._remembered[key] = Remembered(text, self._time)
                return None
            case Tell():
                return None  # said of made-up answers
            case _:
                assert_never(effect)

    def _send(self, request: HttpRequest) -> HttpResponse:
        if request.url in self._discovery:
            return self._discover(request)
        endpoint = self._endpoints.get(request.url, "")
        condition = ""
        if endpoint == "jwks_uri" and self.profile.verify.access_token == "auto":
            condition = "only if the access token is a JWT of this issuer (verify.access_token: auto)"
        self._note(request, endpoint, condition=condition)
        self.invented = True
        return keys_answer() if endpoint == "jwks_uri" else token_answer(self.profile)

    def _discover(self, request: HttpRequest) -> HttpResponse:
        if self._ask is not None:
            response = self._ask(request)
            self._note(request, METADATA, remark=f"answered {response.status}")
        else:
            response = metadata_answer(str(self.profile.issuer))
            self._note(request, METADATA, remark=f"where it is not found, then GET {self._port(self._discovery[-1])}")
        try:
            document = json_object(response.body)
        except ValueError:
            document = {}  # what to make of that, the flow knows
        for name in ENDPOINTS:
            if isinstance(address := document.get(name), str):
                self._endpoints.setdefault(address, name)
        return response

    def _note(self, request: HttpRequest, endpoint: str, *, condition: str = "", remark: str = "") -> None:
        known = not request.url.startswith(f"{SOMEWHERE}/")
        server = "the embedded issuer" if self.embedded else str(self.profile.issuer)
        exchange = Exchange(
            request=request,
            endpoint=endpoint,
            address=self._port(request.url) if known else f"<{endpoint} of {server}>",
            server=origin(request.url) if known and not self.embedded else server,
            known=known,
            condition=condition,
            remark=remark,
        )
        self.exchanges.append(exchange)

    def _port(self, address: str) -> str:
        return address.replace(f"{SOME_PORT}/", "http://127.0.0.1:PORT/", 1)
