"""Faults on calls: of the vendor's operations, and of sinks."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive

from frontsim.api.connection import end_with_caller, gone, reset
from frontsim.api.responses import api_error
from frontsim.clock import Clock
from frontsim.domain.fault_rules import FaultRules
from frontsim.domain.faults import DeliveryFacts, FaultRule, matches


class CallFaults:
    """Which rule applies to a call, and what it does.

    Args:
        rules: fault rules; those on calls apply here.
        clock: simulator time.
    """

    def __init__(self, *, rules: FaultRules, clock: Clock) -> None:
        self._rules = rules
        self._clock = clock
        self._calls: Counter[int] = Counter()  # how many each rule has matched

    def rule_for(self, operation: str) -> FaultRule | None:
        """The rule that applies to a call of an operation, counted as fired."""
        if not self._rules.any:
            return None
        call = DeliveryFacts(chance_key="", now=self._clock.now(), operation=operation, calls=self._calls)
        self._calls.update(rule.number for rule in self._rules if matches(rule, call))
        return self._rules.apply_first_match(call)

    def forget(self) -> None:
        """Count calls from 0 again, so that the seed draws the same chances."""
        self._calls.clear()


async def broken_answer(
    rule: FaultRule, request: Request, answer: Callable[[], Awaitable[Response]]
) -> Response | None:
    """The answer to a call that a rule breaks; None where the caller got a reset instead.

    Args:
        rule: of a fault on calls.
        request: the call.
        answer: does what it asks for.
    """
    if rule.fault == "api-error":
        return api_error(rule.param("status"), rule.param("retryAfter"))
    if rule.fault == "api-slow":
        end_with_caller(request.scope)
        done = await answer()
        await _left(request.receive, within_s=rule.param("seconds"))
        return done
    await answer()  # api-lost-response: done, and the answer is dropped
    await reset(request.scope, request.receive)
    return None


async def _left(receive: Receive, *, within_s: float) -> None:
    """Wait `within_s` seconds, or until the caller is gone."""
    with suppress(TimeoutError):
        await asyncio.wait_for(gone(receive), within_s)
