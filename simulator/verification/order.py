"""Whether an older state overwrote a newer one, judged only where the effects show which state counts: pure.

Two ways of showing it are understood: effects that carry `current` (true on the one that counts), and a list that
holds one effect for a whole series, as a table with a row per customer does. A ledger shows neither, and is left alone.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from simulator.verification import lookup
from simulator.verification.classes import Class, Classified
from simulator.verification.history import Effect, EventFact

CURRENT = "current"

UNSEEN = (
    f"no effect shows which of two states counts: it needs a field {CURRENT!r} (true or false), or a list with one "
    "effect per customer, order or stock item"
)

Shares = Mapping[str, Sequence[Effect]]
"""The effects of each event, by its webhookEventId."""


def stale(events: Sequence[EventFact], shares: Shares) -> tuple[list[Classified], bool]:
    """The events that wrongly count, and whether every series could be judged."""
    series: dict[str, list[EventFact]] = defaultdict(list)
    for event in events:
        if event.series:
            series[event.series].append(event)
    found, seen = [], True
    for states in series.values():
        counting = _counting(states, shares)
        newest = max(states, key=lambda event: event.rank)
        if counting is None:
            seen = False
        elif counting.rank < newest.rank:
            found.append(
                Classified(counting, Class.STALE, f"it is older than {newest.webhook_event_id}, which was booked first")
            )
    return found, seen


def _counting(states: Sequence[EventFact], shares: Shares) -> EventFact | None:
    """The event whose state counts, None when that cannot be seen."""
    with_effects = [event for event in states if shares.get(event.webhook_event_id)]
    flagged = [event for event in with_effects if _flag(shares[event.webhook_event_id]) is True]
    if len(flagged) == 1:
        return flagged[0]
    if len(with_effects) == 1:
        return with_effects[0]
    return None


def _flag(effects: Sequence[Effect]) -> bool | None:
    values = [lookup.find(effect.value, CURRENT) for effect in effects]
    known = [bool(value) for value in values if isinstance(value, bool | int)]
    return any(known) if known else None
