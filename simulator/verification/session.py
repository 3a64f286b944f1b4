"""A whole run: one scenario after another, each judged as soon as it is played."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from hashlib import blake2b
from math import ceil

from simulator.verification.bench import Bench
from simulator.verification.checks import Judgement, Verdict, absent, judge, overall
from simulator.verification.clauses import Contract
from simulator.verification.controls import ACKNOWLEDGED, ANSWERS, SEEN, SEEN_ONCE
from simulator.verification.history import History
from simulator.verification.observers import ObserverFailed
from simulator.verification.runner import Recording, play, skip_reason
from simulator.verification.scenario import Scenario

logger = logging.getLogger(__name__)


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
"""Gives the bench for a scenario: its own simulator, so that a replay of it alone sends the same payloads and
breaks the same deliveries. The ids, and the times of the clean events, are of each run alone."""


def play_all(scenarios: Iterable[Scenario], open_bench: OpenBench, contract: Contract) -> Iterator[Played]:
    """Play and judge each scenario.

    Where effects are missing it is judged only after another look, which is taken when the next one has been played, or
    after some time at the end of the run: a slow worker is not a loss. When a scenario shows that nobody answers any
    more, or two in a row that effects cannot be seen or never rest, those after it are not tried: they are unknown for
    that reason.
    """
    waiting: list[_Tried] = []
    stop = _Stop()
    try:
        for scenario in scenarios:
            if stop.reason:
                waiting.append(_without_trying(scenario, stop.reason))
                continue
            with open_bench(scenario) as bench:
                tried = _try(scenario, bench, contract)
            if tried.recording is not None:
                yield from _looked_at_again(waiting, contract)
                stop.consider(tried.played, has_process=bench.process is not None)
            waiting.append(tried)
            if not any(each.missing for each in waiting):
                yield from _looked_at_again(waiting, contract)
        for each in waiting:
            each.wait()
    except KeyboardInterrupt:
        yield from _looked_at_again(waiting, contract)
        raise
    yield from _looked_at_again(waiting, contract)


def seed_of(seed: int, scenario: str) -> int:
    """The seed of one scenario's simulator: no two scenarios of a run share ids, and each repeats alone."""
    return int.from_bytes(blake2b(f"{seed}/{scenario}".encode(), digest_size=8).digest(), "big") >> 2


@dataclass(frozen=True, slots=True)
class _Tried:
    """A scenario as it was judged first; `recording` is None when it was not played."""

    played: Played
    recording: Recording | None = None
    bench: Bench | None = None

    @property
    def missing(self) -> frozenset[str]:
        """The events that it accuses the receiver of, because no effect of them was seen."""
        return absent(self.played.judgement)

    def wait(self) -> None:
        """Let as much time pass for missing effects as they were given already."""
        if self.missing and self.recording and self.bench:
            self.bench.pause(max(0.0, self.bench.patience.missing_s - self.recording.age_s))

    def judged_again(self, contract: Contract) -> Played:
        """With the doubt that another look casts on what was missing."""
        doubt = self._doubt() if self.missing else ""
        if not doubt or self.recording is None:
            return self.played
        history = self.recording.history
        return Played(self.played.scenario, history, judge(history, contract, doubt=doubt))

    def _doubt(self) -> str:
        recording, bench = self.recording, self.bench
        if recording is None or bench is None:
            return ""
        try:
            booked = recording.booked_since(self.missing)
        except ObserverFailed as error:
            logger.info("no other look at the effects of %s: %s", self.played.scenario.name, error)
            return ""
        if not booked:
            return ""
        late_s = recording.age_s
        waited_s = bench.patience.missing_s
        bench.pace.note(waited_s)  # it took at least so long
        return (
            f"{booked} of {len(self.missing)} missing effects turned up after all, booked up to {late_s:.1f} s late; "
            f"use --settle {ceil((waited_s + late_s) / 10)} or more"
        )


def _try(scenario: Scenario, bench: Bench, contract: Contract) -> _Tried:
    """Play and judge one scenario, or say why it is skipped."""
    reason = skip_reason(scenario, bench)
    if reason:
        return _Tried(Played(scenario, History(scenario.name), Judgement(Verdict.SKIPPED, reason)))
    recording = play(scenario, bench)
    history = recording.history
    judgement = judge(history, contract, change=recording.change)
    if missing := absent(judgement):
        doubt = _shows_less(recording, missing)
        judgement = judge(history, contract, doubt=doubt, change=recording.change)
    return _Tried(Played(scenario, history, judgement), recording, bench)


def _shows_less(recording: Recording, missing: frozenset[str]) -> str:
    """Why the observer, and not the receiver, may be at fault; "" when it still shows all that it has shown."""
    try:
        gone = recording.not_shown_any_more(missing)
    except ObserverFailed as error:
        return str(error)
    records = "1 record" if gone == 1 else f"{gone} records"
    return f"the observer no longer shows {records} that it showed before; it must show all" if gone else ""


def _looked_at_again(waiting: list[_Tried], contract: Contract) -> Iterator[Played]:
    while waiting:
        yield waiting.pop(0).judged_again(contract)


def _without_trying(scenario: Scenario, reason: str) -> _Tried:
    return _Tried(Played(scenario, History(scenario.name, trouble=reason), Judgement(Verdict.UNKNOWN, reason)))


_NO_REST = "no rest"
_BLIND = {
    ANSWERS: "the observer did not answer",
    SEEN: "the observer did not show a clean event",
    SEEN_ONCE: "the observer showed a clean event more than once",
    _NO_REST: "the effects did not come to rest",
}
"""What keeps effects from being judged, in words."""


@dataclass(slots=True)
class _Stop:
    """Why it makes no sense to go on: `reason` is "" as long as it does."""

    reason: str = ""
    _before: str | None = None

    def consider(self, played: Played, *, has_process: bool) -> None:
        """Take in one more scenario that was played."""
        is_first, blind = self._before is None, _blind(played)
        if (blind and blind == self._before) or (blind == SEEN and is_first):
            self.reason = f"not tried: {_BLIND[blind]} in {played.scenario.name}"
        self._before = blind
        if not has_process:
            self.reason = _nobody_answers(played) or self.reason


def _blind(played: Played) -> str:
    """What kept the effects from being judged, "" when they were."""
    history = played.history
    if played.judgement.verdict is not Verdict.UNKNOWN:
        return ""
    failed = [control.name for control in history.controls if control.failure and control.name != ACKNOWLEDGED]
    if failed:
        return failed[0]
    if history.observer_failure:
        return ANSWERS
    return _NO_REST if not history.settled else ""


def _nobody_answers(played: Played) -> str:
    """Why nothing more is to be had from a receiver that is not ours to start again."""
    name, history = played.scenario.name, played.history
    if any(control.unanswered for control in history.controls):
        return f"not tried: the receiver gave no answer to a clean event in {name}"
    if history.alive is not None and history.alive.failure:
        return f"not tried: the receiver stopped answering in {name}, and there is no --receiver-cmd to start it again"
    return ""
