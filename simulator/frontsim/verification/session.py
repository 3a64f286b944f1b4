"""A whole run: a first pass over the scenarios, then a last look at those where effects are missing."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from hashlib import blake2b
from itertools import takewhile

from frontsim.verdicts import Contract
from frontsim.verification.effects.history import History
from frontsim.verification.first_passes import FirstPass, FirstPasses, OpenHarness
from frontsim.verification.judge.checks import judge
from frontsim.verification.play.key_probe import KeyProbe
from frontsim.verification.play.last_look import take_all
from frontsim.verification.played import Played, judge_recorded, weighed
from frontsim.verification.scenario.scenario import Scenario
from frontsim.verification.schedule import Pace

_INTERRUPTED = "interrupted before the effects that are missing had been waited for long enough"


def play_all(
    scenarios: Iterable[Scenario],
    open_harness: OpenHarness,
    contract: Contract,
    pace: Pace | None = None,
    key_probe: KeyProbe | None = None,
) -> Iterator[Played]:
    """Play and judge the scenarios, and give them in their order.

    Verify accuses a receiver of a missing effect only after a patient last look, because a slow worker is not a loss.
    All scenarios wait for it together: the last look at one is taken once its effects have been missing for long
    enough, at the latest at the end of the run. An interrupted run yields what is left without a last look.
    `key_probe` sends its events after the first scenario, and knows what the receiver's key is at the end.
    """
    waiting: list[FirstPass] = []
    first_passes = FirstPasses(list(scenarios), open_harness, contract, pace or Pace(), key_probe)
    try:
        for each in first_passes.play():
            waiting.append(each)
            due = list(takewhile(lambda first: first.is_due, waiting))
            yield from (weighed(_noted(each, key_probe)) for each in _last_looks(waiting, len(due), contract))
        if key_probe and waiting:
            key_probe.look()
        yield from (weighed(_noted(each, key_probe)) for each in _last_looks(waiting, len(waiting), contract))
        if key_probe:
            key_probe.read()
    except KeyboardInterrupt:
        yield from (weighed(_without_last_look(each, contract)) for each in waiting)
        raise


def seed_of(seed: int, scenario: str) -> int:
    """The seed of one scenario's simulator: no two scenarios of a run share ids, and each repeats alone."""
    return int.from_bytes(blake2b(f"{seed}/{scenario}".encode(), digest_size=8).digest(), "big") >> 2


def _noted(played: Played, key_probe: KeyProbe | None) -> Played:
    if key_probe:
        key_probe.note_memory(played.history, played.judgement.effects)
    return played


def _last_looks(waiting: list[FirstPass], number: int, contract: Contract) -> Iterator[Played]:
    """Take the last look at the first so many of those that wait, all at once.

    They leave the list only then, so that an interruption still finds them there. The observer is not doubted for what
    a kill in a later scenario may have lost.
    """
    looks = [(each.last_look, each.played.history) for each in waiting[:number] if each.last_look]
    histories = iter(take_all(looks))
    for _ in range(number):
        first = waiting.pop(0)
        killed_since = any(each.played.history.marks for each in waiting)
        yield (
            _seen_again(first, next(histories), contract, killed_since=killed_since)
            if first.last_look
            else first.played
        )


def _seen_again(first: FirstPass, history: History, contract: Contract, *, killed_since: bool) -> Played:
    assert first.last_look is not None
    judgement = judge_recorded(history, contract, first.last_look, killed_since=killed_since, is_last=True)
    late_s = first.last_look.settled.last_change_after_s
    if judgement.missing != first.played.judgement.missing and late_s:
        note = f"effects came late: the last of them {late_s:.1f} s after the end of the scenario"
        judgement = replace(judgement, notes=(*judgement.notes, note))
    return replace(first.played, history=history, judgement=judgement)


def _without_last_look(first: FirstPass, contract: Contract) -> Played:
    """The judgement of an interrupted run: what is missing is not a loss yet."""
    if first.last_look is None:
        return first.played
    return replace(first.played, judgement=judge(first.played.history, contract, doubt=_INTERRUPTED))
