"""Reads what the receiver was sent and what it answered, for events that are accused, before the simulator is gone.

It also says on which field a refusal depends, and what lost events have in common. Profiles other than adversarial send
a null only where a source shows one; `null-optional` and the adversarial profile send it wherever the schema allows it,
which may be our guess.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from frontsim.client.control import Simulator
from frontsim.client.errors import CallError
from frontsim.domain.faults import FAULTS, FaultStage
from frontsim.schemas.read import document_of
from frontsim.verification.facts.classes import Class
from frontsim.verification.facts.exchange import ABOUT_ANSWERS, Exchange, exchange_of, payload_in, telling_run
from frontsim.verification.facts.history import EventFact, Expect, History
from frontsim.verification.facts.shared_traits import shared_by
from frontsim.verification.facts.suspects import described, sentence, suspects
from frontsim.verification.scenario.selection import Selection

logger = logging.getLogger(__name__)

_MOST_OTHERS = 50
"""Of events that were answered as they should be, and are accused by their effects: their answers say little."""
_CHANGING = tuple(name for name, fault in FAULTS.items() if fault.stage is FaultStage.CHANGED)
_ABSENT = (Class.LOST_AFTER_ACK, Class.BURNED)
_NULLS = "null-optional"
_DEPENDENCY = "dependency "
"""How the faults of a receiver's database, broker or API begin."""
_ADVERSARIAL = "adversarial"

Accused = Mapping[str, tuple[Class, str]]
"""The class and the detail of accused events, by webhookEventId."""
ReadAll = Callable[[Callable[[str], Exchange | None], Sequence[str]], Iterable[Exchange | None]]


@dataclass(frozen=True, slots=True)
class ExchangeSource:
    """Where exchanges are read, and what says on which field a refusal depends.

    Attributes:
        read_all: maps a function over ids, several at once.
        payloads: the profile of the payloads that were sent.
        is_strict: a finding that depends on a guess counts, too.
    """

    simulator: Simulator
    selection: Selection
    read_all: ReadAll
    payloads: str
    is_strict: bool = False


def read_exchanges(source: ExchangeSource, history: History, accused: Accused) -> dict[str, Exchange]:
    """The exchange of each event that its answers accuse, and of the first others, by webhookEventId.

    One that cannot be read is left out: the verdict stands without it.
    """
    by_answers = [each for each, (class_, _) in accused.items() if class_ in ABOUT_ANSWERS]
    others = [each for each, (class_, _) in accused.items() if class_ not in ABOUT_ANSWERS]
    wanted = [*by_answers, *others[:_MOST_OTHERS]]
    found = source.read_all(lambda each: _read(source.simulator, each, accused[each][0]), wanted)
    exchanges = {each: exchange for each, exchange in zip(wanted, found, strict=True) if exchange}
    facts = {event.webhook_event_id: event for event in history.events}
    explained = {
        each: _explained(exchange, facts[each], *accused[each], source, history) if each in facts else exchange
        for each, exchange in exchanges.items()
    }
    return explained | _with_shared_traits(explained, accused, history)


def _read(simulator: Simulator, webhook_event_id: str, class_: Class) -> Exchange | None:
    try:
        event = simulator.event(webhook_event_id)
        run = telling_run(event.runs, class_, changing=_CHANGING)
        request = simulator.request_of(webhook_event_id, run.run) if run and run.run else None
        return exchange_of(event, run, request)
    except CallError as error:
        logger.info("what was sent as %s could not be read: %s", webhook_event_id, error)
        return None


def _explained(
    exchange: Exchange, event: EventFact, class_: Class, detail: str, source: ExchangeSource, history: History
) -> Exchange:
    """The exchange with the fields on which the finding depends."""
    schema = source.selection.schema(event.event)
    if class_ is Class.CORRUPT:
        path = detail.partition(": ")[0]
        known = document_of(schema).provenance(path)
        return replace(exchange, provenance=described(path, "changed", known)) if known else exchange
    if class_ not in ABOUT_ANSWERS:
        return exchange
    refused = payload_in(exchange, event) if exchange.request.changed_by == _NULLS else event.payload
    taken = [each.payload for each in history.events if each.event == event.event and each.acknowledged]
    answer = exchange.answer.body if exchange.answer else ""
    found = suspects(refused, taken, schema, answer=answer) if taken else ()
    is_by_schema = exchange.request.changed_by == _NULLS or source.payloads == _ADVERSARIAL
    is_guess = class_ is Class.REJECTED and is_by_schema and bool(found) and all(each.is_guessed for each in found)
    return replace(exchange, provenance=sentence(found), is_guess=is_guess and not source.is_strict)


def _with_shared_traits(exchanges: Mapping[str, Exchange], accused: Accused, history: History) -> dict[str, Exchange]:
    """The exchanges of events that are missing, with what those of their type have in common.

    Where the receiver was killed or its dependency broke, that is why they are missing: what they share is chance.
    """
    if history.marks or any(each.fault.startswith(_DEPENDENCY) for each in history.faults):
        return {}
    missing: dict[str, list[EventFact]] = defaultdict(list)
    for event in history.events:
        if event.webhook_event_id in exchanges and accused[event.webhook_event_id][0] in _ABSENT:
            missing[event.event].append(event)
    found: dict[str, Exchange] = {}
    for type_, events in missing.items():
        lost = [_as_sent(event, exchanges[event.webhook_event_id]) for event in events]
        well = [each for each in history.events if each.event == type_ and each.webhook_event_id not in accused]
        booked = [each.payload for each in well if each.acknowledged and each.expect is Expect.ONCE]
        shared = shared_by(lost, booked) if all(lost) else ""
        found |= {
            each.webhook_event_id: replace(exchanges[each.webhook_event_id], provenance=shared) for each in events
        }
    return found


def _as_sent(event: EventFact, exchange: Exchange) -> Any:
    """The payload as it was changed on the way; None where the body has none that is recognised."""
    return payload_in(exchange, event) if exchange.request.changed_by else event.payload
