"""A whole run: a first pass over the scenarios, then a last look at those where effects are missing."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from threading import Lock

from frontsim.clauses import Contract
from frontsim.verdicts import Verdict, overall
from frontsim.verification.early_stop import blindness, reason_to_stop
from frontsim.verification.facts.correlate import correlate
from frontsim.verification.facts.exchange import Exchange
from frontsim.verification.facts.fingerprint import Fingerprint
from frontsim.verification.facts.history import Column, ColumnCount, ContentCheck, History
from frontsim.verification.judge.checks import Finding, Judgement, judge, without_guesses
from frontsim.verification.observe.settle import ReceiverLatency
from frontsim.verification.play.harness import Harness
from frontsim.verification.play.last_look import LastLook
from frontsim.verification.play.log.exchanges import Accused, ExchangeSource, read_exchanges
from frontsim.verification.play.probes.key_probe import KeyProbe
from frontsim.verification.play.rest_of_run import RestOfRun
from frontsim.verification.play.runner import play, skip_reason
from frontsim.verification.scenario.scenario import Scenario
from frontsim.verification.schedule import Pace, Schedule

_SLOW_MS = 150
"""A receiver that takes so long for an answer gets one scenario at a time: more would only make it slower."""
_LATE_S = 1.5
"""A receiver that books so long after its answer, as a batch does, keeps scenarios waiting: more of them may wait."""
_INTERRUPTED = "interrupted before the effects that are missing had been waited for long enough"


@dataclass(frozen=True, slots=True)
class Played:
    """A scenario with what happened in it and what that means."""

    scenario: Scenario
    history: History
    judgement: Judgement
    exchanges: Mapping[str, Exchange] = field(default_factory=dict)
    """What was sent and answered, for accused events, by webhookEventId."""


@dataclass(frozen=True, slots=True)
class Report:
    """A run as far as it got. `replay` makes the command line that repeats one scenario.

    `version` is frontsim's, `started_at` an ISO moment with its zone; both are "" where they are not known.
    `left_out` has the types that `--events auto` left out, each with the receiver's answer.
    `keys` says what the receiver's key is; None where that was not probed.
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
    left_out: Mapping[str, str] = field(default_factory=dict)
    keys: Fingerprint | None = None
    replay: Callable[[str], str] = field(default=lambda name: f"frontsim verify --scenario {name}")

    @property
    def columns(self) -> Mapping[Column, ColumnCount]:
        """The columns of effects that were compared with the payload, over the whole run."""
        found: dict[Column, ColumnCount] = {}
        for played in self.played:
            for column, count in played.history.columns.items():
                found[column] = max(found.get(column, count), count, key=lambda each: each.compared)
        return found

    @property
    def verdict(self) -> Verdict:
        """On the receiver."""
        found = overall([each.judgement.verdict for each in self.played], strict=self.strict)
        return Verdict.UNKNOWN if self.interrupted and found is Verdict.VERIFIED else found


OpenHarness = Callable[[Scenario], AbstractContextManager[Harness]]
"""Gives the harness for a scenario, with a simulator of its own: a replay of the scenario alone then sends the same
payloads and breaks the same deliveries. Ids, and the times of clean events, differ from run to run."""


@dataclass(frozen=True, slots=True)
class _FirstPass:
    """A scenario with its first judgement. `last_look` is None where a last look cannot change that."""

    played: Played
    last_look: LastLook | None = None

    @property
    def is_due(self) -> bool:
        """Whether the last look need not be put off."""
        return self.last_look is None or self.last_look.is_due(self.played.history)


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
    waiting: list[_FirstPass] = []
    first_passes = _FirstPasses(list(scenarios), open_harness, contract, pace or Pace(), key_probe)
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


def judge_recorded(
    history: History,
    contract: Contract,
    last_look: LastLook | None,
    *,
    killed_since: bool = False,
    is_last: bool = False,
) -> Judgement:
    """The judgement on a history, which doubts what is missing where the observer itself may be at fault.

    Args:
        history: what happened.
        contract: the clauses to judge by.
        last_look: can tell whether to doubt the observer; None where the effects were not read.
        killed_since: the receiver was killed afterwards, so it may itself have lost what is gone.
        is_last: no further look follows.
    """
    if last_look is None:
        return judge(history, contract)
    change = last_look.settled.change
    judgement = judge(history, contract, change=change)
    if not judgement.missing:
        return judgement
    doubt = last_look.doubt(history, judgement.missing, killed_since=killed_since, is_last=is_last)
    return judge(history, contract, doubt=doubt, change=change) if doubt else judgement


def seed_of(seed: int, scenario: str) -> int:
    """The seed of one scenario's simulator: no two scenarios of a run share ids, and each repeats alone."""
    return int.from_bytes(blake2b(f"{seed}/{scenario}".encode(), digest_size=8).digest(), "big") >> 2


class _FirstPasses:
    """Plays each scenario and judges it by what is seen at once, until nothing more would be known."""

    def __init__(
        self,
        scenarios: Sequence[Scenario],
        open_harness: OpenHarness,
        contract: Contract,
        pace: Pace,
        key_probe: KeyProbe | None,
    ) -> None:
        self._open_harness = open_harness
        self._contract = contract
        self._pace = pace
        self._schedule = Schedule(scenarios, pace)
        self._key_probe = key_probe
        self._lock = Lock()
        self._stop_reason = ""
        self._blind_before: str | None = None
        self._receiver = ReceiverLatency()
        self._answer_ms = 0.0

    def play(self) -> Iterator[_FirstPass]:
        """All scenarios, in their order. Also those that are not played, with the reason."""
        return self._schedule.play(self._one, jobs=self._jobs)

    def _jobs(self) -> int:
        """How many scenarios to play at once, by what the first has shown."""
        if self._answer_ms > _SLOW_MS:
            return 1
        return self._pace.jobs_that_wait if self._receiver.longest_s > _LATE_S else self._pace.jobs

    def _one(self, scenario: Scenario, /, *, is_alone: bool, rest: RestOfRun) -> _FirstPass:
        if self._stop_reason:
            return _FirstPass(_not_judged(scenario, Verdict.UNKNOWN, self._stop_reason))
        with self._open_harness(scenario) as opened:
            pause = self._schedule.pause(opened.pause)
            harness = replace(opened, is_alone=is_alone, pause=pause, rest_of_run=rest)
            self._receiver = harness.latency
            reason = skip_reason(scenario, harness)
            reserve_s = harness.limits.last_s if self._receiver.leaves_rest else 0.0
            if not reason and self._schedule.is_over(reserve_s=reserve_s):
                reason = f"not played: the budget of {self._pace.budget_s:g} s was used up before it (--budget)"
            if reason:
                return _FirstPass(_not_judged(scenario, Verdict.SKIPPED, reason))
            recording = play(scenario, harness)
            if recording.skipped:
                return _FirstPass(_not_judged(scenario, Verdict.SKIPPED, recording.skipped))
            recording = replace(recording, history=_with_columns(recording.history, harness))
            judgement = judge_recorded(recording.history, self._contract, recording.last_look)
            exchanges = read_exchanges(_exchange_source(harness), recording.history, accused_by(judgement.findings))
            if self._key_probe and _answered_well(recording.history):
                self._key_probe.send(harness, answer_ms=_answer_ms(recording.history))
        with self._lock:
            self._note(recording.history, judgement, can_restart=harness.process is not None)
        played = Played(scenario, recording.history, judgement, exchanges)
        return _FirstPass(played, recording.last_look if judgement.missing else None)

    def _note(self, history: History, judgement: Judgement, *, can_restart: bool) -> None:
        """Remember what tells whether to go on, and how many scenarios at once."""
        blind = blindness(history, judgement.verdict)
        reason = reason_to_stop(history, blind=blind, blind_before=self._blind_before, can_restart=can_restart)
        self._stop_reason = self._stop_reason or reason
        self._blind_before = blind
        self._answer_ms = self._answer_ms or _answer_ms(history)
        if judgement.missing or self._receiver.longest_s > _LATE_S:
            self._receiver.leaves_rest = True


def _answer_ms(history: History) -> float:
    """How long the receiver takes to acknowledge an event at least; 0 without one.

    The least tells a slow receiver from one on a machine that is busy now.
    """
    return min((run.duration_ms for event in history.events for run in event.runs if run.acknowledged), default=0)


def _answered_well(history: History) -> bool:
    """Whether the receiver is alive and its effects can be read, so that it can be probed."""
    return bool(history.final and history.liveness and not history.liveness.failure)


def accused_by(findings: Iterable[Finding]) -> Accused:
    """What each event is accused of first."""
    return {each.webhook_event_id: (each.class_, each.detail) for each in reversed(tuple(findings))}


def _exchange_source(harness: Harness) -> ExchangeSource:
    return ExchangeSource(harness.sim, harness.selection, harness.pool.map, harness.payloads, harness.is_strict)


def _with_columns(history: History, harness: Harness) -> History:
    """The history with the columns of its effects that are known by now to hold a field of the payload."""
    if history.check_content is not ContentCheck.KNOWN or history.final is None or history.why_not_judged:
        return history
    return replace(history, columns=harness.columns.learn(correlate(history, history.final).groups))


def _not_judged(scenario: Scenario, verdict: Verdict, reason: str) -> Played:
    trouble = "" if verdict is Verdict.SKIPPED else reason
    return Played(scenario, History(scenario.name, trouble=trouble), Judgement(verdict, reason))


def _noted(played: Played, key_probe: KeyProbe | None) -> Played:
    if key_probe:
        key_probe.note_memory(played.history, played.judgement.effects)
    return played


def _last_look(waiting: list[_FirstPass], contract: Contract) -> Played:
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


def weighed(played: Played) -> Played:
    """Findings that hang on a guess of ours alone are warnings."""
    guesses = {each: exchange.provenance for each, exchange in played.exchanges.items() if exchange.is_guess}
    return replace(played, judgement=without_guesses(played.judgement, guesses)) if guesses else played


def _without_last_look(first: _FirstPass, contract: Contract) -> Played:
    """The judgement of an interrupted run: what is missing is no loss yet."""
    if first.last_look is None:
        return first.played
    return replace(first.played, judgement=judge(first.played.history, contract, doubt=_INTERRUPTED))
