"""Whether an older state overwrote a newer one: pure.

It can be judged only where the effects show which state counts. They can show it in two ways: each effect
carries `current` (true on the one that counts), or the list holds one effect for a whole series, as a table with one
row per customer does. A ledger shows neither, and is not judged, unless the receiver's derived state shows the order.
Effects are a ledger if they show two events of one series: there, a series with a single effect has lost the others.
A customer who is deleted may have no effect that counts.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet

from frontsim.verification.facts import lookup, state_tables
from frontsim.verification.facts.classes import Class, Classified
from frontsim.verification.facts.history import Effect, EventFact

CURRENT = "current"

UNSEEN = (
    f"no effect shows which of two states counts: it needs a field {CURRENT!r} (true or false), or a list with one "
    "effect per customer, order or stock item; or --observe-state shows what it derives"
)

EffectsByEvent = Mapping[str, Sequence[Effect]]
"""The effects of each event, by its webhookEventId."""
SeenOrders = Mapping[str, bool]
"""Of each type of which events are states of one thing: whether the order of every series could be judged."""


def stale(
    events: Sequence[EventFact], effects: EffectsByEvent, compared: AbstractSet[str] = frozenset()
) -> tuple[list[Classified], SeenOrders]:
    """The older events whose state counts, and the types of which the order could be judged.

    Where that of others of the type could, that of a deleted customer need not: a derived state has nothing to compare.

    `compared`: the webhookEventIds of events whose order the receiver's derived state shows.
    """
    series: dict[str, list[EventFact]] = defaultdict(list)
    for event in events:
        if event.series:
            series[event.series].append(event)
    ledgers = _ledgers(series.values(), effects)
    found: list[Classified] = []
    seen: dict[str, list[bool]] = defaultdict(list)
    for states in series.values():
        counting = _counting(states, effects, is_ledger=_table(states) in ledgers)
        newest = max(states, key=lambda event: event.rank)
        if counting is None:
            is_compared = all(event.webhook_event_id in compared for event in states)
            is_seen = is_compared or _is_gone(newest, states, effects)
            seen[newest.event] += [is_seen] if is_seen or not state_tables.is_deletion(newest) else []
            continue
        seen[newest.event].append(True)
        if counting.rank < newest.rank:
            newer = newest.webhook_event_id
            without = "" if effects.get(newer) else newer
            found.append(
                Classified(counting, Class.STALE, f"it is older than {newer}, which was booked first", without)
            )
    return found, {event: all(judged) and bool(judged) for event, judged in seen.items()}


def _ledgers(series: Iterable[Sequence[EventFact]], effects: EffectsByEvent) -> frozenset[str]:
    """The tables that keep every event: several records of one series, and none of them says whether it counts."""
    return frozenset(_table(states) for states in series if _is_ledger(_shown(states, effects)))


def _is_ledger(shown: Sequence[tuple[EventFact, Sequence[Effect]]]) -> bool:
    records = {id(effect): effect for _, these in shown for effect in these}
    return len(shown) > 1 and len(records) > 1 and all(_flag(effect) is None for effect in records.values())


def _table(states: Sequence[EventFact]) -> str:
    """What the series is about, "" where the events do not say."""
    return next((event.state.table for event in states if event.state), "")


def _shown(states: Sequence[EventFact], effects: EffectsByEvent) -> list[tuple[EventFact, Sequence[Effect]]]:
    return [(event, effects[event.webhook_event_id]) for event in states if effects.get(event.webhook_event_id)]


def _counting(states: Sequence[EventFact], effects: EffectsByEvent, *, is_ledger: bool) -> EventFact | None:
    """The event whose state counts, None when that cannot be seen."""
    shown = _shown(states, effects)
    flagged = [event for event, these in shown if _is_current(these)]
    not_superseded = [event for event, these in shown if not _is_superseded(these)]
    for candidates in (flagged,) if is_ledger else (flagged, not_superseded):
        if len(candidates) == 1:
            return candidates.pop()
    return None


def _is_gone(newest: EventFact, states: Sequence[EventFact], effects: EffectsByEvent) -> bool:
    """Whether the newest state is a deletion, and nothing counts: each row that is left says that it is not current."""
    left = [effects[event.webhook_event_id] for event in states if effects.get(event.webhook_event_id)]
    return state_tables.is_deletion(newest) and all(map(_is_superseded, left))


def _is_superseded(effects: Sequence[Effect]) -> bool:
    return all(_flag(effect) is False for effect in effects)


def _is_current(effects: Sequence[Effect]) -> bool:
    return any(_flag(effect) for effect in effects)


def _flag(effect: Effect) -> bool | None:
    """What an effect says of whether its state counts."""
    value = lookup.find(effect.value, CURRENT)
    return bool(value) if isinstance(value, bool | int) else None
