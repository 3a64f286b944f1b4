"""Shrinks schedules to the smallest story that still breaks the same clause in the same way.

    schedule ──▶ does it recur? ──▶ few of its steps, with many events ─┬─▶ all played at once ──▶ those that recur
                                    edits, those that leave out most ───┘                            │
                                      ▲                                                              │
                                      └───────────────── the smallest ◀──────────────────────────────┘
    last: what is left of each finding is played ten times, with patience, for "10 of 10 tries"

Few steps with many events raise the odds of a bug that needs a crowd or luck: one step with 24 events mostly shows what
one event in a long schedule did by chance, beside the schedules that were played at the same time. What is played is
noted for each finding that it shows, because one bug often breaks two clauses: the second begins from there.

A race does not show in each try. Then a candidate is played until it recurs, or for so often that one which recurs as
often as the schedule did would have done so in 95 of 100 cases: a sequential test, which ends at the first success.
Where the last tries show that luck was taken for a recurrence, the next larger schedule is tried in its place.
Only legal schedules are tried. What does not recur at all is not shrunk: it was seen once.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, combinations, islice, zip_longest

from frontsim.explore.drawing import DELIVERY_FAULTS
from frontsim.explore.found_files import as_toml
from frontsim.explore.grammar import Vocabulary, repaired, why_illegal
from frontsim.verification.effects.classes import Class
from frontsim.verification.played import Played
from frontsim.verification.scenario.scenario import Scenario
from frontsim.verification.scenario.steps import Crash, Drain, InjectFault, Raise, Resend, Restart, Step, Wait

_CONFIRMING = (3, 9)
"""Tries that show whether it recurs; and further ones, where none of them has."""
_LAST = 10
_SURE = 3
"""In so many of the last tries a schedule must show what was found, or a larger one is tried."""
_MOST_LAST_ROUNDS = 3
_CONFIDENCE = 0.95
_USUAL_RATE = 0.5
"""How often a candidate is taken to recur whose schedule does not."""
_MOST_TRIES = 20
_BATCH, _BATCH_ALONE = 12, 4
"""Candidates that are played at once; fewer of those that kill the receiver, which are played one by one."""
_FEW_STEPS = 3
_MANY, _CROWD, _AGAIN = 24, 120, 2
"""Events and resends that raise the odds, and events that come between two others."""
_SHORT_S = 0.1
"""A wait that is not made shorter."""
_TOGETHER = Resend().together

Key = tuple[Class, str]
"""A class and the clause that it breaks."""
PlayTogether = Callable[[Sequence[Scenario], bool], Sequence[Played]]
"""Plays schedules and judges them; the flag says that it need not wait long for what is missing."""
Edit = Mapping[int, Step | None]
"""What stands in the place of some steps: another step, or none."""


@dataclass(frozen=True, slots=True)
class Shrunk:
    """A schedule after shrinking, in how many tries of it the finding was seen, and one of these."""

    schedule: Scenario
    seen: int
    tries: int
    played: Played | None = None


def recurs(played: Played, key: Key) -> bool:
    """The same class breaks the same clause again."""
    return any((each.class_, each.clause) == key for each in played.judgement.findings)


def shrink_all(
    found: Sequence[tuple[Scenario, Key]],
    vocabulary: Vocabulary,
    play: PlayTogether,
    *,
    is_over: Callable[[float], bool],
    on_smaller: Callable[[int, Scenario], None] = lambda _place, _schedule: None,
) -> list[Shrunk]:
    """The smallest schedule for each of these.

    Args:
        found: schedules and what they have shown. A schedule's name stays, and with it the payloads.
        vocabulary: what schedules may be made of.
        play: plays candidates.
        is_over: such a part of the time is used up: each finding has its share.
        on_smaller: called with a finding's place and a smaller schedule that shows it.
    """
    shrinking = _Shrinking(vocabulary, play)
    paths = [
        shrinking.path(*each, partial(is_over, (place + 1) / len(found)), partial(on_smaller, place))
        for place, each in enumerate(found)
    ]
    shrunk = [Shrunk(schedule, 1, 1 + sum(_CONFIRMING)) for schedule, _ in found]
    for _ in range(_MOST_LAST_ROUNDS):
        open_ = [place for place, path in enumerate(paths) if path and shrunk[place].seen < _SURE]
        distinct = {id(paths[place][-1]): paths[place][-1] for place in open_}.values()
        last = play([each for each in distinct for _ in range(_LAST)], False) if distinct else ()  # noqa: FBT003
        for place in open_:
            smallest = paths[place].pop()
            own = [each for each in last if each.scenario is smallest]
            seen = [each for each in own if recurs(each, found[place][1])]
            if len(seen) >= (_SURE if shrunk[place].played else 1):
                shrunk[place] = Shrunk(smallest, len(seen), len(own), seen[0])
    return shrunk


class _Shrinking:
    """Shrinks one finding after another."""

    def __init__(self, vocabulary: Vocabulary, play: PlayTogether) -> None:
        self._vocabulary = vocabulary
        self._play = play
        self._known: dict[Key, Scenario] = {}

    def path(
        self, schedule: Scenario, key: Key, is_over: Callable[[], bool], on_smaller: Callable[[Scenario], None]
    ) -> list[Scenario]:
        """Ever smaller schedules that show the finding, found until `is_over`; none if it does not recur."""
        tried: set[str] = set()
        path, rate = self._beginning(schedule, key, tried)
        if not path:
            return path
        tries = 1 if rate == 1 else min(_MOST_TRIES, math.ceil(math.log(1 - _CONFIDENCE) / math.log(1 - rate)))
        batch = _BATCH_ALONE if schedule.needs else _BATCH
        while not is_over():
            on_smaller(path[-1])
            both = zip_longest(few_steps(path[-1], self._vocabulary), reductions(path[-1], self._vocabulary))
            candidates = list(islice(_unlike((each for each in chain(*both) if each), tried), batch))
            if not candidates:
                break
            recurring = self._recurring(candidates, key, tries, is_over)
            path += sorted(recurring, key=size, reverse=True)[-1:]
        return path

    def _beginning(self, schedule: Scenario, key: Key, tried: set[str]) -> tuple[list[Scenario], float]:
        """Schedules that show the finding, the smallest last, and in which part of its tries the given one does."""
        whole = repaired(schedule, self._vocabulary)
        tried.add(as_toml(whole))
        known = [self._known[key]] if key in self._known else []
        few = _unlike(few_steps(whole, self._vocabulary), tried)
        for number in _CONFIRMING:
            others = [*known, *islice(few, _BATCH_ALONE if schedule.needs else _BATCH)]
            played = self._played([*[whole] * number, *others])
            seen = Counter(id(each.scenario) for each in played if recurs(each, key))
            if seen:
                rate = seen[id(whole)] / number or _USUAL_RATE
                return sorted((each for each in (whole, *others) if seen[id(each)]), key=size, reverse=True), rate
        return [], 0.0

    def _recurring(
        self, candidates: Sequence[Scenario], key: Key, tries: int, is_over: Callable[[], bool]
    ) -> list[Scenario]:
        """The candidates that recur within so many tries: a further try only while none has."""
        for _ in range(tries):
            seen = [each.scenario for each in self._played(candidates) if recurs(each, key)]
            if seen or is_over():
                return seen
        return []

    def _played(self, schedules: Sequence[Scenario]) -> Sequence[Played]:
        """Play, and note what is smallest for each finding."""
        played = self._play(schedules, True)  # noqa: FBT003 - as declared
        for each in played:
            for finding in each.judgement.findings:
                key = (finding.class_, finding.clause)
                self._known[key] = min(self._known.get(key, each.scenario), each.scenario, key=size)
        return played


def few_steps(schedule: Scenario, vocabulary: Vocabulary) -> Iterator[Scenario]:
    """At most three of its steps, with many events: what shows in one event by chance shows in one of many."""
    steps = [_many(step) for step in schedule.steps if not isinstance(step, Drain | Wait)]
    if any(isinstance(step, Resend) for step in steps):
        crowd = Raise([vocabulary.types[0]], count=_CROWD)  # what other schedules sent meanwhile
        yield from _smaller(schedule, (replace(crowd, count=1, label="a"), crowd, Resend(label="a")), vocabulary)
    for number in range(1, _FEW_STEPS + 1):
        for some in combinations(steps, number):
            yield from _smaller(schedule, some, vocabulary)
            if number > 1 and isinstance(some[0], Raise):
                yield from _smaller(schedule, (some[0], Drain(), *some[1:]), vocabulary)


def _many(step: Step) -> Step:
    """The step with many events; resends are of all."""
    match step:
        case Raise() if not step.grow:
            return replace(step, count=1 if step.same_as else max(step.count, _MANY))
        case Resend():
            return Resend(times=max(step.times, _AGAIN))
        case _:
            return step


def _smaller(schedule: Scenario, steps: Sequence[Step], vocabulary: Vocabulary) -> Iterator[Scenario]:
    """The schedule with these steps, if it is legal and smaller."""
    found = repaired(replace(schedule, steps=tuple(steps)), vocabulary)
    if size(found) < size(schedule) and not why_illegal(found, vocabulary):
        yield found


def _unlike(candidates: Iterator[Scenario], tried: set[str]) -> Iterator[Scenario]:
    """Those that were not tried yet; they are known from now on."""
    for each in candidates:
        if (text := as_toml(each)) not in tried:
            tried.add(text)
            yield each


def size(schedule: Scenario) -> tuple[float, ...]:
    """Orders schedules: by steps, then events, webhooks, faults, repeats, types and the length of waits."""
    steps = schedule.steps
    raises = [step for step in steps if isinstance(step, Raise)]
    return (
        len(steps),
        sum(step.count for step in raises) * schedule.webhooks,
        sum(isinstance(step, InjectFault) for step in steps),
        sum(step.times for step in steps if isinstance(step, Resend)),
        len({str(step.events) for step in raises}),
        sum(step.seconds for step in steps if isinstance(step, Wait)),
        sum(_complexity(step) for step in steps),
    )


def _complexity(step: Step) -> float:
    names = [name for name, _ in DELIVERY_FAULTS]
    match step:
        case InjectFault():
            rank = names.index(step.fault) if step.fault in names else len(names)
            return 10 * len(step.match) + 5 * bool(step.times) + rank + 0.1 * sum(map(_number, step.params.values()))
        case Resend():
            return bool(step.label) + (step.together != _TOGETHER)
        case Raise():
            return len(step.set) + 2 * bool(step.same_as)
        case Crash():
            return 50 + step.after_ms
        case _:
            return 0


def _number(value: object) -> float:
    return value / 1000 if isinstance(value, int | float) else 0


def reductions(schedule: Scenario, vocabulary: Vocabulary) -> Iterator[Scenario]:
    """Legal schedules that are a little smaller, those that leave out most first."""
    if schedule.webhooks > 1:
        alone = repaired(replace(schedule, webhooks=1), vocabulary)
        yield from () if why_illegal(alone, vocabulary) else [alone]
    for edit in _edits(schedule.steps, vocabulary):
        edited = (edit.get(place, step) for place, step in enumerate(schedule.steps))
        yield from _smaller(schedule, [step for step in edited if step], vocabulary)


def _edits(steps: Sequence[Step], vocabulary: Vocabulary) -> Iterator[Edit]:
    part = len(steps) // 2
    while part:
        for begin in range(0, len(steps), max(1, part // 2)):
            yield dict.fromkeys(range(begin, min(begin + part, len(steps))))
        part //= 2
    for place, step in enumerate(steps):
        for simpler in _simpler(step):
            yield {place: simpler}
    for event in dict.fromkeys(step.events[0] for step in steps if isinstance(step, Raise)):
        if event != vocabulary.types[0]:
            yield {place: _of_type(step, event, vocabulary.types[0]) for place, step in enumerate(steps)}


def _simpler(step: Step) -> Iterator[Step]:
    match step:
        case Raise():
            for count in {1, 2, step.count // 2} - {0}:
                yield replace(step, count=count)
            if step.set:
                yield replace(step, set={}, same_as="", keep=[])
        case Resend():
            yield replace(step, times=1)
            yield replace(step, times=max(1, step.times - 1))
            yield replace(step, label="", together=_TOGETHER)
        case InjectFault():
            yield replace(step, match={}, times=0) if not step.on_api else replace(step, times=1)
            yield replace(step, times=0) if not step.on_api else step
            yield from _simpler_faults(step)
        case Wait() if step.seconds > _SHORT_S:
            yield Wait(step.seconds / 2)
        case Crash():
            yield Restart()
            yield replace(step, after_ms=0)
        case _:
            return


def _simpler_faults(step: InjectFault) -> Iterator[Step]:
    names = [name for name, _ in DELIVERY_FAULTS]
    for name, params in DELIVERY_FAULTS[: names.index(step.fault) + 1 if step.fault in names else 0]:
        yield replace(step, fault=name, params=params[0])


def _of_type(step: Step, event: str, other: str) -> Step:
    """A step with another type in place of one; what belongs to the first type alone is left out."""
    if isinstance(step, Raise) and step.events == [event]:
        return replace(step, events=[other], set={}, same_as="", keep=[])
    return step
