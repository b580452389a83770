"""What is worth repeating, and how patiently: the arguments of tenacity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import tenacity

from tokenflow.errors import TransportError
from tokenflow.protocol.server_answer import TRANSIENT, retry_after

if TYPE_CHECKING:
    from collections.abc import Callable

    from tokenflow.profile import RetryPolicy
    from tokenflow.protocol.messages import HttpRequest, HttpResponse
    from tokenflow.world.clock import Clock

# What even a request that spends something may be repeated after: the server says that it has not looked at it.
_NOT_LOOKED_AT = frozenset({429, 503})


def retrying(
    request: HttpRequest,
    policy: RetryPolicy,
    *,
    clock: Clock,
    deadline: float | None,
    narrate: Callable[[str], None],
) -> dict[str, Any]:
    """Return tenacity's arguments for one request.

    `deadline` is Unix time. A wait that would end after it is not begun: the last answer or error counts then. So a
    Retry-After that is longer than there is time ends the exchange at once.
    """
    end = min(clock.now() + policy.deadline, deadline if deadline is not None else float("inf"))

    def worthwhile(state: tenacity.RetryCallState) -> bool:
        outcome = state.outcome
        assert outcome is not None
        if outcome.failed:
            error = outcome.exception()
            return isinstance(error, TransportError) and not error.permanent and (request.repeatable or not error.sent)
        response: HttpResponse = outcome.result()
        return response.status in (TRANSIENT if request.repeatable else _NOT_LOOKED_AT)

    backoff = tenacity.wait_random_exponential(multiplier=policy.first_delay, max=policy.max_delay)

    def wait(state: tenacity.RetryCallState) -> float:
        outcome = state.outcome
        assert outcome is not None
        asked = None if outcome.failed else retry_after(outcome.result())
        return backoff(state) if asked is None else asked

    attempts = tenacity.stop_after_attempt(policy.attempts)

    def out_of_time(state: tenacity.RetryCallState) -> bool:
        return clock.now() + state.upcoming_sleep >= end

    def say(state: tenacity.RetryCallState) -> None:
        outcome = state.outcome
        assert outcome is not None
        found = outcome.exception() if outcome.failed else f"answered {outcome.result().status}"
        narrate(f"try {state.attempt_number} of {policy.attempts}: {found}; again in {state.upcoming_sleep:.1f} s")

    return {
        "retry": worthwhile,
        "stop": lambda state: attempts(state) or out_of_time(state),
        "wait": wait,
        "before_sleep": say,
        "retry_error_callback": _last,
    }


def _last(state: tenacity.RetryCallState) -> HttpResponse:
    """Return the last answer when the tries are used up, or raise the last error."""
    assert state.outcome is not None
    response: HttpResponse = state.outcome.result()
    return response
