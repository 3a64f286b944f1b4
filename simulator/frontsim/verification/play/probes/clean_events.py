"""Clean events raised on the simulator and delivered by it, as the preflight of a scenario sends them."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import cycle, islice

from frontsim.client.models import EventEntry
from frontsim.clock import stopwatch
from frontsim.presentation.printable import printable
from frontsim.verification.facts.history import EventFact
from frontsim.verification.play.log.log_facts import outcome_of, sent_payload
from frontsim.verification.play.probes.preflight import CleanEvent, Preflight
from frontsim.verification.play.scenario_state import ScenarioState, TrackedEvent
from frontsim.verification.play.steps.raising import raise_clean

_LONGEST = 200
"""Characters of what a receiver said."""


def preflight_of(state: ScenarioState, events: Sequence[str]) -> Preflight:
    """The checks of a scenario, with a clean event of each of these types."""
    harness = state.harness
    return Preflight(
        sender=SimulatedCleanEvents(state, events),
        effects=state.effects,
        receiver=harness.receiver_url,
        pause=harness.pause,
        answer_s=harness.limits.answer_s,
        missing_s=state.wait_limits.missing_s,
        longest_s=harness.limits.last_s,
        most_effects=state.scenario.webhooks,
        is_alone=harness.is_alone,
        at_once=len(events),
    )


class SimulatedCleanEvents:
    """Raises events of some types in turn through the simulator, which delivers them; the scenario tracks each."""

    def __init__(self, state: ScenarioState, events: Sequence[str]) -> None:
        self._state = state
        self._events = cycle(events)
        self._newest: dict[str, EventEntry] = {}

    def send(self, number: int) -> Sequence[CleanEvent]:
        sent_s, now = stopwatch(), str(self._state.harness.sim.clock().get("now"))
        raised = [raise_clean(self._state, event, now=now) for event in islice(self._events, number)]
        self._state.drain()
        return [self._result(tracked, sent_s) for tracked in raised]

    def resend(self, sent: CleanEvent) -> CleanEvent:
        tracked = self._state.tracked[sent.webhook_event_id]
        sent_s = stopwatch()
        self._state.harness.resend([(tracked.webhook_id, tracked.webhook_event_id)])
        return self._result(tracked, sent_s)

    def fact(self, sent: CleanEvent) -> EventFact:
        tracked = self._state.tracked[sent.webhook_event_id]
        entry = self._newest[sent.webhook_event_id]
        entity = self._state.harness.selection.entity(tracked.event, sent_payload(self._state, tracked, entry))
        return EventFact(tracked.webhook_id, tracked.webhook_event_id, tracked.event, (), entity=entity)

    def _result(self, tracked: TrackedEvent, sent_s: float) -> CleanEvent:
        entry = self._state.harness.entry(tracked.webhook_id, tracked.webhook_event_id)
        self._newest[tracked.webhook_event_id] = entry
        clean = CleanEvent(
            tracked.webhook_event_id, tracked.event, sent_s, outcome_of(entry), entry.status_code, entry.outcome
        )
        return clean if clean.acknowledged or clean.status_code is None else replace(clean, said=self._said(clean))

    def _said(self, refused: CleanEvent) -> str:
        """What the receiver said to the newest run, in one line."""
        runs = self._state.harness.sim.event(refused.webhook_event_id).runs
        text = printable(" ".join(runs[-1].answer.split())) if runs else ""
        return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
