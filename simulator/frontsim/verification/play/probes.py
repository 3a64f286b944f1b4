"""Probes which sizes a receiver takes, and how it keeps what it derives.

distinct     four new ones, of whom half are changed once: every text differs, so that a column is known by its values
various      three more: with and without what a receiver may choose its customers by

Each movement is of its own stock item, with a quantity and levels that no other has; one takes stock away, so that its
row tells whether levels go below zero. Customers differ in every text. So columns are known by their values, and
nothing depends on names.

A clean event is delivered once, and then again with blanks after its JSON until its body is as large as wanted. So
every try is the same event with the same content, and a receiver books nothing new. The scenario does not judge it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

import orjson

from frontsim.client.control import STRICT, DeliveryReport, LeasedDelivery
from frontsim.clock import stopwatch
from frontsim.verification.compare.recognition import Recognised, recognise, recognise_customers
from frontsim.verification.compare.state_events import (
    CREATED,
    CUSTOMER_EVENTS,
    MOVEMENT,
    UPDATED,
    CustomerChange,
    Movement,
    customer_changes,
    movements,
    traits,
)
from frontsim.verification.compare.state_reader import RunState
from frontsim.verification.effects import content
from frontsim.verification.effects.history import EventFact
from frontsim.verification.effects.observers import ObserverFailed
from frontsim.verification.effects.state_shape import CustomerShape, StateShape, Trait
from frontsim.verification.patience import EXAMINATION_S, RARE_LOOK_S
from frontsim.verification.play.harness import Harness
from frontsim.verification.play.kills import SendResult, send
from frontsim.verification.play.log import runs_of
from frontsim.verification.play.scenario_state import ScenarioState
from frontsim.verification.scenario.steps import CrashPoint, Raise

Values = Mapping[str, Any]

_PEOPLE = (
    ("Astrid", "Sandvik", "Bryggegata 14", "Bergen", "5003"),
    ("Henrik", "Moldekleiv", "Kirkeveien 82", "Oslo sentrum", "1368"),
    ("Solveig", "Haraldsen", "Strandgata 3B", "Stavanger", "4006"),
    ("Magnus", "Tveitane", "Elvegata 27", "Trondheim", "7012"),
)
"""First and last name, street, city and postal code: none stands in another."""
_CHANGED = (
    ("Ragnhild", "Fossum", "Nordahl Griegs vei 5", "Kristiansand", "4630"),
    ("Torstein", "Lunde", "Skolegata 9", "Drammen", "3044"),
)
"""The first customers change to these."""
_BARE: Values = {
    **dict.fromkeys(("customerExtId", "taxId", "birthday", "cardNo", "tags", "gdprUpdatedDateTime"), None),
    **dict.fromkeys(("companyName", "province", "description", "address1", "city", "postalCode"), ""),
}
_FLAGS = ("agreedSendEmail", "agreedSendSMS", "isEmployee")
_VARIOUS: Sequence[Values] = (
    {"countryCode": "no", **dict.fromkeys(_FLAGS, False), **_BARE},
    {"countryCode": "se", **dict.fromkeys(_FLAGS, True)},
    {"countryCode": "dk"},
)


def distinct_customers(harness: Harness, event: str) -> list[Values]:
    """The values of events of that type about customers of whom no two share a text."""
    return [{**_person(harness, person), **_identity(harness), **_since(harness, event)} for person in _PEOPLE]


def changed(harness: Harness, distinct: Sequence[Values]) -> Iterator[Values]:
    """The same customers, changed in every text; not all of them."""
    for before, person in zip(distinct, _CHANGED, strict=False):
        yield {**before, **_person(harness, person), **_since(harness, UPDATED)}


def various_customers(harness: Harness, event: str) -> list[Values]:
    """The values of events about customers who differ in what a receiver may choose by."""
    usual = [{**_person(harness, _PEOPLE[0]), **_identity(harness), **_since(harness, event)} for _ in _VARIOUS]
    return [{**one, **other} for one, other in zip(usual, _VARIOUS, strict=True)]


def _identity(harness: Harness) -> Values:
    """All events about one customer have these values in common."""
    number = next(harness.identities)
    return {
        **harness.fresh(CREATED),
        **dict.fromkeys(harness.given.selection.datetime_fields(CREATED), _now(harness)),
        "customerGuid": f"00000000-0000-4000-8000-{number:012d}",
        "customerExtId": f"CRM-{number}",
        "deleted": False,
    }


def _person(harness: Harness, person: Sequence[str]) -> Values:
    """Texts about a person, whose contacts are no other's."""
    first, last, street, city, postal_code = person
    number = str(next(harness.identities))
    return {
        "firstName": first,
        "lastName": last,
        "address1": street,
        "city": city,
        "postalCode": postal_code,
        "email": f"{first}.{last}.{number}@example.com".lower(),
        "phone": f"9{number[-7:]}",
    }


def _since(harness: Harness, event: str) -> Values:
    return {"updatedDateTime": _now(harness) if event == UPDATED else None}


def _now(harness: Harness) -> str:
    return str(harness.sim.clock().get("now"))


_TRIES = 4
_MOVED = ((5, 43, 4), (7, 58, 9), (13, 71, 12), (-3, 29, 6))
"""Quantity, level and reserved part of each movement: all differ, as do the available parts."""


@dataclass(frozen=True, slots=True)
class _Taken:
    """The clean events that the receiver acknowledged; `failures` say why some kind of state cannot be known.

    `various` are customers by whom no column is known.
    """

    moved: Sequence[Movement]
    changes: Sequence[CustomerChange]
    various: Sequence[CustomerChange]
    failures: Sequence[str] = ()

    @property
    def newest(self) -> Sequence[CustomerChange]:
        """The last change of each customer."""
        return list({each.customer: each for each in self.changes}.values())


def probe_state(harness: Harness, state: RunState) -> None:
    """Find out the shape of the state, or why it stays unknown. Raises CallError."""
    chosen = harness.given.selection.types("all")
    if not {MOVEMENT, *CUSTOMER_EVENTS} & set(chosen):
        state.failure = f"{state.name}: no {MOVEMENT} is sent, and no {CREATED} or {UPDATED}"
        return
    try:
        before = state.rows()
    except ObserverFailed:  # it may appear with the first event
        before = ()
    taken = _send_all(harness, chosen)
    levels, customers = _awaited(harness, state, before, taken)
    state.shape, state.customers = levels.shape, customers.shape
    state.kept = _kept(state, taken)
    failures = [*taken.failures, *filter(None, (levels.failure, customers.failure))]
    state.failure = "" if state.shape or state.customers else f"{state.name}: {'; or '.join(dict.fromkeys(failures))}"


def _send_all(harness: Harness, chosen: Sequence[str]) -> _Taken:
    failures = []
    moved = movements(_acknowledged(_sent(harness, MOVEMENT, _moved(harness)))) if MOVEMENT in chosen else []
    if MOVEMENT in chosen and len(moved) < len(_MOVED):
        failures.append(f"of {len(_MOVED)} clean {MOVEMENT} the receiver acknowledged {len(moved)}")
        moved = []
    distinct, various = _send_customers(harness, chosen)
    changes = customer_changes(_acknowledged(distinct))
    if len(changes) < len(distinct):
        failures.append(f"of {len(distinct)} clean events about customers the receiver acknowledged {len(changes)}")
        changes = []
    return _Taken(moved, changes, customer_changes(_acknowledged(various)), failures)


def _awaited(
    harness: Harness, state: RunState, before: Sequence[Any], taken: _Taken
) -> tuple[Recognised[StateShape], Recognised[CustomerShape]]:
    """Reads the rows once they show all, or after the time that a missing effect gets.

    A state has levels or customers, so the wait ends as soon as one of them is complete.
    """
    longest_s, began_s = harness.patience.state_s, stopwatch()
    levels: Recognised[StateShape] = Recognised()
    customers: Recognised[CustomerShape] = Recognised()
    while taken.moved or taken.changes:
        try:
            rows = state.rows()
        except ObserverFailed as error:
            levels, customers = Recognised(failure=str(error)), Recognised()
        else:
            levels = recognise(rows, before, taken.moved, state.named) if taken.moved else levels
            if taken.changes:
                customers = recognise_customers(rows, taken.changes, taken.newest, state.named)
        found = [each for each in (levels, customers) if each.shape]
        if (found and all(each.is_whole for each in found)) or stopwatch() - began_s >= longest_s:
            break
        harness.pause(RARE_LOOK_S)
    return levels, customers


def _acknowledged(events: Sequence[EventFact]) -> Iterator[EventFact]:
    return (event for event in events if event.acknowledged)


def _sent(harness: Harness, event: str, payloads: Iterable[Mapping[str, Any]]) -> list[EventFact]:
    """Events with these values as the log has them, after a few resends of those that were refused."""
    webhook_id = harness.api.create_webhook(event, harness.given.request.receiver).id
    epoch = harness.now()
    try:
        ids = [_raised(harness, webhook_id, event, values) for values in payloads]
        harness.drain(harness.patience.probe_drain_s, raised=len(ids))
        for _ in range(_TRIES):
            failed = [(entry.webhook_id, entry.webhook_event_id) for entry in harness.failed([webhook_id])]
            if not failed:
                break
            harness.pause(RARE_LOOK_S)
            harness.resend(failed)
        entries = {entry.webhook_event_id: entry for entry in harness.log([webhook_id])}
    finally:
        harness.api.delete_webhook(webhook_id)
    facts = [
        EventFact(
            webhook_id,
            each,
            event,
            runs_of(entries[each], epoch=epoch, is_faulted=lambda *_: False),
            entity=harness.given.selection.entity(event, entries[each].payload),
            payload=entries[each].payload,
        )
        for each in ids
        if each in entries
    ]
    harness.know_probed("state probe", facts)
    return facts


def _moved(harness: Harness) -> Iterator[dict[str, Any]]:
    moments = dict.fromkeys(harness.given.selection.datetime_fields(MOVEMENT), str(harness.sim.clock().get("now")))
    for quantity, level, reserved in _MOVED:
        levels = {"stockLevel": level, "reservedLevel": reserved, "availableLevel": level - reserved}
        yield {"type": "Manual", "quantity": quantity, **levels, **moments, **harness.fresh(MOVEMENT)}


def _send_customers(harness: Harness, chosen: Sequence[str]) -> tuple[list[EventFact], list[EventFact]]:
    """Those whose texts all differ, by creations and then updates, or by updates alone; and the various others."""
    first = next((event for event in CUSTOMER_EVENTS if event in chosen), None)
    if first is None:
        return [], []
    apart = distinct_customers(harness, first)
    sent = _sent(harness, first, [*apart, *various_customers(harness, first)])
    distinct, various = sent[: len(apart)], sent[len(apart) :]
    if UPDATED in chosen:
        distinct += _sent(harness, UPDATED, changed(harness, apart))
    return distinct, various


def _kept(state: RunState, taken: _Taken) -> frozenset[Trait]:
    """The traits of customers whose rows are shown: the receiver keeps customers with these traits."""
    try:
        shown = {place.customer for place in state.customers.fields(state.rows())} if state.customers else set()
    except ObserverFailed:
        return frozenset()
    return frozenset(
        trait for each in (*taken.changes, *taken.various) if each.customer in shown for trait in traits([each])
    )


def _raised(harness: Harness, webhook_id: str, event: str, values: Mapping[str, Any]) -> str:
    set_ = harness.given.selection.fitting(event, values)
    raised = harness.sim.trigger(event, set_=set_, payloads=STRICT).events
    return next((each.webhook_event_id for each in raised if each.webhook_id == webhook_id), "")


@dataclass(frozen=True, slots=True)
class _Refused:
    """An event that was probably refused for its size: its body, and how many entries made it so large."""

    event: EventFact
    size: int
    path: str
    entries: int


def body_limit(state: ScenarioState, events: tuple[EventFact, ...]) -> str:
    """The largest body that the receiver takes, a sentence; "" where no large event was refused. Raises CallError."""
    refused = _refused(state, events)
    if refused is None:
        return ""
    leased = _clean_event(state, refused.event.event)
    if leased is None:
        return ""
    most, least_refused = _bisected(state, leased, refused.size)
    if not most:
        return ""
    entries = next(each for each in count(1) if each * refused.size > most * refused.entries)
    refusal = "" if least_refused == most + 1 else f", and none of {least_refused:,}"
    return (
        f"takes bodies up to {most:,} bytes{refusal}; a {refused.event.event} of {entries:,} {refused.path} is larger"
    )


def _refused(state: ScenarioState, events: tuple[EventFact, ...]) -> _Refused | None:
    grown = [each for step in state.scenario.steps if isinstance(step, Raise) for each in step.grow.items()]
    for path, number in grown:
        for event in events:
            entries = content.find(event.payload, path)
            if not event.acknowledged and isinstance(entries, list) and len(entries) >= number:
                return _Refused(event, len(orjson.dumps(event.payload)), path, len(entries))
    return None


def _clean_event(state: ScenarioState, event: str) -> LeasedDelivery | None:
    """A clean event of a type for our webhook, which we deliver ourselves."""
    harness = state.harness
    set_ = harness.given.selection.fitting(event, harness.fresh(event))
    leased = harness.sim.lease_event(event, set_=set_, payloads=STRICT)
    return next((each for each in leased if each.webhook_id in state.webhooks.get(event, [])), None)


def _bisected(state: ScenarioState, leased: LeasedDelivery, refused: int) -> tuple[int, int]:
    """The largest size that is taken and the least that is refused; 0 if not even the plain event is taken."""
    first = _sent_padded(state, leased, len(leased.body))
    state.harness.sim.report_lease(leased.lease_id, [DeliveryReport(leased, first.outcome, first.status_code, 0)])
    if not _is_taken(first):
        return 0, refused
    most, began_s = len(leased.body), stopwatch()
    while refused - most > 1 and stopwatch() - began_s < EXAMINATION_S:
        size = (most + refused) // 2
        if _is_taken(_sent_padded(state, leased, size)):
            most = size
        else:
            refused = size
    return most, refused


def _sent_padded(state: ScenarioState, leased: LeasedDelivery, size: int) -> SendResult:
    padded = replace(leased, body=leased.body.ljust(size))
    return send(padded, crash_at=CrashPoint.ANSWER_READ, crash=lambda: None, tls=state.harness.given.tls)


def _is_taken(result: SendResult) -> bool:
    return result.status_code is not None and 200 <= result.status_code < 300
