"""Tables that keep the newest state of each customer, order or stock item, and nothing older: pure.

A right receiver may keep one row for each and overwrite it. Then an older state has no effect, and that is no loss.
Effects count as such a table only if they look like one: each row has the effect of one event, the newest
acknowledged one. So a receiver that drops the second update as a repeat of the first keeps no such table, nor does one
that keeps every update: there, an event without an effect is lost. A table may drop the row of a deleted customer.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from frontsim.verification.facts import content, lookup
from frontsim.verification.facts.history import Effect, EventFact, Expect, History

_REMOVED = "deleted"
"""A field of a customer: true once the customer is deleted. A receiver may then keep nothing of that customer."""

Rows = Mapping[str, Sequence[EventFact]]


def replaced(events: Sequence[EventFact], effects: Mapping[str, Sequence[Effect]]) -> frozenset[str]:
    """The webhookEventIds of events in whose place a newer one is shown.

    Args:
        events: of one scenario.
        effects: of each event, by its webhookEventId; events of two webhooks may share theirs.
    """
    tables: dict[str, dict[str, list[EventFact]]] = defaultdict(lambda: defaultdict(list))
    for event in events:
        if event.state is not None:
            tables[event.state.table][event.state.row].append(event)
    return frozenset().union(*(_replaced_in(rows, effects) for rows in tables.values()))


def is_deletion(event: EventFact) -> bool:
    """Whether the event says that its customer is deleted."""
    return lookup.find(event.payload, _REMOVED) is True


def overwritten(history: History, shown: AbstractSet[str | None]) -> frozenset[str]:
    """The webhookEventIds of events that are not shown, although another event with a state of the same thing is.

    Either of the two may be the newer one: an older state may have overwritten a newer one.
    """
    with_row = [event for event in history.events if event.state is not None]
    rows = {_row(event) for event in with_row if event.webhook_event_id in shown}
    hidden = (event for event in with_row if event.webhook_event_id not in shown)
    return frozenset(event.webhook_event_id for event in hidden if _row(event) in rows)


def _row(event: EventFact) -> tuple[str, str]:
    assert event.state is not None  # every event in a table has one
    return event.state.table, event.state.row


def _replaced_in(rows: Rows, effects: Mapping[str, Sequence[Effect]]) -> frozenset[str]:
    shown = {row: [event for event in events if effects.get(event.webhook_event_id)] for row, events in rows.items()}
    certain = [[event for event in events if _has_a_certain_row(event)] for events in shown.values()]
    if any(len({id(each) for each in _effects_of(events, effects)}) > 1 for events in certain):
        return frozenset()  # it keeps every event
    found: set[str] = set()
    is_kept = any(shown.values())
    for row, events in rows.items():
        is_replaced = len(events) > 1 and shown[row] and _is_newest(shown[row], events, effects)
        if is_replaced or (is_kept and not shown[row] and _is_removed(events)):
            found.update(event.webhook_event_id for event in events)
    return frozenset(found | _replaced_by_altered(rows, effects))


def _is_removed(events: Sequence[EventFact]) -> bool:
    """Whether the newest state that was acknowledged says that there is nothing left to keep: a deleted customer."""
    acknowledged = [event for event in events if event.acknowledged]
    newest = max(map(_since, acknowledged), default="")
    return any(is_deletion(event) for event in acknowledged if _since(event) == newest)


def _has_a_certain_row(event: EventFact) -> bool:
    """Whether a table of newest states must keep it in that row.

    A body that was changed on the way may say another row, and an event of an unknown type may get one of its own.
    """
    return not event.altered and event.expect is Expect.ONCE


def _replaced_by_altered(rows: Rows, effects: Mapping[str, Sequence[Effect]]) -> set[str]:
    """The events whose row is unknown, as a fault has changed their bodies, and that a newer one may have replaced.

    Two stock items without their GTIN are one row to a receiver: the two have at least a part of the row in common.
    """
    altered = [event for events in rows.values() for event in events if event.altered]
    shown = [event for event in altered if effects.get(event.webhook_event_id)]
    return {
        event.webhook_event_id
        for event in altered
        if not effects.get(event.webhook_event_id)
        and any(_parts(event) & _parts(other) and _since(other) >= _since(event) for other in shown)
    }


def _parts(event: EventFact) -> set[str]:
    assert event.state is not None  # every event in a table has one
    return set(event.state.row.split())


def _is_newest(
    shown: Sequence[EventFact], events: Sequence[EventFact], effects: Mapping[str, Sequence[Effect]]
) -> bool:
    """Whether the event with the one effect is the newest, or its effect shows the newest one's content."""
    acknowledged = [event for event in events if event.acknowledged]
    newest = max(map(_since, acknowledged), default="")
    if max(map(_since, shown)) >= newest:
        return True
    return any(_shows(effects[shown[0].webhook_event_id], event) for event in acknowledged if _since(event) == newest)


def _effects_of(events: Sequence[EventFact], effects: Mapping[str, Sequence[Effect]]) -> Iterator[Effect]:
    return (effect for event in events for effect in effects[event.webhook_event_id])


def _shows(effects: Sequence[Effect], event: EventFact) -> bool:
    kept = content.embedded_payload(effects[0].value)
    return content.is_copy(event.payload, kept) and not content.first_difference(event.payload, kept)


def _since(event: EventFact) -> str:
    assert event.state is not None  # every event in a table has one
    return event.state.since
