"""Tables that keep the newest state of each customer, order or stock item, and nothing older: pure.

A right receiver may keep one row for each and overwrite it. Then an older state has no effect, and that is
no loss. Effects are taken for such a table only if they look like one: of no row two events have an effect, and the
newest of all acknowledged events is the one that has it. So a receiver that drops the second update as a repeat of the
first is not a table of newest states, and one that keeps every update is none either: what lacks there is lost.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from frontsim.verification.facts import content
from frontsim.verification.facts.history import Effect, EventFact

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


def _replaced_in(rows: Rows, effects: Mapping[str, Sequence[Effect]]) -> frozenset[str]:
    shown = {row: [event for event in events if effects.get(event.webhook_event_id)] for row, events in rows.items()}
    if any(len({id(each) for each in _effects_of(events, effects)}) > 1 for events in shown.values()):
        return frozenset()  # it keeps every event
    found: set[str] = set()
    for row, events in rows.items():
        if len(events) > 1 and shown[row] and _is_newest(shown[row], events, effects):
            found.update(event.webhook_event_id for event in events)
    return frozenset(found | _replaced_by_altered(rows, effects))


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
