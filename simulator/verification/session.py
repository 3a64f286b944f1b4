"""A whole run: one scenario after another, each judged as soon as it is played."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from hashlib import blake2b

from simulator.verification.bench import Bench
from simulator.verification.checks import Judgement, Verdict, judge, overall
from simulator.verification.clauses import Contract
from simulator.verification.history import History
from simulator.verification.runner import play, skip_reason
from simulator.verification.scenario import Scenario


@dataclass(frozen=True, slots=True)
class Played:
    """A scenario with what happened in it and what that means."""

    scenario: Scenario
    history: History
    judgement: Judgement


@dataclass(frozen=True, slots=True)
class Report:
    """A run as far as it got. `replay` makes the command line that repeats one scenario."""

    receiver: str
    seed: int
    played: Sequence[Played]
    contract: Contract
    strict: bool = False
    interrupted: bool = False
    replay: Callable[[str], str] = field(default=lambda name: f"frontsim verify --scenario {name}")

    @property
    def verdict(self) -> Verdict:
        """On the receiver."""
        found = overall([each.judgement.verdict for each in self.played], strict=self.strict)
        return Verdict.UNKNOWN if self.interrupted and found is Verdict.VERIFIED else found


OpenBench = Callable[[Scenario], AbstractContextManager[Bench]]
"""Gives the bench for a scenario: its own simulator, so that a replay of it alone is the same to the byte."""


def play_all(scenarios: Iterable[Scenario], open_bench: OpenBench, contract: Contract) -> Iterator[Played]:
    """Play and judge each scenario.

    When one shows that nobody answers any more, those after it are not tried: they are unknown for that reason.
    """
    dead = ""
    for scenario in scenarios:
        if dead:
            yield _without_trying(scenario, dead)
            continue
        with open_bench(scenario) as bench:
            played = play_one(scenario, bench, contract)
            dead = _nobody_answers(played, bench)
        yield played


def seed_of(seed: int, scenario: str) -> int:
    """The seed of one scenario's simulator: no two scenarios of a run share ids, and each repeats alone."""
    return int.from_bytes(blake2b(f"{seed}/{scenario}".encode(), digest_size=8).digest(), "big") >> 2


def play_one(scenario: Scenario, bench: Bench, contract: Contract) -> Played:
    """Play and judge one scenario, or say why it is skipped."""
    reason = skip_reason(scenario, bench)
    if reason:
        return Played(scenario, History(scenario.name), Judgement(Verdict.SKIPPED, reason))
    history = play(scenario, bench)
    return Played(scenario, history, judge(history, contract))


def _without_trying(scenario: Scenario, reason: str) -> Played:
    return Played(scenario, History(scenario.name, trouble=reason), Judgement(Verdict.UNKNOWN, reason))


def _nobody_answers(played: Played, bench: Bench) -> str:
    """Why it makes no sense to go on, "" when it does. A receiver of ours is started again."""
    name, history = played.scenario.name, played.history
    if bench.process is not None:
        return ""
    if any(control.unanswered for control in history.controls):
        return f"not tried: the receiver gave no answer to a clean event in {name}"
    if history.alive is not None and history.alive.failure:
        return f"not tried: the receiver stopped answering in {name}, and there is no --receiver-cmd to start it again"
    return ""
