"""Reads what the receiver was sent and what it answered, for events that are accused, before the simulator is gone."""

import logging
from collections.abc import Mapping

from frontsim.client.errors import CallError
from frontsim.domain.faults import FAULTS, FaultStage
from frontsim.verification.facts.classes import Class
from frontsim.verification.facts.exchange import ABOUT_ANSWERS, Exchange, exchange_of, telling_run
from frontsim.verification.play.harness import Harness

logger = logging.getLogger(__name__)

_MOST_OTHERS = 50
"""Of events that were answered as they should be, and are accused by their effects: their answers say little."""
_CHANGING = tuple(name for name, fault in FAULTS.items() if fault.stage is FaultStage.CHANGED)


def read_exchanges(harness: Harness, accused: Mapping[str, Class]) -> dict[str, Exchange]:
    """The exchange of each event that its answers accuse, and of the first others, by webhookEventId.

    One that cannot be read is left out: the verdict stands without it.
    """
    by_answers = [each for each, class_ in accused.items() if class_ in ABOUT_ANSWERS]
    others = [each for each, class_ in accused.items() if class_ not in ABOUT_ANSWERS]
    wanted = [*by_answers, *others[:_MOST_OTHERS]]
    found = harness.pool.map(lambda each: _read(harness, each, accused[each]), wanted)
    return {each: exchange for each, exchange in zip(wanted, found, strict=True) if exchange}


def _read(harness: Harness, webhook_event_id: str, class_: Class) -> Exchange | None:
    try:
        event = harness.sim.event(webhook_event_id)
        run = telling_run(event.runs, class_, changing=_CHANGING)
        request = harness.sim.request_of(webhook_event_id, run.run) if run and run.run else None
        return exchange_of(event, run, request)
    except CallError as error:
        logger.info("what was sent as %s could not be read: %s", webhook_event_id, error)
        return None
