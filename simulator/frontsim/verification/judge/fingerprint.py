"""The receiver's key and its memory, as pairs of deliveries show them.

COPY         one id, the same bytes                     booked twice: there is no key
    SAME_BYTES   two ids, the same bytes                    booked once: the id is not the key
    SAME_ID      one id, about two entities                 booked twice: what it is about is in the key
    SPACED       one id, the same JSON spaced differently   booked twice: the bytes are in the key
    CASE         one id in two letter cases
    DASHES       one id with dashes and without
    ENTITY       two ids, one entity, two moments           booked once: the entity is the key
    CONTENT      two ids, one entity and moment, the same JSON spaced differently
    MOMENT       two ids, two entities, one moment          booked once: the time is the key
    ALIKE        two ids, two entities, all else the same   booked once: fields that different events share are the key
    WEBHOOK      two ids of two webhooks, the same bytes
    VERSION      two ids, two versions of one customer      booked once: the version is not in the key
    CONTROL      one delivery alone, after the second of a pair: a receiver that loses either may lose this one

The first deliveries of all pairs differ from each other in everything, so all of them must be booked. Where one is not,
the receiver loses events, and a second delivery that is missing proves nothing about its key.

The sentence accuses no receiver: it says what was seen. What the observer could not tell is left out of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from itertools import combinations

from frontsim.domain.model import Trigger
from frontsim.verification.effects.correlate import correlate
from frontsim.verification.effects.history import Effect, EventFact, History, Observation
from frontsim.wording import counted

FORGOTTEN = "has forgotten an event"
_DAY_S = 86_400.0
_BEYOND = "longer was not tested; --memory SECONDS and --time-travel DAYS test it"


def memory(history: History, effects: Mapping[str, int]) -> str:
    """Says what a run has seen of the memory, beginning with a verb; "" where it resent no event after the wait.

    Args:
        history: of a scenario that has waited.
        effects: how many effects each event has, by its webhookEventId.
    """
    if not history.waited_s:
        return ""
    resent = {event.webhook_event_id for event in history.events if _is_resent(event)}
    booked = {number for event_id, number in effects.items() if event_id in resent}
    if any(number > 1 for number in booked):
        return f"{FORGOTTEN} after {_span(history.waited_s)}"
    return f"remembers an event for at least {_span(history.waited_s)} ({_BEYOND})" if booked == {1} else ""


def _is_resent(event: EventFact) -> bool:
    return any(run.trigger is Trigger.RESEND and run.acknowledged for run in event.runs)


def _span(seconds: float) -> str:
    days = round(seconds / _DAY_S) if seconds >= _DAY_S else 0
    return counted(days, "day") if days else f"{seconds:.0f} s"


UNKNOWN = "unknown"
_NO_KEY = "books every delivery"
_BY_ID = "books by event id"
_SAME_VERSION = "a second version of one customer is not booked"
_TOO_COARSE = ("books by time", "books by a part of the event id", "books by webhook", "books by something other than")


_LONGEST_START, _SHORTEST_START = 35, 7
"""Characters of an event id that a receiver may take for all of it."""


class KeyPair(Enum):
    """The two deliveries of a pair have this in common."""

    COPY = auto()
    SAME_BYTES = auto()
    SAME_ID = auto()
    SPACED = auto()
    CASE = auto()
    DASHES = auto()
    ENTITY = auto()
    CONTENT = auto()
    MOMENT = auto()
    ALIKE = auto()
    WEBHOOK = auto()
    VERSION = auto()
    CONTROL = auto()


_RESPELLED = (KeyPair.CASE, KeyPair.DASHES)


@dataclass(frozen=True, slots=True)
class PairSent:
    """A pair of deliveries that were acknowledged; `second` is the same fact where the two have one id."""

    pair: KeyPair
    first: EventFact
    second: EventFact


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """A run's knowledge of a receiver's key.

    Attributes:
        sentence: what was seen, beginning with a verb: `books by event id; ids that differ in case are one`.
        memory: how long it remembers an event, as far as the run shows that, beginning with a verb.
        why_unknown: why nothing is known, "" when something is.
    """

    sentence: str = ""
    memory: str = ""
    why_unknown: str = field(default="no scenario came so far that the receiver could be probed")

    @property
    def is_known(self) -> bool:
        return bool(self.sentence)

    @property
    def short(self) -> str:
        """The first part: `books by event id`."""
        return self.sentence.partition(";")[0].partition(":")[0]

    def with_memory(self, memory: str) -> "Fingerprint":
        """The same with how long the receiver remembers, beginning with a verb.

        Nothing is added to what is unknown, or to a receiver that has no key to remember.
        """
        says_more = memory and self.is_known and self.knows_repeats
        return replace(self, memory=memory) if says_more else self

    @property
    def telling(self) -> str:
        """Names what may explain a finding: a memory that has not ended yet explains nothing."""
        return str(self) if self.memory.startswith(FORGOTTEN) else self.sentence

    @property
    def is_too_coarse(self) -> bool:
        """The key takes events that have nothing to do with each other for one."""
        return self.short.startswith(_TOO_COARSE)

    @property
    def knows_repeats(self) -> bool:
        """The receiver has a key at all."""
        return self.short != _NO_KEY

    @property
    def merges_events(self) -> bool:
        """The receiver may take two events for one, or two versions of what they are about."""
        return self.knows_repeats and (not self.is_usual or _SAME_VERSION in self.sentence)

    @property
    def is_usual(self) -> bool:
        """The receiver's key is what it should be."""
        return self.short == _BY_ID

    def __str__(self) -> str:
        if not self.is_known:
            return f"{UNKNOWN}: {self.why_unknown}"
        return f"{self.sentence}; {self.memory}" if self.memory else self.sentence


def fingerprint(sent: Sequence[PairSent], effects: Sequence[Effect], *, key: str, identity: str) -> Fingerprint:
    """The fingerprint by the effects of some pairs.

    Args:
        sent: the pairs that were acknowledged.
        effects: what was booked since before they were sent.
        key: `business`, or the dotted path of the event's id in an effect.
        identity: the field that says what the events are about.
    """
    if not sent:
        return Fingerprint()
    shown = _Shown(sent, effects, key)
    firsts = [each for each in sent if each.pair is not KeyPair.VERSION]
    missing = sum(not shown.first(each) for each in firsts)
    if missing == len(firsts):
        return Fingerprint(why_unknown="the observer shows none of the events that were sent for it")
    if missing and (sentence := _too_coarse(firsts, shown)):
        return Fingerprint(sentence)
    if missing:
        return Fingerprint(why_unknown=f"{missing} of {len(firsts)} events that differ in everything are not booked")
    if any(map(shown.is_surplus, firsts)):
        return Fingerprint(why_unknown="events that were sent once are booked twice")
    return _read({each.pair: shown.both(each) for each in sent if shown.first(each)}, identity)


class _Shown:
    """How many effects the deliveries of some pairs have."""

    def __init__(self, sent: Sequence[PairSent], effects: Sequence[Effect], key: str) -> None:
        events = {id(event): event for each in sent for event in (each.first, each.second)}
        history = History("the receiver's key", tuple(events.values()), observer_key=key)
        groups = correlate(history, Observation(0, tuple(effects))).groups
        self._group_of = {id(event): group for group in groups for event in group.events}

    def first(self, sent: PairSent) -> int:
        """Those of the first; 0 where a table of newest states has dropped it for the second."""
        return self._number(sent.first)

    def second(self, sent: PairSent) -> int:
        return self._number(sent.second)

    def both(self, sent: PairSent) -> int:
        """Those of the pair. Events that effects cannot tell apart share theirs."""
        is_shared = self._group_of.get(id(sent.first)) is self._group_of.get(id(sent.second))
        return self.first(sent) if is_shared else self.first(sent) + self.second(sent)

    def is_surplus(self, sent: PairSent) -> bool:
        """A first delivery, whose event was sent once, is booked more than once."""
        group = self._group_of.get(id(sent.first))
        was_sent_once = sent.pair is KeyPair.CONTROL or sent.first is not sent.second
        return was_sent_once and group is not None and len(group.events) == 1 and len(group.effects) > 1

    def _number(self, event: EventFact) -> int:
        group = self._group_of.get(id(event))
        return len(group.effects) if group else 0


def _too_coarse(firsts: Sequence[PairSent], shown: _Shown) -> str:
    """Finds the key in what missing events have in common with one that is booked; "" if they have nothing."""
    plain = [each for each in firsts if each.pair not in (*_RESPELLED, KeyPair.WEBHOOK)]
    booked = [each.first.webhook_event_id for each in plain if shown.first(each)]
    missing = [each.first.webhook_event_id for each in plain if not shown.first(each)]
    if len(booked) == 1 and any(each.pair is KeyPair.WEBHOOK and shown.both(each) for each in firsts):
        return f"books by webhook: of {len(plain)} events of one webhook it books one"
    for width in range(_LONGEST_START, _SHORTEST_START, -1):
        starts = {each[:width] for each in booked}
        if missing and len(starts) == len(booked) and all(each[:width] in starts for each in missing):
            least = max((_alike(one, other) for one, other in combinations(booked, 2)), default=0) + 1
            part = f"{least} to {width}" if least > 1 else f"{width} or fewer"
            return (
                f"books by a part of the event id: by its first {part} characters; of ids that begin alike it books one"
            )
    return ""


def _alike(one: str, other: str) -> int:
    """With how many characters in common two ids begin."""
    return next(
        (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )


def _read(counts: Mapping[KeyPair, int], identity: str) -> Fingerprint:
    once = {pair for pair, number in counts.items() if number == 1}
    again = {pair for pair, number in counts.items() if number > 1}
    if KeyPair.COPY in again:
        return Fingerprint(f"{_NO_KEY}: a copy with the same id and the same bytes is booked again")
    if KeyPair.SAME_BYTES in again:
        return Fingerprint("; ".join([_by_id(again), *_spellings(once, again), *_versions(once)]))
    if KeyPair.SAME_BYTES not in once:
        return Fingerprint(why_unknown="the observer does not tell two events with the same bytes apart")
    by_id_too = ["of two deliveries with one event id it books the first, too"] if KeyPair.SAME_ID in once else []
    return Fingerprint("; ".join([_by_content(once, again, identity), *by_id_too, *_versions(once)]))


def _by_id(again: set[KeyPair]) -> str:
    if KeyPair.SPACED in again:
        return "books by event id and body: another body under the same id is booked again"
    if KeyPair.SAME_ID in again:
        return "books by event id and entity: the same id about something else is booked again"
    return _BY_ID


def _spellings(once: set[KeyPair], again: set[KeyPair]) -> list[str]:
    """Which spellings of an id are one id to the receiver."""
    names = {KeyPair.CASE: "in case", KeyPair.DASHES: "in dashes"}
    parts = []
    for pairs, number in ((once, "one"), (again, "two")):
        if alike := [names[pair] for pair in names if pair in pairs]:
            parts.append(f"ids that differ {' or '.join(alike)} are {number}")
    return parts


def _by_content(once: set[KeyPair], again: set[KeyPair], identity: str) -> str:
    """The key of a receiver to which two ids with the same bytes are one event."""
    each = " for each webhook" if KeyPair.WEBHOOK in again else ""
    if KeyPair.MOMENT in once:
        return f"books by time{each}: two events of one moment are booked once"
    if KeyPair.ALIKE in once:
        alone = f"two events that differ in their {identity} alone are booked once"
        return f"books by something other than the {identity}{each}: {alone}"
    if KeyPair.ENTITY in once:
        version = " and version" if KeyPair.VERSION in again else ""
        return f"books by entity{version}{each}: a second event about one {identity} is booked once"
    if KeyPair.CONTENT in once:
        return f"books by entity and time{each}: two events about one {identity} and moment are booked once"
    if KeyPair.CONTENT in again:
        return f"books by body{each}: the same bytes under two ids are booked once"
    return f"books by something else than the event id{each}: the same bytes under two ids are booked once"


def _versions(once: set[KeyPair]) -> list[str]:
    return [_SAME_VERSION] if KeyPair.VERSION in once else []
