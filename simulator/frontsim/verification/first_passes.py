"""The first pass over the scenarios of a run: plays each, and judges it by the effects that are there at once."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, replace
from threading import Lock

from frontsim.clock import overload
from frontsim.verdicts import LEFT_OUT, Contract, Verdict
from frontsim.verification.effects.classes import Class
from frontsim.verification.effects.history import History, Strangers
from frontsim.verification.judge.checks import Judgement
from frontsim.verification.patience import Patience
from frontsim.verification.play.harness import Given, Harness, RestOfRun
from frontsim.verification.play.key_probe import KeyProbe
from frontsim.verification.play.log import ExchangeSource, read_exchanges
from frontsim.verification.play.runner import NO_CALLS, LastLook, Recording, play
from frontsim.verification.played import NotPlayed, Played, accused_by, judge_recorded
from frontsim.verification.scenario.scenario import Scenario
from frontsim.verification.scenario.selection import Selection
from frontsim.verification.scenario.steps import KeepAway
from frontsim.verification.schedule import (
    Pace,
    Schedule,
    Volume,
    blindness,
    deliveries_per_s,
    fitted,
    reason_to_stop,
)

_SLOW_MS = 150
"""A receiver that takes so long for an answer gets one scenario at a time: more would only make it slower."""


OpenHarness = Callable[[str], AbstractContextManager[Harness]]
"""Opens the harness for a scenario by its name, with its own simulator."""


@dataclass(frozen=True, slots=True)
class FirstPass:
    """A scenario with its newest judgement.

    `last_look` reads its effects, None where nothing does. A scenario that `is_open` gets another look. With
    `lacks_something` one has shown what is missing or wrong, which may be there at the end of the run: a queue may try
    a job again after a minute. The one that `ends_run` is kept for what the whole run shows only then.
    """

    played: Played
    last_look: LastLook | None = None
    is_open: bool = False
    lacks_something: bool = False
    ends_run: bool = False

    @property
    def is_due(self) -> bool:
        """The next look need not be put off."""
        if self.ends_run or self.last_look is None or not self.is_open:
            return not self.ends_run
        return not self.lacks_something and self.last_look.is_due(self.played.history)


class FirstPasses:
    """Plays each scenario and judges it by what is seen at once, until nothing more would be known.

    It may play one batch after another: what it has learned of the receiver holds for the next.
    """

    def __init__(
        self,
        given: Given,
        open_harness: OpenHarness,
        contract: Contract,
        pace: Pace,
        key_probe: KeyProbe | None,
    ) -> None:
        self._given = given
        self._open_harness = open_harness
        self._contract = contract
        self._pace = pace
        self._schedule = Schedule((), pace, began_s=given.began_s)
        self._key_probe = key_probe
        self._lock = Lock()
        self._stop_reason = given.stop
        self._blind_before: str | None = None
        self._receiver = given.latency
        self._answer_ms = 0.0
        self._per_s = 0.0
        self._reserved_s = 0.0
        self._pause: Callable[[float], None] | None = None

    def play(self, scenarios: Sequence[Scenario], *, ends_run: bool = True) -> Iterator[FirstPass]:
        """All scenarios, in their order. Also those that are not played, with the reason.

        With `ends_run`, the last that is played is marked.
        """
        reasons = [self._given.skip_reason(each) for each in scenarios]
        playable = [each for each, reason in zip(scenarios, reasons, strict=True) if not reason]
        self._schedule = Schedule(playable, self._pace, began_s=self._given.began_s, knows_receiver=self._answer_ms > 0)
        with closing(self._schedule.play(self._one, jobs=self._jobs)) as played:
            for each, reason in zip(scenarios, reasons, strict=True):
                first = FirstPass(_not_judged(each, Verdict.SKIPPED, reason)) if reason else next(played)
                is_last = ends_run and bool(playable) and each is playable[-1]
                yield replace(first, ends_run=is_last)

    def strangers(self) -> Strangers | None:
        """The effects of the run that are of no event, None without any; nothing may be sent any more."""
        if self._given.observer is None or self._pause is None:
            return None  # no way to see any, or nothing was played
        late_s = max(self._given.request.limits.settle_s, 2 * self._receiver.longest_s)
        return self._given.observer.account.strangers(self._given.observer.read, self._pause, late_s=late_s)

    def _jobs(self) -> int:
        """How many scenarios to play at once, by what the first has shown; fewer on a machine that is overloaded.

        A receiver that calls has one address for all of them, so it would ask one's shop about another's events.
        """
        way_back = self._given.way_back
        is_led = way_back is not None and not way_back.is_fixed and way_back.calls > 0
        if self._answer_ms > _SLOW_MS or self._receiver.limits_rate or is_led:
            return 1
        one, some, many = 1, self._pace.jobs, self._pace.jobs_that_wait
        waits = self._receiver.books_late
        if overload():
            return some if waits else one
        return many if waits else some

    def _volume(self, scenario: Scenario, selection: Selection) -> Volume:
        """The scenario as a receiver that answers slowly, or limits requests, can take it; others get all of it."""
        if not (self._answer_ms > _SLOW_MS or self._receiver.limits_rate) or not self._per_s:
            return Volume(scenario)
        return fitted(
            scenario,
            per_s=self._per_s,
            number_of=lambda events: len(selection.types(events)),
            pasts_of=lambda events: sum(selection.past(event) is not None for event in selection.types(events)),
        )

    def _no_time(self, expected_s: float) -> str:
        """Why there is no time for a scenario that takes so long, about; "" when there is.

        Time is reserved for the last look, and for what waits for the end of the run.
        """
        last_s = Patience(self._given.request.limits, self._receiver).reserved_s
        if not self._schedule.is_over(reserve_s=last_s + self._reserved_s + expected_s):
            return ""
        return f"the budget of {self._pace.budget_s:g} s was used up"

    def _away_s(self, scenario: Scenario) -> float:
        """How long it keeps the dependencies away, one after another."""
        dependencies = self._given.dependencies
        if dependencies is None or not any(isinstance(step, KeepAway) for step in scenario.steps):
            return 0.0
        return len(dependencies.names) * self._given.request.limits.within(self._pace.budget_s).away_s

    def _one(self, scenario: Scenario, /, *, is_alone: bool, rest: RestOfRun) -> FirstPass:
        if self._stop_reason:
            return FirstPass(_not_tried(scenario, self._stop_reason))
        if scenario.about_calls and self._given.way_back is None:
            return FirstPass(_not_judged(scenario, Verdict.NOT_APPLICABLE, NO_CALLS))
        volume = self._volume(scenario, self._given.selection)
        if reason := self._no_time(
            volume.expected_s + self._away_s(scenario)
        ):  # before a simulator starts, which takes a while
            skipped = _not_judged(scenario, Verdict.SKIPPED, f"not played: {reason} before it (--budget)")
            return FirstPass(replace(skipped, not_played=NotPlayed(reason, self._pace.budget_s)))
        self._reserved_s += volume.end_s
        with self._open_harness(scenario.name) as opened:
            pause = self._schedule.pause(opened.pause)
            cleans_up = opened.cleans_up or (self._key_probe is not None and not self._key_probe.has_begun)
            harness = replace(
                opened,
                is_alone=is_alone,
                pause=pause,
                rest_of_run=rest,
                cleans_up=cleans_up,
                limits=opened.limits.within(self._pace.budget_s),
            )
            recording = play(volume.scenario, harness)
            self._pause = opened.pause
            harness.know(recording.history)
            if recording.not_applicable:
                return FirstPass(_not_judged(scenario, Verdict.NOT_APPLICABLE, recording.not_applicable))
            if recording.skipped:
                return FirstPass(_not_judged(scenario, Verdict.SKIPPED, recording.skipped))
            if self._key_probe and _answered_well(recording.history) and not self._schedule.is_over():
                self._key_probe.send(harness, answer_ms=_answer_ms(recording.history))
            recording = _rested(recording)
            history = replace(recording.history, volume=volume.note)
            recording = replace(recording, history=replace(history, earlier=harness.given.earlier.known()))
            judgement = judge_recorded(recording.history, self._contract, recording.last_look)
            if not any(each.class_ is Class.CORRUPT for each in judgement.findings):
                harness.given.earlier.learn(history)
            exchanges = read_exchanges(_exchange_source(harness), recording.history, accused_by(judgement.findings))
        with self._lock:
            self._note(recording.history, judgement, can_restart=harness.given.process is not None)
        played = Played(scenario, recording.history, judgement, exchanges)
        last_look = recording.last_look
        needs_it = last_look and (judgement.may_change or last_look.is_owed(recording.history))
        return FirstPass(played, last_look, is_open=bool(needs_it))

    def _note(self, history: History, judgement: Judgement, *, can_restart: bool) -> None:
        """Remember what decides whether to go on, and how many scenarios at once."""
        blind = blindness(history, judgement.verdict)
        reason = reason_to_stop(history, blind=blind, blind_before=self._blind_before, can_restart=can_restart)
        self._stop_reason = self._stop_reason or reason
        self._blind_before = blind
        self._answer_ms = self._answer_ms or _answer_ms(history)
        self._per_s = self._per_s or deliveries_per_s(history)
        if self._receiver.limits_rate and (per_s := deliveries_per_s(history, counts_pauses=True)):
            self._per_s = min(self._per_s or per_s, per_s)
        if judgement.may_change or self._receiver.books_late:
            self._receiver.leaves_rest = True
        numbers = judgement.effects
        self._given.selection.booked |= {each.event for each in history.events if numbers.get(each.webhook_event_id)}


def _rested(recording: Recording) -> Recording:
    """The recording after the quiet window, in which the key probe has sent its events: it books nothing of these."""
    if recording.last_look is None:
        return recording
    return replace(recording, history=recording.last_look.see_rest(recording.history))


def _answer_ms(history: History) -> float:
    """How long the receiver takes to acknowledge an event at least; 0 without one.

    The least tells a slow receiver from one on a machine that is busy now.
    """
    return min((run.duration_ms for event in history.events for run in event.runs if run.acknowledged), default=0)


def _answered_well(history: History) -> bool:
    """A receiver can be probed if it is alive and its effects can be read."""
    return bool(history.final and history.liveness and not history.liveness.failure)


def _exchange_source(harness: Harness) -> ExchangeSource:
    given = harness.given
    return ExchangeSource(
        harness.sim, given.selection, harness.pool.map, given.request.payloads, is_strict=given.request.strict
    )


def _not_tried(scenario: Scenario, reason: str) -> Played:
    """Records a scenario that could have been played, and would have shown nothing more."""
    return replace(_not_judged(scenario, Verdict.UNKNOWN, f"not tried: {reason}"), not_played=NotPlayed(reason))


def _not_judged(scenario: Scenario, verdict: Verdict, reason: str) -> Played:
    trouble = "" if verdict in LEFT_OUT else reason
    return Played(scenario, History(scenario.name, trouble=trouble), Judgement(verdict, reason))
