"""The simulator's log of one load test, read into facts for the checker; payloads only where they are needed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from frontsim.client.models import EventEntry, RunView
from frontsim.client.vendor import FrontSystems
from frontsim.domain.model import Outcome, Trigger
from frontsim.verification.facts.correlate import BUSINESS
from frontsim.verification.facts.history import EventFact, Run
from frontsim.verification.play.harness import EVER
from frontsim.verification.play.log_facts import NOT_SENT
from frontsim.verification.scenario.selection import Selection


@dataclass(frozen=True, slots=True)
class LogReader:
    """Reads the events of our webhooks.

    Attributes:
        api: the simulator's.
        webhooks: event type by webhook id.
        selection: knows what in a payload says what an event is about.
        epoch: the test's start, in the log's time.
        observer_key: `business` needs payloads.
        content: facts carry their payloads, so that effects are compared with them.
        breaks_until: ms from the start until which a run without an answer may be our doing; 0: we break nothing.
    """

    api: FrontSystems
    webhooks: Mapping[str, str]
    selection: Selection
    epoch: datetime
    observer_key: str
    content: bool = False
    breaks_until: int = 0

    def facts(self) -> tuple[EventFact, ...]:
        """All events since the start with their runs, oldest first in each type. Raises CallError."""
        return tuple(fact for webhook_id in self.webhooks for fact in self._facts_of(webhook_id))

    def _facts_of(self, webhook_id: str) -> Iterator[EventFact]:
        by_entity = self.observer_key == BUSINESS
        entries = self.api.list_events(
            webhook_id,
            from_=self.epoch,
            to=EVER[1],
            include_payload=self.content or by_entity,
            include_runs=True,
        )
        event = self.webhooks[webhook_id]
        for entry in entries:
            yield EventFact(
                webhook_id=webhook_id,
                webhook_event_id=entry.webhook_event_id,
                event=event,
                runs=self._runs(entry),
                entity=self.selection.entity(event, entry.payload) if by_entity else None,
                payload=entry.payload if self.content else None,
            )

    def _runs(self, entry: EventEntry) -> tuple[Run, ...]:
        return tuple(self._run(view, number) for number, view in enumerate(entry.runs, 1))

    def _run(self, view: RunView, number: int) -> Run:
        at_ms = self.since(view.created)
        outcome = _outcome(view)
        return Run(
            number=view.run or number,
            trigger=Trigger.RESEND if view.trigger == Trigger.RESEND else Trigger.ORIGINAL,
            outcome=outcome,
            status=view.status or "",
            status_code=view.status_code,
            at_ms=at_ms,
            at=(view.created or "").partition("T")[2],
            duration_ms=view.duration_ms or 0,
            faulted=outcome is not Outcome.ANSWERED and at_ms < self.breaks_until,
        )

    def since(self, moment: str | None) -> int:
        """Milliseconds from the start to a moment of the log."""
        return round((datetime.fromisoformat(moment) - self.epoch).total_seconds() * 1000) if moment else 0


def unfinished(facts: Sequence[EventFact]) -> int:
    """Events without a run that is over: nobody may be accused by them."""
    return sum(not fact.runs for fact in facts)


def _outcome(view: RunView) -> Outcome:
    if view.status_code is not None:
        return Outcome.ANSWERED
    return Outcome.NOT_SENT if view.status in NOT_SENT else Outcome.UNKNOWN
