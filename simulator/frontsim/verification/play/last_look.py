"""The last look at a scenario's effects, taken after other scenarios were played.

Verify accuses a receiver of a missing effect only after a patient last look, because a slow worker is not a loss. Even
then the observer itself may be at fault: it may show less than before, or only the first page of a longer list.
"""

import re
from collections.abc import Set as AbstractSet
from dataclasses import replace

from frontsim.clock import stopwatch
from frontsim.verification.facts.correlate import effects_of, may_await_next_batch
from frontsim.verification.facts.history import History, Observation
from frontsim.verification.observe.changes import Effects
from frontsim.verification.observe.effect_reader import EffectReader
from frontsim.verification.observe.observers import ObserverFailed
from frontsim.verification.observe.settle import ReceiverLatency, Settled, WaitLimits
from frontsim.verification.play.harness import TimeLimits

_SMALLEST_PAGE = 10
_PAGE_SIZE = re.compile("(?:1|2|25|5)0*")
"""Numbers that people choose for a page: 10, 20, 25, 50, 100, 250 ..."""


class LastLook:
    """Follows the effects of one scenario after it was played. It needs the observer, but not the scenario's simulator.

    Args:
        effects: reads them.
        settled: what came of the scenario's own wait for them. The attribute has what came of the newest wait.
        limits: how long to wait.
        latency: how slow the receiver was so far.
        preflight_event_id: the clean event that was seen before the scenario's own events.
    """

    def __init__(
        self,
        effects: EffectReader,
        settled: Settled,
        *,
        limits: TimeLimits,
        latency: ReceiverLatency,
        preflight_event_id: str,
    ) -> None:
        self.settled = settled
        self._effects = effects
        self._limits = limits
        self._latency = latency
        self._preflight_event_id = preflight_event_id

    def is_due(self, history: History) -> bool:
        """Whether the effects have been unchanged for so long that one more look is enough."""
        return stopwatch() - self.settled.changed_s >= self._wait_limits(history).missing_s

    def take(self, history: History) -> History:
        """Wait until each event has its effect, or has gone without for long enough.

        Returns:
            The history with the effects as they are then. When they cannot be read any more, the history is as it was,
            and `settled.failure` says why.
        """
        assert history.final is not None
        before = self.settled
        self.settled = again = self._effects.wait_until_settled(history, self._wait_limits(history), before=before)
        if again.failure:
            return history
        if again.changed_s != before.changed_s:
            self._latency.note(before.watched_s)  # the effect took longer than the first wait
        own = effects_of(history, again.effects)
        at_ms = history.final.at_ms + round(1000 * (again.ended_s - before.ended_s))
        final = Observation(at_ms, own + _others(history, history.final))
        return replace(history, final=final, settled=again.is_quiet)

    def doubt(
        self, history: History, missing: AbstractSet[str], *, killed_since: bool = False, is_last: bool = False
    ) -> str:
        """Why the observer, not the receiver, may be at fault for what is missing; "" when nothing speaks for that.

        Args:
            history: of the scenario.
            missing: the webhookEventIds of the events whose effect is missing.
            killed_since: the receiver was killed after the scenario, so it may itself have lost what is gone.
            is_last: this is the last look.
        """
        if self.settled.failure:
            return self.settled.failure
        try:
            gone = 0 if killed_since or history.marks else self._count_gone(missing)
            if gone:
                records = "1 record" if gone == 1 else f"{gone} records"
                return f"the observer no longer shows {records} that it showed before; it must show all"
            page = self._page_size(history) if is_last else 0
        except ObserverFailed as error:
            return str(error)
        shown = f"the observer shows {page} records and none newer, as the first page of a longer list does"
        return f"{shown}; it must show all" if page else ""

    def _count_gone(self, missing: AbstractSet[str]) -> int:
        return max(self._effects.count_gone(), int(self._preflight_event_id in missing))

    def _page_size(self, history: History) -> int:
        """How many records the observer shows if that is a usual page size and nothing newer is shown, else 0."""
        if not may_await_next_batch(history):
            return 0
        number = len(self._effects.read_all())
        return number if number >= _SMALLEST_PAGE and _PAGE_SIZE.fullmatch(str(number)) else 0

    def _wait_limits(self, history: History) -> WaitLimits:
        lives = history.liveness is None or not history.liveness.failure
        is_passed_over = self._latency.booked_sent_s > self.settled.began_s  # by a clean event of a later scenario
        may_await_batch = lives and not is_passed_over and may_await_next_batch(history)
        return self._limits.last_wait(self._latency, may_await_batch=may_await_batch)


def _others(history: History, observation: Observation) -> Effects:
    """The effects that name no event of the history."""
    own = set(map(id, effects_of(history, observation.effects)))
    return tuple(effect for effect in observation.effects if id(effect) not in own)
