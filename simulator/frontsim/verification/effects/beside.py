"""Effects beside an event's own, such as the ledger row of a sale: how many of them are right.

    clean single deliveries     a sale of 2 lines: 2 stock rows, of 3 lines: 3        --> one for each of salesLines
    a repeat                    a sale of 2 lines: 4 stock rows                       --> too many

No rule says which rows a receiver writes for an event, so events that arrived once, while nothing was broken and few
others were under way, show it. A type that leaves none beside its own has booked an event again when
one comes; of a type that leaves some, more of them may also be a row for each request.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from frontsim.verification.effects.correlate import Correlation
from frontsim.verification.effects.history import Effect, EventFact, Expect, History

_FEW = 5
"""Deliveries of one type at a time: more of them could be a race that books one event twice."""

Sample = tuple[EventFact, int]
"""An event that was delivered once and cleanly, and how many effects it has beside its own."""


@dataclass(frozen=True, slots=True)
class Unit:
    """All events about one thing, because an effect beside may not show of which of them it is.

    `own` is the number of effects that name one of them; `beside` has the others, each with its event.
    """

    events: tuple[EventFact, ...]
    own: int
    beside: tuple[tuple[EventFact, Effect], ...]

    def surplus(self, most: int) -> int:
        """How many effects are too many where `most` are right beside the events' own."""
        return len(self.beside) - most - (not self.own)


def units_of(correlation: Correlation) -> list[Unit]:
    """The units of a history's events, in their order."""
    events: dict[object, list[EventFact]] = defaultdict(list)
    own: dict[object, int] = defaultdict(int)
    beside: dict[object, list[tuple[EventFact, Effect]]] = defaultdict(list)
    for group in correlation.groups:
        for event in group.events:
            events[_thing(event)].append(event)
        own[_thing(group.events[0])] += len(group.effects)
    for event, effect in correlation.beside:
        beside[_thing(event)].append((event, effect))
    return [Unit(tuple(each), own[thing], tuple(beside[thing])) for thing, each in events.items()]


def clean_singles(history: History) -> list[EventFact]:
    """The events with one run, which nothing broke and during which few others of their type were under way.

    None where the receiver was killed, since it may have begun anew; none about something that others were about, which
    were not clean, or that a second one of its type was about, as with two webhooks: their rows cannot be told apart.
    """
    spans: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for event in history.events:
        spans[event.event] += [(run.at_ms, run.at_ms + run.duration_ms) for run in event.runs]
    clean = [] if history.marks else [event for event in history.events if _is_clean(event, spans[event.event])]
    of_clean, of_all = (Counter(map(_thing, events)) for events in (clean, history.events))
    of_type = Counter((_thing(event), event.event) for event in history.events)
    return [
        event
        for event in clean
        if of_clean[_thing(event)] == of_all[_thing(event)] and of_type[_thing(event), event.event] == 1
    ]


def samples(clean: Sequence[EventFact], beside: Iterable[tuple[EventFact, Effect]]) -> tuple[Sample, ...]:
    """Clean events with the number of effects beside their own; those about one thing share all of that."""
    found = Counter(_thing(event) for event, _ in beside)
    return tuple((event, found[_thing(event)]) for event in clean)


def most_beside(events: Iterable[EventFact], known: Mapping[str, Sequence[Sample]]) -> int | None:
    """How many effects beside their own are right for some events by the samples of each type; None without any."""
    found = 0
    for event in events:
        if event.event not in known:
            return None
        found += _most(event, known[event.event])
    return found


def by_type(known: Iterable[Sample]) -> Mapping[str, Sequence[Sample]]:
    """The samples of each type."""
    found: dict[str, list[Sample]] = defaultdict(list)
    for event, number in known:
        found[event.event].append((event, number))
    return found


def _thing(event: EventFact) -> object:
    return (event.entity.path, event.entity.value) if event.entity else event.webhook_event_id


def _is_clean(event: EventFact, spans: Sequence[tuple[int, int]]) -> bool:
    if len(event.runs) != 1 or event.altered or event.expect is not Expect.ONCE:
        return False
    (run,) = event.runs
    under_way = [begin <= run.at_ms + run.duration_ms and run.at_ms <= end for begin, end in spans]
    return run.acknowledged and not run.faulted and not run.mutated and sum(under_way) <= _FEW


def _most(event: EventFact, known: Sequence[Sample]) -> int:
    """The most that fits the samples: as many as any left, or so many more than a list of the payload has entries.

    It is 0 only where no sample left any: an accusation rests on that.
    """
    numbers = [number for _, number in known]
    if not any(numbers):
        return 0
    more = set.intersection(*({(name, number - size) for name, size in _sizes(each)} for each, number in known))
    sizes = dict(_sizes(event))
    by_lists = [sizes.get(name, 0) + left for name, left in more if left >= 0]
    return max(1, *by_lists, *(() if by_lists and len(set(numbers)) > 1 else numbers))


def _sizes(event: EventFact) -> list[tuple[str, int]]:
    fields = event.payload.items() if isinstance(event.payload, dict) else ()
    return [(name, len(value)) for name, value in fields if isinstance(value, list)]
