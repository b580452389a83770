"""An explanation for people who read it on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tokenflow.explanation.wording import FIRST, NO_REQUESTS, RENEWAL, authentication_reason, flow_reason, lines_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tokenflow.explanation.effective import EffectiveValue
    from tokenflow.explanation.explaining import Explanation
    from tokenflow.explanation.rehearsal import Exchange

WIDEST: Final = 48  # columns for values; a longer one moves its own origin


def text(explanation: Explanation) -> str:
    """Write the values, the flow and the requests."""
    lines = ["Values", *_values(explanation.values), "", "Flow", f"  {flow_reason(explanation)}"]
    if explanation.unbuilt:
        lines += ["", f"Requests: {NO_REQUESTS}", *(f"  {what}" for what in explanation.unbuilt)]
        return "\n".join(lines) + "\n"
    lines += [f"  client authentication: {authentication_reason(explanation)}"]
    lines += ["", f"Requests, {FIRST}", *_requests(explanation.first)]
    lines += ["", f"Requests, {RENEWAL}", *_requests(explanation.renewal)]
    return "\n".join(lines) + "\n"


def _values(values: Sequence[EffectiveValue]) -> Iterator[str]:
    path_width = max(len(value.path) for value in values)
    width = min(WIDEST, max(len(value.shown) for value in values))
    for value in values:
        yield f"  {value.path.ljust(path_width)}  {value.shown.ljust(width)}  {value.origin}"


def _requests(exchanges: Sequence[Exchange]) -> Iterator[str]:
    for number, exchange in enumerate(exchanges, 1):
        remark = exchange.condition or exchange.remark
        yield f"  {number}. {exchange.request.method} {exchange.address}" + (f"  ({remark})" if remark else "")
        yield from (f"       {line}" for line in lines_of(exchange.request))
