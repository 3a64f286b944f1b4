"""Which effects are whose, also in tables that keep only the newest state.

A right receiver may keep one row for each and overwrite it. Then an older state has no effect, and that is no loss.
Effects count as such a table only if they look like one: each row has the effect of one event, the newest
acknowledged one. Types may be kept apart, such as the creation of an order in one row and its updates in another; then
that holds for each of the two. So a receiver that drops the second update as a repeat of the first keeps no such table,
nor does one that keeps every update: there, an event without an effect is lost. A table may drop the row of a deleted
customer.

events --> groups that effects can tell apart --> each with its effects, and how many of them are right

By event id an effect names its event; `ties` finds the event of one that does not. By `business` it carries the type's
own identity, and where it also carries the version fields or the type's name, those tell two events of one entity
apart. Where nothing does, the events stay one group, and any number from one effect to one each is right: what cannot
be seen accuses no receiver.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import Any

from frontsim.domain.model import Outcome
from frontsim.verification.effects import content
from frontsim.verification.effects.history import Effect, EventFact, Expect, History, Observation, Run
from frontsim.verification.effects.ties import Ties, shared_fields, type_in

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
    """An event is a deletion if it says that its customer is deleted."""
    return content.find(event.payload, _REMOVED) is True


def overwritten(history: History, shown: AbstractSet[str | None]) -> frozenset[str]:
    """The webhookEventIds of events that are not shown, although another event with a state of the same thing is.

    Either of the two may be the newer one: an older state may have overwritten a newer one.
    """
    with_row = [event for event in history.events if event.state is not None]
    rows = {_row(event) for event in with_row if event.webhook_event_id in shown}
    hidden = (event for event in with_row if event.webhook_event_id not in shown)
    return frozenset(event.webhook_event_id for event in hidden if _row(event) in rows)


def removed(history: History) -> frozenset[str]:
    """The webhookEventIds of all events about customers that an event of the history deletes."""
    with_row = [event for event in history.events if event.state is not None]
    rows = {_row(event) for event in with_row if is_deletion(event)}
    return frozenset(event.webhook_event_id for event in with_row if _row(event) in rows)


def _row(event: EventFact) -> tuple[str, str]:
    assert event.state is not None  # every event in a table has one
    return event.state.table, event.state.row


def _replaced_in(rows: Rows, effects: Mapping[str, Sequence[Effect]]) -> frozenset[str]:
    shown = {row: [event for event in events if effects.get(event.webhook_event_id)] for row, events in rows.items()}
    certain = [[event for event in events if _has_a_certain_row(event)] for events in shown.values()]
    apart = frozenset().union(*(_kept_apart(events, effects) for events in certain))
    is_kept = any(shown.values())
    if any(len(types) == 1 for types in apart):  # it keeps every event, or hides those of deleted customers
        gone = (events for row, events in rows.items() if not shown[row] and _is_removed(events))
        return frozenset(event.webhook_event_id for events in gone for event in events)
    found: set[str] = set()
    for row, events in rows.items():
        is_removed = is_kept and _is_removed(events)
        for event in events:
            together = [each for each in events if frozenset((each.event, event.event)) not in apart]
            left = [each for each in together if effects.get(each.webhook_event_id)]
            is_replaced = len(together) > 1 and left and _is_newest(left, together, effects)
            if is_replaced or (is_removed and not left) or _came_late(event, shown[row]):
                found.add(event.webhook_event_id)
    return frozenset(found | _replaced_by_altered(rows, effects))


def _came_late(event: EventFact, shown: Sequence[EventFact]) -> bool:
    """A receiver drops a state that is older than one of any type which came before it and is shown."""
    return any(_since(each) > _since(event) and _sent_ms(each) < _sent_ms(event) for each in shown)


def _kept_apart(events: Sequence[EventFact], effects: Mapping[str, Sequence[Effect]]) -> set[frozenset[str]]:
    """The pairs of types of which a row of states shows one effect each, such as an order's creation and its updates.

    A pair of a type with itself says that the receiver keeps every event.
    """
    by_type: dict[str, set[int]] = defaultdict(set)
    for event in events:
        by_type[event.event].update(map(id, effects[event.webhook_event_id]))
    pairs = combinations_with_replacement(by_type, 2)
    return {frozenset(pair) for pair in pairs if len(set().union(*map(by_type.__getitem__, pair))) > 1}


def _is_removed(events: Sequence[EventFact]) -> bool:
    """An entity is removed if its newest acknowledged state leaves nothing to keep: a deleted customer."""
    acknowledged = [event for event in events if event.acknowledged]
    newest = max(map(_since, acknowledged), default="")
    return any(is_deletion(event) for event in acknowledged if _since(event) == newest)


def _has_a_certain_row(event: EventFact) -> bool:
    """A table of newest states must keep the event in that row.

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
    """The event with the one effect is the newest, or its effect shows the newest one's content."""
    acknowledged = [event for event in events if event.acknowledged]
    newest = max(map(_since, acknowledged), default="")
    if max(map(_since, shown)) >= newest:
        return True
    return any(_shows(effects[shown[0].webhook_event_id], event) for event in acknowledged if _since(event) == newest)


def _shows(effects: Sequence[Effect], event: EventFact) -> bool:
    kept = content.embedded_payload(effects[0].value)
    return content.is_copy(event.payload, kept) and not content.different(event.payload, kept)


def _since(event: EventFact) -> str:
    assert event.state is not None  # every event in a table has one
    return event.state.since


BUSINESS = "business"


@dataclass(frozen=True, slots=True)
class EventGroup:
    """Events that effects cannot tell apart, their effects, and how many effects are right (bounds included)."""

    events: tuple[EventFact, ...]
    effects: tuple[Effect, ...]
    least: int
    most: int
    ambiguous: bool = False
    """More than one occurrence, and nothing in the effects tells them apart."""


@dataclass(frozen=True, slots=True)
class Correlation:
    """The groups, and the effects beside: each is of an event that its key does not name."""

    groups: tuple[EventGroup, ...]
    beside: tuple[tuple[EventFact, Effect], ...] = ()


def effects_of(history: History, effects: Sequence[Effect]) -> tuple[Effect, ...]:
    """The effects of the history's events, whatever their keys."""
    if history.observer_key != BUSINESS:
        ids = {event.webhook_event_id for event in history.events}
        ties = Ties(history.events)
        return tuple(effect for effect in effects if effect.key in ids or ties.event_of(effect))
    buckets = _buckets(history.events)
    paths, types = _paths_and_types(history.events)
    return tuple(effect for effect in effects if _bucket_of(effect, paths, buckets, types))


def may_await_next_batch(history: History) -> bool:
    """A worker that books in batches may still book what is missing.

    It may while all that is booked was sent before anything that is missing was acknowledged. Where something is booked
    that was sent later, the worker has passed over what is missing.
    """
    groups = correlate(history, history.final).groups
    replaced = _replaced(groups)
    booked = [min(map(_sent_ms, group.events)) for group in groups if group.effects]
    lacking = [group for group in groups if len(group.effects) < group.least]
    missing = [_end_ms(event) for group in lacking for event in group.events if event.webhook_event_id not in replaced]
    return bool(missing) and max(booked, default=0) <= min(missing)


def is_complete(history: History, effects: Sequence[Effect]) -> bool:
    """Effects are complete if they have all that the history's events ask for.

    An event asks for none if every run either never reached the receiver or was refused by the receiver itself.
    """
    groups = correlate(history, Observation(0, tuple(effects))).groups
    asking = [group for group in groups if not all(map(_was_never_taken, group.events))]
    lacking = [group for group in asking if len(group.effects) < group.least]
    if not lacking:
        return True
    replaced = _replaced(groups)
    return all(event.webhook_event_id in replaced for group in lacking for event in group.events)


def correlate(history: History, observation: Observation | None) -> Correlation:
    """Match the effects of one observation with the history's events."""
    effects = observation.effects if observation else ()
    if history.observer_key == BUSINESS:
        return _by_entity(history.events, effects)
    return _by_id(history.events, effects)


def _was_never_taken(event: EventFact) -> bool:
    return len(event.runs) > 0 and all(run.outcome is Outcome.NOT_SENT or _is_refused(run) for run in event.runs)


def _is_refused(run: Run) -> bool:
    return run.status_code is not None and not run.faulted and not run.acknowledged


def _replaced(groups: Sequence[EventGroup]) -> frozenset[str]:
    """The events in whose place a newer state is shown."""
    effects = {event.webhook_event_id: group.effects for group in groups for event in group.events}
    return replaced([event for group in groups for event in group.events], effects)


def _by_id(events: Sequence[EventFact], effects: Sequence[Effect]) -> Correlation:
    by_event: dict[str | None, list[Effect]] = {event.webhook_event_id: [] for event in events}
    unmatched: list[Effect] = []
    for effect in effects:
        by_event.get(effect.key, unmatched).append(effect)
    groups: list[EventGroup] = []
    for siblings in _siblings(events):
        found = [effect for event in siblings for effect in by_event[event.webhook_event_id]]
        groups += _apart(EventGroup(tuple(siblings), tuple(found), *_bounds(siblings)), by_event)
    ties = Ties(events)
    beside = ((event, effect) for effect in unmatched if (event := ties.event_of(effect)))
    return Correlation(tuple(groups), tuple(beside))


def _apart(group: EventGroup, by_event: dict[str | None, list[Effect]]) -> list[EventGroup]:
    """Siblings one by one when one of them alone has more than its one effect, else together.

    Two webhooks reported them: two effects of one event are still one too many.
    """
    counts = [len(by_event[event.webhook_event_id]) for event in group.events]
    if len(counts) == 1 or max(counts) <= 1:
        return [group]
    return [EventGroup((event,), tuple(by_event[event.webhook_event_id]), 0, 1) for event in group.events]


def _by_entity(events: Sequence[EventFact], effects: Sequence[Effect]) -> Correlation:
    groups: list[EventGroup] = []
    buckets = _buckets(events)
    shares: dict[tuple[str, str], list[Effect]] = {bucket: [] for bucket in buckets}
    paths, types = _paths_and_types(events)
    for effect in effects:
        if bucket := _bucket_of(effect, paths, buckets, types):
            shares[bucket].append(effect)
    for bucket, members in buckets.items():
        groups += _split(members, shares[bucket])
    return Correlation(tuple(groups))


def _buckets(events: Sequence[EventFact]) -> dict[tuple[str, str], list[EventFact]]:
    """Events by what they are about."""
    buckets: dict[tuple[str, str], list[EventFact]] = defaultdict(list)
    for event in events:
        if event.entity:
            buckets[event.entity.path, event.entity.value].append(event)
    return buckets


def _paths_and_types(events: Sequence[EventFact]) -> tuple[list[str], set[str]]:
    return sorted({event.entity.path for event in events if event.entity}), {event.event for event in events}


def _bucket_of(
    effect: Effect,
    paths: Iterable[str],
    buckets: dict[tuple[str, str], list[EventFact]],
    types: set[str],
) -> tuple[str, str] | None:
    """Finds what an effect is about: of several entities, the one with whose payload it shares most fields.

    A row with all columns names other entities too: a sale's row names its customer.
    """
    named = type_in(effect.value, types)

    def fits(bucket: tuple[str, str]) -> bool:
        return bucket in buckets and (named is None or any(event.event == named for event in buckets[bucket]))

    found = [bucket for path in paths if (bucket := next(filter(fits, _named_at(effect.value, path)), None))]
    if len(found) <= 1:
        return found[0] if found else None
    return max(found, key=lambda bucket: max(shared_fields(effect, event) for event in buckets[bucket]))


def _named_at(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Yields the entities that a value may name at a path; a row can have its own field of that name too."""
    for each in content.find_all(value, path) if isinstance(value, dict) else (value,):
        text = content.normalised(each)
        if text is not None:
            yield path, text


def _split(members: list[EventFact], effects: list[Effect]) -> list[EventGroup]:
    """The groups of one entity's events: one each if every effect names its event, else one ambiguous group."""
    parts = _siblings(members)
    if len(parts) == 1:
        return [EventGroup(tuple(members), tuple(effects), *_bounds(members))]
    shares: list[list[Effect]] = [[] for _ in parts]
    for effect in effects:
        fitting = [number for number, part in enumerate(parts) if _fits(effect, part[0], parts)]
        if len(fitting) != 1:
            return [EventGroup(tuple(members), tuple(effects), *_bounds(members), ambiguous=True)]
        shares[fitting[0]].append(effect)
    if not effects:
        return [EventGroup(tuple(members), (), *_bounds(members), ambiguous=True)]
    return [EventGroup(tuple(part), tuple(share), *_bounds(part)) for part, share in zip(parts, shares, strict=True)]


def _fits(effect: Effect, event: EventFact, parts: list[list[EventFact]]) -> bool:
    named = type_in(effect.value, {part[0].event for part in parts})
    if named is not None and named != event.event:
        return False
    version = event.entity.version if event.entity else ()
    shown = [(content.normalised(content.find(effect.value, path)), value) for path, value in version]
    return all(text is None or text == value for text, value in shown)


def _siblings(events: Sequence[EventFact]) -> list[list[EventFact]]:
    """The events in groups: those that different webhooks report of one occurrence are together."""
    parts: dict[object, list[EventFact]] = {}
    for event in events:
        key = (event.event, event.entity) if event.entity else event.webhook_event_id
        part = parts.setdefault(key, [])
        if any(event.webhook_id == other.webhook_id for other in part):
            parts[event.webhook_event_id] = [event]
        else:
            part.append(event)
    return list(parts.values())


def _sent_ms(event: EventFact) -> int:
    """When it may first have reached the receiver."""
    sent = [run.at_ms for run in event.runs if run.outcome is not Outcome.NOT_SENT]
    return min(sent, default=0)


def _end_ms(event: EventFact) -> int:
    """When it was first acknowledged; if it never was, when it was last tried."""
    acknowledged = [run.at_ms + run.duration_ms for run in event.runs if run.acknowledged]
    return min(acknowledged, default=max((run.at_ms + run.duration_ms for run in event.runs), default=0))


def _bounds(events: Sequence[EventFact]) -> tuple[int, int]:
    return int(any(event.expect is not Expect.EITHER for event in events)), len(events)
