"""The account of a run: each effect that came, the event that it is of, and how many of an event are right.

    look 1   [ a b c ]          what was there before the run
    look 2   [ a b c d ] [ e ]  d and e came; d has the key of an event, so that a scenario judges it
    look 3   ...                e has not: it is of an event by its content, or of none

What is of none is another system's, or a booking that hides its event. Others also write while nothing is sent. Only
effects whose key is no simulator's event id are kept. Looks share their blocks, so a look costs no more than the blocks
that differ from the last one's.

    clean single deliveries     a sale of 2 lines: 2 stock rows, of 3 lines: 3        --> one for each of salesLines
    a repeat                    a sale of 2 lines: 4 stock rows                       --> too many

No rule says which rows a receiver writes beside an event's own, such as the ledger row of a sale. So events show it
that arrived once, while nothing was broken and few others were under way. A type that leaves none has booked an event
again when one comes; of a type that leaves some, more of them may also be a row for each request.
"""

import logging
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from threading import Lock
from typing import Any

from frontsim.clock import is_event_id, stopwatch
from frontsim.errors import FrontsimError
from frontsim.verification import patience
from frontsim.verification.effects.correlate import Correlation, effects_of
from frontsim.verification.effects.history import Effect, EventFact, Expect, History, Strangers
from frontsim.verification.effects.look import EffectBlock, Identity, look_at
from frontsim.verification.effects.ties import Ties, is_marked

_FEW = 5
"""Deliveries of one type at a time: more could be a race that books one event twice. So many samples show a rule."""

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


def least_beside(event: EventFact, known: Sequence[Sample]) -> int:
    """How many effects beside its own are owed for an event, 0 where the samples are too few or follow no rule."""
    return min(_by_rules(event, known), default=0) if len(known) >= _FEW else 0


def _most(event: EventFact, known: Sequence[Sample]) -> int:
    """The most that fits the samples. It is 0 only where no sample left any: an accusation rests on that.

    Where no rule fits, a receiver may leave some rows out, such as those of returned goods.
    """
    numbers = [number for _, number in known]
    more = (
        size + max(number - dict(sizes_of(each)).get(name, 0) for each, number in known)
        for name, size in sizes_of(event)
    )
    return max(1, *(_by_rules(event, known) or [*numbers, *more])) if any(numbers) else 0


def _by_rules(event: EventFact, known: Sequence[Sample]) -> list[int]:
    """What each rule says that fits all samples: always as many, or so many more than a list has entries."""
    more = set.intersection(*({(name, number - size) for name, size in sizes_of(each)} for each, number in known))
    sizes, numbers = dict(sizes_of(event)), {number for _, number in known}
    return [*(sizes.get(name, 0) + left for name, left in more if left >= 0), *(numbers if len(numbers) == 1 else ())]


def sizes_of(event: EventFact) -> list[tuple[str, int]]:
    """The lists of an event's payload, each with its number of entries."""
    fields = event.payload.items() if isinstance(event.payload, dict) else ()
    return [(name, len(value)) for name, value in fields if isinstance(value, list)]


logger = logging.getLogger(__name__)

_LONGEST = 160
"""Characters of an example."""


class Account:
    """Keeps what came in a run without an event's id, and knows all events of the run. `key`: see `look_at`."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._lock = Lock()
        self._began_s = 0.0
        self._blocks: dict[int, EffectBlock] | None = None
        self._came: list[tuple[float, Effect]] = []
        self._marked: set[Identity] = set()
        self._histories: list[History] = []
        self._clean: list[EventFact] = []

    def note(self, shown: Sequence[Any], *, now_s: float) -> None:
        """Take in what the next look has shown."""
        blocks = {id(block): block for block in look_at(shown, self._key).blocks}
        with self._lock:
            before, self._blocks = self._blocks, blocks
            if before is None:
                self._began_s = now_s
                return
            left = Counter(chain.from_iterable(before[place].identities for place in before.keys() - blocks.keys()))
            for block in (block for place, block in blocks.items() if place not in before):
                for place, identity in enumerate(block.identities):
                    if left[identity] > 0:
                        left[identity] -= 1
                    elif isinstance(identity, str) and is_event_id(identity):
                        self._marked.add(identity)
                    else:
                        self._came.append((now_s, block.effects[place]))

    def know(self, history: History, *, shows_singles: bool = True) -> None:
        """Take in the events of a scenario that was played.

        `shows_singles`: looks before and after them show how many effects a clean single delivery leaves; those of a
        probe may have been booked before the first look.
        """
        with self._lock:
            self._histories.append(history)
            if shows_singles:
                self._clean += clean_singles(history)

    @property
    def histories(self) -> Sequence[History]:
        """The scenarios and probes that were played so far, with their events."""
        with self._lock:
            return tuple(self._histories)

    def samples(self) -> tuple[Sample, ...]:
        """The clean single deliveries of the run so far, each with its number of effects beside its own."""
        with self._lock:
            clean = list(self._clean)
            came = [effect for _, effect in self._came]
        ties = Ties(clean)
        return samples(clean, ((event, effect) for effect in came if (event := ties.event_of(effect))))

    def strangers(
        self, read: Callable[[], object], pause: Callable[[float], None], *, late_s: float
    ) -> Strangers | None:
        """The effects that are of none of the run's events, None without any. Nothing may be sent any more.

        Where some are of no event at all, this waits until one comes that none can have caused, or until that is
        improbable.

        Args:
            read: reads the effects, so that `note` hears of them.
            pause: waits so many seconds.
            late_s: how long after an event an effect of it may come.
        """
        found, of_others = self._strangers_since(-math.inf), self._of_others()
        if not found:
            return Strangers(0, "", come_with_events=False, of_others=of_others) if of_others else None
        periods = len({int(came_s / patience.PERIOD_S) for came_s, _ in found})
        calm_s = patience.calm_s(stopwatch() - self._began_s, periods=periods)
        come_alone = calm_s is None or self._come_within(calm_s, read, pause, late_s)
        text = repr(found[-1][1].value)
        example = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
        return Strangers(len(found), example, come_with_events=not come_alone, of_others=of_others)

    def _come_within(
        self, calm_s: float, read: Callable[[], object], pause: Callable[[float], None], late_s: float
    ) -> bool:
        try:
            pause(late_s)
            read()
            began_s = stopwatch()
            while stopwatch() - began_s < calm_s:
                pause(patience.LOOK_S)
                read()
                if self._strangers_since(began_s):
                    return True
        except FrontsimError as error:  # the observer failed: nothing shows that others write
            logger.warning("it could not be seen whether other systems write: %s", error)
        return False

    def _strangers_since(self, since_s: float) -> list[tuple[float, Effect]]:
        with self._lock:
            came = [(came_s, effect) for came_s, effect in self._came if came_s > since_s]
        left = {id(each) for each in self._without_own([effect for _, effect in came if not is_marked(effect)])}
        return [each for each in came if id(each[1]) in left]

    def _of_others(self) -> int:
        """How many effects have the mark of a frontsim, and are of none of the run's events.

        None where a scenario was not played to its end, so that not all events are known.
        """
        with self._lock:
            if any(history.why_not_judged for history in self._histories):
                return 0
            known = {event.webhook_event_id for history in self._histories for event in history.events}
            marked = [effect for _, effect in self._came if is_marked(effect)]
            others = len(self._marked - known)
        return others + len(self._without_own(marked))

    def _without_own(self, effects: list[Effect]) -> list[Effect]:
        """The effects that are of no event of the run."""
        for history in self.histories:
            own = set(map(id, effects_of(history, effects)))
            effects = [each for each in effects if id(each) not in own]
        return effects
