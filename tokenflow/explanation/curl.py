"""An explanation as curl commands for a POSIX shell, with secrets and what only answers tell as variables."""

from __future__ import annotations

import base64
import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, final
from urllib.parse import quote_plus

from tokenflow.explanation.veil import Variable, shell_name
from tokenflow.explanation.wording import FIRST, NO_REQUESTS, RENEWAL, flow_reason
from tokenflow.printable import printable
from tokenflow.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tokenflow.explanation.explaining import Explanation
    from tokenflow.explanation.rehearsal import Exchange
    from tokenflow.profile import HttpOptions

LONGEST: Final = 100_000
_ENCODED: Final = "; form-encode it if it holds more than letters, digits and -._ (RFC 6749 section 2.3.1)"


def curl(explanation: Explanation) -> str:
    """Write the commands, and before them which variable is what."""
    if explanation.unbuilt:
        said = (flow_reason(explanation), NO_REQUESTS, *explanation.unbuilt)
        return "".join(f"# {printable(line, longest=LONGEST)}\n" for line in said)
    script = _Script(explanation.variables)
    options = list(script.options(explanation.profile.http))
    lines = [f"# Requests, {FIRST}", *script.commands(explanation.first, options)]
    lines += [f"# Requests, {RENEWAL}", *script.commands(explanation.renewal, options)]
    used = [f"# {name}: {printable(about, longest=LONGEST)}" for name, about in script.used.items()]
    return "\n".join([*used, *([""] if used else []), *lines])


@final
@dataclass(slots=True)
class _Script:
    """Write commands, and keep in mind which variables they use."""

    known: Mapping[str, Variable]
    used: dict[str, str] = field(default_factory=dict)

    def options(self, http: HttpOptions) -> Iterator[str]:
        yield f"--max-time {http.timeout:g}"
        if http.proxy is not None:
            # Its address may hold a password.
            yield f"--proxy {self._use('PROXY', 'http.proxy of the profile')}"
        if http.ca_bundle is not None:
            yield f"--cacert {_quoted(http.ca_bundle)}"

    def commands(self, exchanges: Sequence[Exchange], options: Sequence[str]) -> Iterator[str]:
        for exchange in exchanges:
            if remark := exchange.condition or exchange.remark:
                yield f"# {printable(remark, longest=LONGEST)}"
            yield " \\\n  ".join([f"curl {self._address(exchange)}", *options, *self._content(exchange)]) + "\n"

    def _address(self, exchange: Exchange) -> str:
        if exchange.known:
            return _quoted(exchange.address)
        about = f"the {exchange.endpoint} that the metadata names (explain --discover writes it out)"
        return self._use(shell_name(exchange.endpoint), about)

    def _content(self, exchange: Exchange) -> Iterator[str]:
        request = exchange.request
        for name, value in request.headers:
            yield self._header(name, value)
        for name, value in request.form or ():
            key = quote_plus(name)
            if isinstance(value, Secret):
                yield f"--data-urlencode {key}={self._secret(name, value.reveal())}"
            else:
                yield f"--data-urlencode {_quoted(f'{key}={value}')}"

    def _header(self, name: str, value: str | Secret) -> str:
        if not isinstance(value, Secret):
            return f"--header {_quoted(f'{name}: {value}')}"
        scheme, _, credentials = value.reveal().partition(" ")
        if scheme != "Basic":
            return f'--header "{name}: {scheme} "{self._secret(name, credentials)}'
        client, _, secret = base64.b64decode(credentials).decode().partition(":")
        return f"--user {_quoted(f'{client}:')}{self._secret('client_secret', secret, more=_ENCODED)}"

    def _secret(self, parameter: str, stand_in: str, *, more: str = "") -> str:
        """Return the variable of a secret: the profile's, else one that an answer before has given."""
        known = self.known.get(stand_in) or Variable(shell_name(parameter), f"the {parameter} that was given before")
        return self._use(known.name, known.about + more)

    def _use(self, name: str, about: str) -> str:
        self.used[name] = about
        return f'"${name}"'


def _quoted(text: str) -> str:
    """Quote a word for the shell; one with control characters in the way of bash, that none reaches a terminal."""
    if text.isprintable():
        return shlex.quote(text)
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"$'{printable(escaped, longest=LONGEST)}'"
