"""A whole run: a first pass over the scenarios, then a last look at those where effects are missing."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from hashlib import blake2b

from frontsim.clauses import Contract
from frontsim.verification.first_passes import FirstPass, FirstPasses, OpenHarness
from frontsim.verification.judge.checks import judge
from frontsim.verification.judging import judge_recorded, weighed
from frontsim.verification.play.last_look import LastLook
from frontsim.verification.play.probes.key_probe import KeyProbe
from frontsim.verification.played import Played
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
            while waiting and waiting[0].is_due:
                yield weighed(_noted(_last_look(waiting, contract), key_probe))
        while waiting:
            yield weighed(_noted(_last_look(waiting, contract), key_probe))
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


def _last_look(waiting: list[FirstPass], contract: Contract) -> Played:
    """Take the last look at the first of those that wait.

    It leaves the list only then, so that an interruption still finds it there. The observer is not doubted for what a
    kill in a later scenario may have lost.
    """
    first = waiting[0]
    killed_since = any(each.played.history.marks for each in waiting[1:])
    played = _look_again(first.played, first.last_look, contract, killed_since=killed_since)
    del waiting[0]
    return played


def _look_again(played: Played, last_look: LastLook | None, contract: Contract, *, killed_since: bool) -> Played:
    if last_look is None:
        return played
    history = last_look.take(played.history)
    judgement = judge_recorded(history, contract, last_look, killed_since=killed_since, is_last=True)
    late_s = last_look.settled.last_change_after_s
    if judgement.missing != played.judgement.missing and late_s:
        note = f"effects came late: the last of them {late_s:.1f} s after the end of the scenario"
        judgement = replace(judgement, notes=(*judgement.notes, note))
    return replace(played, history=history, judgement=judgement)


def _without_last_look(first: FirstPass, contract: Contract) -> Played:
    """The judgement of an interrupted run: what is missing is no loss yet."""
    if first.last_look is None:
        return first.played
    return replace(first.played, judgement=judge(first.played.history, contract, doubt=_INTERRUPTED))
