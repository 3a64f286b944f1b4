"""Finds out how a receiver keeps what it derives: sends a few clean events, and looks for their values in its state.

Each movement is of its own stock item, with a quantity and levels that no other has; one takes stock away, so that its
row tells whether levels go below zero. Customers differ in every text. So columns are known by their values, and
nothing depends on names.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from frontsim.client.control import STRICT
from frontsim.clock import stopwatch
from frontsim.verification.facts.customer_shape import CustomerShape, Trait
from frontsim.verification.facts.derived_state.customer_changes import (
    CREATED,
    CUSTOMER_EVENTS,
    UPDATED,
    CustomerChange,
    customer_changes,
    traits,
)
from frontsim.verification.facts.derived_state.customer_recognition import recognise_customers
from frontsim.verification.facts.derived_state.recognised import Recognised
from frontsim.verification.facts.derived_state.state_recognition import recognise
from frontsim.verification.facts.derived_state.stock_movements import MOVEMENT, Movement, movements
from frontsim.verification.facts.history import EventFact
from frontsim.verification.facts.state_shape import StateShape
from frontsim.verification.observe.observers import ObserverFailed
from frontsim.verification.observe.state_reader import RunState
from frontsim.verification.play.harness import Harness
from frontsim.verification.play.log.log_facts import runs_of
from frontsim.verification.play.probes import clean_customers

_LOOK_S = 0.1
_TRIES = 4
_DRAIN_S = 30.0
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
    chosen = harness.selection.types("all")
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
    """What the rows say once they show all, or after the time that a missing effect gets.

    A state has levels or customers, so the wait ends as soon as one of them is complete.
    """
    limits, began_s = harness.limits, stopwatch()
    longest_s = max(limits.last_s, limits.wait_limits.missing_s)
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
        harness.pause(_LOOK_S)
    return levels, customers


def _acknowledged(events: Sequence[EventFact]) -> Iterator[EventFact]:
    return (event for event in events if event.acknowledged)


def _sent(harness: Harness, event: str, payloads: Iterable[Mapping[str, Any]]) -> list[EventFact]:
    """Events with these values as the log has them, after a few resends of those that were refused."""
    webhook_id = harness.api.create_webhook(event, harness.receiver_url).id
    epoch = harness.now()
    try:
        ids = [_raised(harness, webhook_id, event, values) for values in payloads]
        harness.sim.drain(harness.limits.answer_s + _DRAIN_S)
        for _ in range(_TRIES):
            failed = [(entry.webhook_id, entry.webhook_event_id) for entry in harness.failed([webhook_id])]
            if not failed:
                break
            harness.pause(_LOOK_S)
            harness.resend(failed)
        entries = {entry.webhook_event_id: entry for entry in harness.log([webhook_id])}
    finally:
        harness.api.delete_webhook(webhook_id)
    return [
        EventFact(
            webhook_id,
            each,
            event,
            runs_of(entries[each], epoch=epoch, is_faulted=lambda *_: False),
            payload=entries[each].payload,
        )
        for each in ids
        if each in entries
    ]


def _moved(harness: Harness) -> Iterator[dict[str, Any]]:
    moments = _moments(harness, MOVEMENT)
    for quantity, level, reserved in _MOVED:
        levels = {"stockLevel": level, "reservedLevel": reserved, "availableLevel": level - reserved}
        yield {"type": "Manual", "quantity": quantity, **levels, **moments, **harness.fresh(MOVEMENT)}


def _send_customers(harness: Harness, chosen: Sequence[str]) -> tuple[list[EventFact], list[EventFact]]:
    """Those whose texts all differ, by creations and then updates, or by updates alone; and the various others."""
    first = next((event for event in CUSTOMER_EVENTS if event in chosen), None)
    if first is None:
        return [], []
    apart = clean_customers.distinct(harness, first)
    sent = _sent(harness, first, [*apart, *clean_customers.various(harness, first)])
    distinct, various = sent[: len(apart)], sent[len(apart) :]
    if UPDATED in chosen:
        distinct += _sent(harness, UPDATED, clean_customers.changed(harness, apart))
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


def _moments(harness: Harness, event: str) -> Mapping[str, Any]:
    return dict.fromkeys(harness.selection.datetime_fields(event), str(harness.sim.clock().get("now")))


def _raised(harness: Harness, webhook_id: str, event: str, values: Mapping[str, Any]) -> str:
    set_ = harness.selection.fitting(event, values)
    raised = harness.sim.trigger(event, set_=set_, payloads=STRICT).events
    return next((each.webhook_event_id for each in raised if each.webhook_id == webhook_id), "")
