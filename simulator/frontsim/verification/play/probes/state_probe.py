"""How a receiver keeps its levels: a few clean movements before the first scenario, and what its state shows of them.

Each is of its own stock item, with a quantity and levels that no other has. So the columns are known by their
values, and nothing hangs on names. One takes stock away: its row tells whether levels go below zero.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from frontsim.client.control import STRICT
from frontsim.clock import stopwatch
from frontsim.verification.facts.history import EventFact
from frontsim.verification.facts.state_recognition import Recognised, recognise
from frontsim.verification.facts.stock_movements import MOVEMENT, Movement, movements
from frontsim.verification.observe.observers import ObserverFailed
from frontsim.verification.observe.state_reader import RunState
from frontsim.verification.play.harness import Harness
from frontsim.verification.play.log.log_facts import runs_of

_LOOK_S = 0.1
_TRIES = 4
_DRAIN_S = 30.0
_MOVED = ((5, 43, 4), (7, 58, 9), (13, 71, 12), (-3, 29, 6))
"""Quantity, level and reserved part of each movement: all differ, as do the available parts."""


def probe_state(harness: Harness, state: RunState) -> None:
    """Find out the shape of the state, or why it stays unknown. Raises CallError."""
    if MOVEMENT not in harness.selection.types("all"):
        state.failure = f"{state.name}: no {MOVEMENT} is sent"
        return
    try:
        before = state.rows()
    except ObserverFailed:  # it may appear with the first movement
        before = ()
    sent = _sent(harness)
    taken = movements(event for event in sent if event.acknowledged)
    if len(taken) < len(_MOVED):
        state.failure = f"{state.name}: of {len(_MOVED)} clean {MOVEMENT} the receiver acknowledged {len(taken)}"
        return
    found = _awaited(harness, state, before, taken)
    state.shape = found.shape
    state.failure = "" if found.shape else f"{state.name}: {found.failure}"


def _awaited(harness: Harness, state: RunState, before: Sequence[Any], taken: Sequence[Movement]) -> Recognised:
    """What the rows say once they show all movements, or after the time that a missing effect gets."""
    limits, began_s = harness.limits, stopwatch()
    longest_s = max(limits.last_s, limits.wait_limits.missing_s)
    while True:
        try:
            found = recognise(state.rows(), before, taken, state.named)
        except ObserverFailed as error:
            found = Recognised(failure=str(error))
        if found.is_whole or stopwatch() - began_s >= longest_s:
            return found
        harness.pause(_LOOK_S)


def _sent(harness: Harness) -> list[EventFact]:
    """The movements as the log has them, after a few resends of those that were refused."""
    webhook_id = harness.api.create_webhook(MOVEMENT, harness.receiver_url).id
    epoch = harness.now()
    try:
        ids = [_raised(harness, webhook_id, values) for values in _values(harness)]
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
            MOVEMENT,
            runs_of(entries[each], epoch=epoch, is_faulted=lambda *_: False),
            payload=entries[each].payload,
        )
        for each in ids
        if each in entries
    ]


def _values(harness: Harness) -> Iterator[dict[str, Any]]:
    now = str(harness.sim.clock().get("now"))
    moments = dict.fromkeys(harness.selection.datetime_fields(MOVEMENT), now)
    for quantity, level, reserved in _MOVED:
        levels = {"stockLevel": level, "reservedLevel": reserved, "availableLevel": level - reserved}
        values = {"type": "Manual", "quantity": quantity, **levels, **moments, **harness.fresh(MOVEMENT)}
        yield harness.selection.fitting(MOVEMENT, values)


def _raised(harness: Harness, webhook_id: str, values: dict[str, Any]) -> str:
    raised = harness.sim.trigger(MOVEMENT, set_=values, payloads=STRICT).events
    return next((each.webhook_event_id for each in raised if each.webhook_id == webhook_id), "")
