"""Whether an older state overwrote a newer one, or a newer one took an older one's place: pure.

The first can be judged only where the effects show which state counts. They can show it in two ways: each effect
carries `current` (true on the one that counts), or the list holds one effect for a whole series, as a table with one
row per customer does. A ledger shows neither, and is not judged.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from frontsim.verification.facts import lookup
from frontsim.verification.facts.classes import Class, Classified
from frontsim.verification.facts.history import Effect, EventFact

CURRENT = "current"

UNSEEN = (
    f"no effect shows which of two states counts: it needs a field {CURRENT!r} (true or false), or a list with one "
    "effect per customer, order or stock item"
)

REPLACED = (
    "the effects show a newer state of the same customer or order in the place of an older one, which then cannot be "
    "told from a lost one: it needs a list that keeps each update"
)
NOT_SHOWN = (UNSEEN, REPLACED)
"""Reasons why a scenario is skipped: the effects cannot show what it asks for."""

EffectsByEvent = Mapping[str, Sequence[Effect]]
"""The effects of each event, by its webhookEventId."""


def stale(events: Sequence[EventFact], effects: EffectsByEvent) -> tuple[list[Classified], bool]:
    """The older events whose state counts, and whether every series could be judged."""
    series: dict[str, list[EventFact]] = defaultdict(list)
    for event in events:
        if event.series:
            series[event.series].append(event)
    found, seen = [], True
    for states in series.values():
        counting = _counting(states, effects)
        newest = max(states, key=lambda event: event.rank)
        if counting is None:
            seen = False
        elif counting.rank < newest.rank:
            newer = newest.webhook_event_id
            without = "" if effects.get(newer) else newer
            found.append(
                Classified(counting, Class.STALE, f"it is older than {newer}, which was booked first", without)
            )
    return found, seen


def replaced(events: Sequence[EventFact], effects: EffectsByEvent) -> frozenset[str]:
    """The webhookEventIds of events without an effect where a later event of the same type and entity has one.

    A right receiver may keep the newest state only.
    """
    later: set[tuple[str, str, str]] = set()
    found = set()
    for event in reversed(events):
        if event.entity is None:
            continue
        about = (event.event, event.entity.path, event.entity.value)
        if effects.get(event.webhook_event_id):
            later.add(about)
        elif about in later and event.entity.version:
            found.add(event.webhook_event_id)
    return frozenset(found)


def _counting(states: Sequence[EventFact], effects: EffectsByEvent) -> EventFact | None:
    """The event whose state counts, None when that cannot be seen."""
    with_effects = [event for event in states if effects.get(event.webhook_event_id)]
    flagged = [event for event in with_effects if _flag(effects[event.webhook_event_id]) is True]
    if len(flagged) == 1:
        return flagged[0]
    if len(with_effects) == 1:
        return with_effects[0]
    return None


def _flag(effects: Sequence[Effect]) -> bool | None:
    values = [lookup.find(effect.value, CURRENT) for effect in effects]
    known = [bool(value) for value in values if isinstance(value, bool | int)]
    return any(known) if known else None
