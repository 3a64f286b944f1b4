"""Shrinks a schedule to the smallest story that still breaks the same clause in the same way.

    schedule ──▶ does it recur? ──▶ candidates, each a little smaller ──▶ all played at once ──▶ the smallest that
                                          ▲                                                        recurs
                                          └────────────────────────────────────────────────────────────┘
    last: it is played ten times, so that the report can say "10 of 10 tries"

A race does not show in each try. Then a candidate is played until it recurs, or for so often that one which recurs as
often as the schedule did would have done so in 95 of 100 cases: a sequential test, which ends at the first success.
Only legal schedules are tried. What does not recur at all is not shrunk: it was seen once.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from frontsim.explore.drawing import DELIVERY_FAULTS
from frontsim.explore.found_files import as_toml
from frontsim.explore.grammar import Vocabulary, why_illegal
from frontsim.verification.effects.classes import Class
from frontsim.verification.played import Played
from frontsim.verification.scenario.scenario import Scenario
from frontsim.verification.scenario.steps import (
    Clear,
    Crash,
    Drain,
    InjectFault,
    Raise,
    Reconcile,
    Resend,
    Restart,
    Step,
    Wait,
)

_CONFIRMING, _MORE = 3, 9
"""Tries that show whether it recurs; and further ones, where none of them has."""
_LAST = 10
_CONFIDENCE = 0.95
_MOST_TRIES = 20
_BATCH = 8
"""Candidates that are played at once, those that leave out most first: the next ones begin from what has recurred."""
_TOGETHER = Resend().together

Key = tuple[Class, str]
"""A class and the clause that it breaks."""
PlayTogether = Callable[[Sequence[Scenario], bool], Sequence[Played]]
"""Plays schedules and judges them; the flag says that it need not wait long for what is missing."""


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


def shrink(
    schedule: Scenario, key: Key, vocabulary: Vocabulary, play: PlayTogether, *, is_over: Callable[[], bool]
) -> Shrunk:
    """The smallest schedule that is found until `is_over`.

    Args:
        schedule: what has shown the finding; its name stays, and with it the payloads.
        key: of the finding.
        vocabulary: what schedules may be made of.
        play: plays candidates.
        is_over: the time is used up.
    """
    rate = _rate(schedule, key, play)
    if not rate:
        return Shrunk(schedule, 1, 1 + _CONFIRMING + _MORE)
    tries = 1 if rate == 1 else min(_MOST_TRIES, math.ceil(math.log(1 - _CONFIDENCE) / math.log(1 - rate)))
    smallest, known = schedule, {as_toml(schedule)}
    while not is_over():
        candidates = list(islice(_unlike(reductions(smallest, vocabulary), known), _BATCH))
        if not candidates:
            break
        found = _recurring(candidates, key, play, tries, is_over)
        if found:
            smallest = min(found, key=size)
    last = play([smallest] * _LAST, False)  # noqa: FBT003 - the protocol's flag
    seen = [each for each in last if recurs(each, key)]
    return Shrunk(smallest, len(seen), _LAST, seen[0]) if seen else Shrunk(schedule, 1, 1 + _CONFIRMING)


def _rate(schedule: Scenario, key: Key, play: PlayTogether) -> float:
    """In which part of its tries a schedule shows the finding; 0 if it does not."""
    for number in (_CONFIRMING, _MORE):
        seen = sum(recurs(each, key) for each in play([schedule] * number, True))  # noqa: FBT003 - the protocol's flag
        if seen:
            return seen / number
    return 0.0


def _unlike(candidates: Iterator[Scenario], known: set[str]) -> Iterator[Scenario]:
    """Those that were not tried yet; they are known from now on."""
    for each in candidates:
        if (text := as_toml(each)) not in known:
            known.add(text)
            yield each


def _recurring(
    candidates: Sequence[Scenario], key: Key, play: PlayTogether, tries: int, is_over: Callable[[], bool]
) -> list[Scenario]:
    """The candidates that recur within so many tries: a further try only for those that have not."""
    left, found = list(candidates), []
    for _ in range(tries):
        seen = {id(each.scenario) for each in play(left, True) if recurs(each, key)}  # noqa: FBT003 - the protocol's flag
        found += [each for each in left if id(each) in seen]
        left = [each for each in left if id(each) not in seen]
        if found or not left or is_over():
            break
    return found


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
    for each in _reduced(schedule, vocabulary):
        found = replace(each, steps=repaired(each.steps))
        if size(found) < size(schedule) and not why_illegal(found, vocabulary):
            yield found


def _reduced(schedule: Scenario, vocabulary: Vocabulary) -> Iterator[Scenario]:
    steps = schedule.steps
    part = len(steps) // 2
    while part:
        for begin in range(0, len(steps), max(1, part // 2)):
            yield replace(schedule, steps=steps[:begin] + steps[begin + part :])
        part //= 2
    if schedule.webhooks > 1:
        yield replace(schedule, webhooks=1)
    for place, step in enumerate(steps):
        for simpler in _simpler(step):
            yield replace(schedule, steps=(*steps[:place], simpler, *steps[place + 1 :]))
    for event in dict.fromkeys(step.events[0] for step in steps if isinstance(step, Raise)):
        if event != vocabulary.types[0]:
            yield replace(schedule, steps=tuple(_of_type(step, event, vocabulary.types[0]) for step in steps))


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
        case Wait():
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


def repaired(steps: Sequence[Step]) -> tuple[Step, ...]:
    """Steps without those that have lost what they are about: an end without a fault, a resend of nothing."""
    left: list[Step] = []
    labels: set[str] = set()
    is_broken = is_drained = has_sent = False
    for step in steps:
        match step:
            case Clear() if not is_broken:
                continue
            case Drain() if is_drained:
                continue
            case Resend() if not has_sent or (step.label and step.label not in labels):
                continue
            case Reconcile() if not has_sent:
                continue
            case Raise() if step.same_as and step.same_as not in labels:
                step = replace(step, same_as="", keep=[])
        if isinstance(step, Raise):
            labels.add(step.label)
        has_sent = has_sent or isinstance(step, Raise | Crash)
        is_broken = (is_broken or type(step).__name__ in ("InjectFault", "BreakDependency")) and not isinstance(
            step, Clear
        )
        is_drained = isinstance(step, Drain | Clear)
        left.append(step)
    while left and isinstance(left[-1], Drain):
        left.pop()
    return tuple(left)
