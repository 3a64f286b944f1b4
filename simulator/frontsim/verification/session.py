"""A whole run: one scenario after another, each judged as soon as it is played."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from hashlib import blake2b

from frontsim.verification.facts.history import History
from frontsim.verification.judge.checks import Judgement, Verdict, judge, overall
from frontsim.verification.judge.clauses import Contract
from frontsim.verification.observe.observers import ObserverFailed
from frontsim.verification.play.harness import Harness
from frontsim.verification.play.preflight import ACKNOWLEDGED, ANSWERS, SEEN, SEEN_ONCE
from frontsim.verification.play.runner import Recording, play, skip_reason
from frontsim.verification.scenario.scenario import Scenario


@dataclass(frozen=True, slots=True)
class Played:
    """A scenario with what happened in it and what that means."""

    scenario: Scenario
    history: History
    judgement: Judgement


@dataclass(frozen=True, slots=True)
class Report:
    """A run as far as it got. `replay` makes the command line that repeats one scenario.

    `version` is frontsim's, `started_at` an ISO moment with its zone; both are "" where they are not known.
    """

    receiver: str
    seed: int
    played: Sequence[Played]
    contract: Contract
    strict: bool = False
    interrupted: bool = False
    version: str = ""
    started_at: str = ""
    duration_s: float = 0.0
    replay: Callable[[str], str] = field(default=lambda name: f"frontsim verify --scenario {name}")

    @property
    def verdict(self) -> Verdict:
        """On the receiver."""
        found = overall([each.judgement.verdict for each in self.played], strict=self.strict)
        return Verdict.UNKNOWN if self.interrupted and found is Verdict.VERIFIED else found


OpenHarness = Callable[[Scenario], AbstractContextManager[Harness]]
"""Gives the harness for a scenario: its own simulator, so that a replay of it alone sends the same payloads and
breaks the same deliveries. The ids, and the times of the clean events, are of each run alone."""


def play_all(scenarios: Iterable[Scenario], open_harness: OpenHarness, contract: Contract) -> Iterator[Played]:
    """Play and judge each scenario.

    Nobody is accused of effects that are missing before a last, patient look, for a slow worker is not a loss. All
    scenarios wait for it together: it is taken when effects have been missing for long enough, at the latest at the end
    of the run. When a scenario shows that nobody answers any more, or two in a row that effects cannot be seen or never
    rest, those after it are not tried: they are unknown for that reason.
    """
    waiting: list[_Tried] = []
    stop = _Stop()
    try:
        for scenario in scenarios:
            if stop.reason:
                waiting.append(_without_trying(scenario, stop.reason))
                continue
            with open_harness(scenario) as harness:
                tried = _try(scenario, harness, contract)
            if tried.recording is not None:
                stop.consider(tried.played, has_process=harness.process is not None)
            waiting.append(tried)
            while waiting and waiting[0].is_due:
                yield _looked_at_again(waiting, contract)
        while waiting:
            yield _looked_at_again(waiting, contract)
    except KeyboardInterrupt:
        yield from (each.judged_in_haste(contract) for each in waiting)
        raise


def seed_of(seed: int, scenario: str) -> int:
    """The seed of one scenario's simulator: no two scenarios of a run share ids, and each repeats alone."""
    return int.from_bytes(blake2b(f"{seed}/{scenario}".encode(), digest_size=8).digest(), "big") >> 2


@dataclass(frozen=True, slots=True)
class _Tried:
    """A scenario as it was judged first; `recording` is None when it was not played."""

    played: Played
    recording: Recording | None = None

    @property
    def is_due(self) -> bool:
        """Whether a verdict on it need not be waited for."""
        return not self.played.judgement.missing or self.recording is None or self.recording.is_due

    def judged_again(self, contract: Contract, *, killed_since: bool) -> Played:
        """After the last look, if effects are missing. What a kill since then may have lost is not asked for."""
        if not self.played.judgement.missing or self.recording is None:
            return self.played
        recording = self.recording.watched_on()
        judgement = _judged(recording, contract, killed_since=killed_since, is_last=True)
        late_s = recording.rest.last_change_s if recording.rest else 0.0
        if judgement.missing != self.played.judgement.missing and late_s:
            note = f"effects came late: the last of them {late_s:.1f} s after the end of the scenario"
            judgement = replace(judgement, notes=(*judgement.notes, note))
        return Played(self.played.scenario, recording.history, judgement)

    def judged_in_haste(self, contract: Contract) -> Played:
        """Without the last look: what is missing is no loss yet."""
        if not self.played.judgement.missing or self.recording is None:
            return self.played
        history = self.recording.history
        return Played(self.played.scenario, history, judge(history, contract, doubt=_CUT_SHORT))


def _try(scenario: Scenario, harness: Harness, contract: Contract) -> _Tried:
    """Play and judge one scenario, or say why it is skipped."""
    reason = skip_reason(scenario, harness)
    if reason:
        return _Tried(Played(scenario, History(scenario.name), Judgement(Verdict.SKIPPED, reason)))
    recording = play(scenario, harness)
    return _Tried(Played(scenario, recording.history, _judged(recording, contract)), recording)


def _judged(
    recording: Recording, contract: Contract, *, killed_since: bool = False, is_last: bool = False
) -> Judgement:
    """The verdict; where effects are missing, with the doubt that the observer itself casts on that."""
    history, change = recording.history, recording.change
    judgement = judge(history, contract, change=change)
    if not judgement.missing:
        return judgement
    doubt = recording.rest.failure if recording.rest else ""
    try:
        doubt = doubt or ("" if killed_since else _shows_less(recording, judgement.missing))
        doubt = doubt or (_shows_one_page(recording) if is_last else "")
    except ObserverFailed as error:
        doubt = str(error)
    return judge(history, contract, doubt=doubt, change=change)


def _shows_less(recording: Recording, missing: frozenset[str]) -> str:
    """Why the observer, and not the receiver, may be at fault; "" when it still shows all that it has shown."""
    gone = recording.not_shown_any_more(missing)
    records = "1 record" if gone == 1 else f"{gone} records"
    return f"the observer no longer shows {records} that it showed before; it must show all" if gone else ""


def _shows_one_page(recording: Recording) -> str:
    """The same; "" when its list does not look like the first page of a longer one."""
    page = recording.records_of_one_page()
    shown = f"the observer shows {page} records and none newer, as the first page of a longer list does"
    return f"{shown}; it must show all" if page else ""


def _looked_at_again(waiting: list[_Tried], contract: Contract) -> Played:
    """Judge the first of those that wait. It leaves them only then: an interruption still finds it among them."""
    killed_since = any(each.recording is not None and each.recording.history.marks for each in waiting[1:])
    judged = waiting[0].judged_again(contract, killed_since=killed_since)
    del waiting[0]
    return judged


def _without_trying(scenario: Scenario, reason: str) -> _Tried:
    return _Tried(Played(scenario, History(scenario.name, trouble=reason), Judgement(Verdict.UNKNOWN, reason)))


_CUT_SHORT = "interrupted before the effects that are missing had been waited for long enough"
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
    failed = [control.name for control in history.preflight if control.failure and control.name != ACKNOWLEDGED]
    if failed:
        return failed[0]
    if history.observer_failure:
        return ANSWERS
    return _NO_REST if not history.settled else ""


def _nobody_answers(played: Played) -> str:
    """Why nothing more is to be had from a receiver that is not ours to start again."""
    name, history = played.scenario.name, played.history
    if any(control.unanswered for control in history.preflight):
        return f"not tried: the receiver gave no answer to a clean event in {name}"
    if history.liveness is not None and history.liveness.failure:
        return f"not tried: the receiver stopped answering in {name}, and there is no --receiver-cmd to start it again"
    return ""
