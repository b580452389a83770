"""An explanation as a Mermaid sequence diagram."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tokenflow.explanation.wording import FIRST, NO_REQUESTS, RENEWAL, flow_reason, lines_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tokenflow.explanation.explaining import Explanation
    from tokenflow.explanation.rehearsal import Exchange

ANSWERS: Final = {"metadata": "metadata", "token_endpoint": "access token", "jwks_uri": "public keys"}
# What Mermaid would take for the end of a statement, an entity, a directive or HTML.
_ENTITIES: Final = {ord(letter): f"#{ord(letter)};" for letter in "#;<>%{}"}


def mermaid(explanation: Explanation) -> str:
    """Write the diagram."""
    servers = dict.fromkeys(exchange.server for exchange in (*explanation.first, *explanation.renewal))
    names = {server: f"S{number}" for number, server in enumerate(servers, 1)}
    lines = ["sequenceDiagram", "    participant T as tokenflow"]
    lines += [f"    participant {name} as {_escaped(server)}" for server, name in names.items()]
    lines += [f"    Note over T: {_escaped(flow_reason(explanation))}"]
    if explanation.unbuilt:
        lines += [f"    Note over T: {_escaped('; '.join((NO_REQUESTS, *explanation.unbuilt)))}"]
    else:
        lines += [f"    Note over T: {_escaped(FIRST)}", *_exchanges(explanation.first, names)]
        lines += [f"    opt {_escaped(RENEWAL)}", *_exchanges(explanation.renewal, names), "    end"]
    return "\n".join(lines) + "\n"


def _exchanges(exchanges: Sequence[Exchange], names: Mapping[str, str]) -> Iterator[str]:
    for exchange in exchanges:
        server, request = names[exchange.server], exchange.request
        if exchange.condition:
            yield f"    opt {_escaped(exchange.condition)}"
        said = "<br/>".join(_escaped(line) for line in (f"{request.method} {exchange.address}", *lines_of(request)))
        yield f"    T->>{server}: {said}"
        yield f"    {server}-->>T: {_escaped(ANSWERS.get(exchange.endpoint, 'answer'))}"
        if exchange.remark:
            yield f"    Note right of T: {_escaped(exchange.remark)}"
        if exchange.condition:
            yield "    end"


def _escaped(text: str) -> str:
    return text.translate(_ENTITIES)
