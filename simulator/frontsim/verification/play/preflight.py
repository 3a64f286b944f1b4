"""A clean event is acknowledged and seen exactly once, or the verdict is unknown.

Several clean events of different types are sent at once, and one of them is enough: the others are then judged as all
events are. So a receiver that drops every fifth event, or all of one type, is found out and not left *unknown*.

Also the liveness check at the end: a clean event after everything that was broken. How a clean event gets to the
receiver is the caller's choice: `CleanEventSender`.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import cycle, islice
from typing import Protocol

from frontsim.client.models import EventEntry
from frontsim.clock import overload, stopwatch
from frontsim.domain.model import Outcome
from frontsim.masking import printable
from frontsim.verification import patience
from frontsim.verification.effects.changes import Effects
from frontsim.verification.effects.correlate import BUSINESS, correlate, effects_of
from frontsim.verification.effects.history import EventFact, History, Liveness, Observation, PreflightCheck
from frontsim.verification.effects.observers import ObserverFailed
from frontsim.verification.effects.settle import EffectReader
from frontsim.verification.play.log import outcome_of, sent_payload
from frontsim.verification.play.scenario_state import ScenarioState, TrackedEvent, raise_clean
from frontsim.wording import counted, in_a_row, times


def sent_in_words(facts: Sequence[EventFact]) -> str:
    """Words the clean events that were sent, as the subject of a sentence."""
    names = list(dict.fromkeys(fact.event for fact in facts))
    return f"a clean {in_a_row(names)} {'was' if len(names) == 1 else 'were'}"


def shown_instead(effects: EffectReader, fact: EventFact) -> str:
    """Shows what the observer does have, so that the user finds a wrong key at once."""
    wanted = f"{effects.key} {fact.webhook_event_id}"
    if effects.key == BUSINESS and fact.entity:
        wanted = f"{fact.entity.path} {fact.entity.value}"
    try:
        now = effects.read_all()
    except ObserverFailed as error:
        return str(error)
    if not now:
        return f"it shows no effects at all (looked for {wanted})"
    last = now[-1].value
    if now[-1].key is not None and effects.key != BUSINESS:
        return (
            f"it shows {counted(len(now), 'effect')}, the last with {effects.key} {now[-1].key}; looked for {wanted}: "
            "does the receiver take new events for repeats?"
        )
    shape = f"the fields {', '.join(sorted(map(str, last)))}" if isinstance(last, dict) else f"{last!r}"
    return f"it shows {counted(len(now), 'effect')}, the last with {shape}; looked for {wanted} (--observe-key)"


ANSWERS = "the observer answers"
ACKNOWLEDGED = "a clean event is acknowledged"
SEEN = "a clean event is seen"
SEEN_ONCE = "a clean event is seen only once"
"""Names of the checks, in their order."""

_TRIES = 2
_RESENDS = 5
_TRY_LATER = (429, 502, 503, 504)
FAILURE = 500
"""The least status that says that the receiver, and not the request, is at fault."""


@dataclass(frozen=True, slots=True)
class CleanEvent:
    """A clean event after its newest run.

    Attributes:
        sent_s: when that run began, by the stopwatch.
        outcome: how far the run got.
        result: the outcome in the log's words.
        said: the beginning of the answer's body, where it is a refusal.
    """

    webhook_event_id: str
    event: str
    sent_s: float
    outcome: Outcome
    status_code: int | None
    result: str
    said: str = ""

    @property
    def acknowledged(self) -> bool:
        return self.status_code is not None and 200 <= self.status_code < 300


@dataclass(slots=True)
class _Asking:
    """Asks a receiver that gives no answer, and knows for how long it has done so."""

    longest_s: float
    began_s: float
    pause: Callable[[float], None]
    paused_s: float = 0.0

    def wait(self, gap_s: float) -> None:
        self.pause(gap_s)
        self.paused_s += gap_s

    def is_over(self, sent: CleanEvent) -> bool:
        return patience.is_silent_for_good(
            self.longest_s,
            listens=sent.outcome is not Outcome.NOT_SENT,
            spent_s=stopwatch() - self.began_s,
            paused_s=self.paused_s,
            is_starved=bool(overload()),
        )


class CleanEventSender(Protocol):
    """Raises clean events and sees each delivered before it returns. Every method may raise CallError."""

    def send(self, number: int) -> Sequence[CleanEvent]:
        """Raise new events, of different types if it has several, and have them delivered."""

    def resend(self, sent: CleanEvent) -> CleanEvent:
        """Have an event delivered again."""

    def facts(self, sent: CleanEvent) -> Sequence[EventFact]:
        """The event as effects are matched with it, and those by which other webhooks report the same.

        A table of newest states shows one of these alone.
        """


@dataclass(frozen=True, slots=True)
class PreflightResult:
    """The outcome of the preflight.

    Attributes:
        check: the one that failed, or the last that passed.
        webhook_event_id: the event that was seen, or that was sent last.
        latency_s: seconds from that event's delivery to its effect, or to its answer where effects are not read; None
            when the check failed.
    """

    check: PreflightCheck
    webhook_event_id: str = ""
    latency_s: float | None = None


@dataclass(slots=True, eq=False)
class Preflight:
    """The checks before and after a test, with what they need.

    Attributes:
        sender: sends clean events.
        effects: reads effects; None when the user gave no way.
        receiver: the receiver's URL, for messages.
        pause: waits so many seconds.
        answer_s: how long the receiver may take to answer, for messages.
        missing_s: how long to wait for the effect of a clean event.
        longest_s: how long to wait at the last try, while nothing is wrong yet.
        is_alone: no other scenario's effects appear meanwhile.
        at_once: how many clean events one try sends.
        has_taken: the receiver took clean events in the run before: it may come back if it fails now.
        most_effects: how many effects a clean event may have: one for each webhook.
    """

    sender: CleanEventSender
    effects: EffectReader | None
    receiver: str
    pause: Callable[[float], None]
    answer_s: float
    missing_s: float
    longest_s: float
    most_effects: int = 1
    is_alone: bool = True
    at_once: int = 1
    has_taken: bool = False

    def run(self) -> PreflightResult:
        """Send clean events until one was acknowledged and seen once, or the tries are used up. Raises CallError."""
        tried: list[EventFact] = []
        found = [self._try(tried, longest_s=0.0)]
        for number in range(1, _TRIES):
            check = found[-1].check
            if not check.failure or check.unanswered or self._is_absent(check):
                break
            found.append(self._try(tried, longest_s=self.longest_s if number == _TRIES - 1 else 0.0))
        return found[-1]

    def _is_absent(self, check: PreflightCheck) -> bool:
        """The observer stays away; one that appears with the first event may come once that is acknowledged."""
        return check.name != ACKNOWLEDGED and self.effects is not None and self.effects.is_absent

    def check_liveness(self, *, is_late: Callable[[], bool]) -> Liveness:
        """Send a clean event: any answer is a sign of life. Raises CallError.

        One at which nothing listens may be started again, so it is asked for `longest_s`. A receiver that listens and
        gives no answer may be busy with what was sent before, so it is asked until `is_late`.
        """
        asking = _Asking(self.longest_s, stopwatch(), self.pause)
        (sent,) = self.sender.send(1)
        for tries in itertools.count(1):
            if sent.status_code is not None:
                return Liveness()
            is_gone = sent.outcome is Outcome.NOT_SENT and asking.is_over(sent)
            if tries > len(patience.GAPS_S) and (is_gone or is_late()):
                break
            asking.wait(patience.gap_s(tries))
            sent = self.sender.resend(sent)
        return Liveness(f"expected an answer to a clean {sent.event}, got none in {tries} tries ({sent.result})")

    def _try(self, tried: list[EventFact], *, longest_s: float) -> PreflightResult:
        """Some clean events, from their delivery to an effect. `tried` has those of earlier tries, and gets these."""
        began_s, first, *others = stopwatch(), *self.sender.send(self.at_once)
        first = self._acknowledge(first, longest_s=longest_s)
        sent = [first, *(each if first.status_code is None else self._acknowledge(each) for each in others)]
        taken = [each for each in sent if each.acknowledged]
        if not taken:
            check = PreflightCheck(ACKNOWLEDGED, self._refusal(first), unanswered=first.status_code is None)
            return PreflightResult(check, first.webhook_event_id)
        if self.effects is None:
            return PreflightResult(PreflightCheck(ACKNOWLEDGED), taken[-1].webhook_event_id, stopwatch() - began_s)
        reports = [(fact, each.sent_s) for each in taken for fact in self.sender.facts(each)]
        facts = [fact for fact, _ in reports]
        tried += facts
        check, seen = self._see(self.effects, facts, tried, longest_s=longest_s)
        sent_s = next((sent_s for fact, sent_s in reports if fact.webhook_event_id == seen), 0.0)
        return PreflightResult(check, seen, None if check.failure else stopwatch() - sent_s)

    def _acknowledge(self, sent: CleanEvent, *, longest_s: float = 0.0) -> CleanEvent:
        """The event, resent a few times if it failed: a receiver may be busy and take the resend.

        A receiver that says that it is busy (429, 502, 503, 504) may be starting: it is asked for up to `longest_s`, as
        is one that `has_taken` events and fails now.
        One that gives no answer may have died, and its supervisor starts it again: it is asked for `self.longest_s`.
        """
        asking = _Asking(self.longest_s, sent.sent_s, self.pause)
        for number in itertools.count():
            is_busy = sent.status_code in _TRY_LATER or (self.has_taken and (sent.status_code or 0) >= FAILURE)
            may_be_starting = is_busy and stopwatch() - asking.began_s < longest_s
            may_be_restarting = sent.status_code is None and not asking.is_over(sent)
            is_silent = sent.status_code is None and number > 0 and not may_be_restarting
            may_answer = may_be_starting or may_be_restarting
            if sent.acknowledged or is_silent or (number >= _RESENDS and not may_answer):
                break
            asking.wait(patience.AGAIN_S if number < _RESENDS else patience.RESTARTING_S)
            sent = self.sender.resend(sent)
        return sent

    def _refusal(self, sent: CleanEvent) -> str:
        limit = f" within {self.answer_s:g} s (--answer-timeout)" if sent.status_code is None else ""
        said = f" ({sent.said})" if sent.said else ""
        return (
            f"preflight failed: expected {self.receiver} to answer a clean {sent.event} with a 2xx{limit}, "
            f"got {sent.result}{said}; a receiver that takes no event at all cannot be judged"
            f"{overload() if sent.status_code is None else ''}"
        )

    def _see(
        self, effects: EffectReader, facts: Sequence[EventFact], tried: Sequence[EventFact], *, longest_s: float
    ) -> tuple[PreflightCheck, str]:
        """Looks for one of some clean events, seen once; up to `longest_s` while nothing strange appears. Gives its id.

        A new effect that names no clean event is a sign that the key is wrong: more time would not help.

        An observer that has never answered gets `missing_s`: it may appear with the receiver's first event.
        """
        began_s, found, is_open, failure = stopwatch(), 0, True, ""
        history = History("preflight", tuple(facts), observer_key=effects.key)
        tries = replace(history, events=tuple(tried))
        while (spent_s := stopwatch() - began_s) < self.missing_s or (is_open and spent_s < longest_s):
            seen, failure = _look(effects, history)
            if failure and not effects.is_absent:
                break
            is_strange = self.is_alone and len(seen) > len(effects_of(tries, seen))
            is_open = not is_strange and not failure
            groups = correlate(history, Observation(0, seen)).groups
            found = max(len(group.effects) for group in groups)
            if once := [group for group in groups if 1 <= len(group.effects) <= self.most_effects]:
                return PreflightCheck(SEEN_ONCE), once[0].events[0].webhook_event_id
            self.pause(patience.LOOK_S)
        last, it = facts[-1], "it" if len({fact.event for fact in facts}) == 1 else "one"
        if failure:
            return PreflightCheck(ANSWERS, f"preflight failed: {failure}"), last.webhook_event_id
        check = PreflightCheck(
            SEEN_ONCE if found else SEEN,
            f"preflight failed: {sent_in_words(facts)} acknowledged; expected the observer ({effects.name}) to show "
            f"{it} once within {spent_s:.0f} s (--settle), got it {times(found)}; {shown_instead(effects, last)}",
        )
        return check, last.webhook_event_id


def _look(effects: EffectReader, history: History) -> tuple[Effects, str]:
    """Reads what was booked since the baseline, or why that could not be read."""
    try:
        if effects.is_absent:
            effects.take_late_baseline(history)
        return effects.read_new(), ""
    except ObserverFailed as error:
        return (), str(error)


_LONGEST = 200
"""Characters of what a receiver said."""


def preflight_of(state: ScenarioState, events: Sequence[str]) -> Preflight:
    """The checks of a scenario, with a clean event of each of these types."""
    harness = state.harness
    return Preflight(
        sender=SimulatedCleanEvents(state, events),
        effects=state.effects,
        receiver=harness.given.request.receiver,
        pause=harness.pause,
        answer_s=harness.limits.answer_s,
        missing_s=state.wait_limits.missing_s,
        longest_s=harness.limits.last_s,
        most_effects=state.scenario.webhooks,
        is_alone=harness.is_alone,
        at_once=len(events),
        has_taken=harness.given.latency.booked_sent_s > 0,
    )


class SimulatedCleanEvents:
    """Raises events of some types in turn through the simulator, which delivers them; the scenario tracks each."""

    def __init__(self, state: ScenarioState, events: Sequence[str]) -> None:
        self._state = state
        self._events = cycle(events)
        self._newest: dict[str, EventEntry] = {}
        self._reports: dict[str, Sequence[TrackedEvent]] = {}

    def send(self, number: int) -> Sequence[CleanEvent]:
        sent_s, now = stopwatch(), str(self._state.harness.sim.clock().get("now"))
        raised = [raise_clean(self._state, event, now=now) for event in islice(self._events, number)]
        self._reports |= {reports[0].webhook_event_id: reports for reports in raised}
        self._state.drain()
        return [self._result(reports[0], sent_s) for reports in raised]

    def resend(self, sent: CleanEvent) -> CleanEvent:
        tracked = self._state.tracked[sent.webhook_event_id]
        sent_s = stopwatch()
        self._state.harness.resend([(tracked.webhook_id, tracked.webhook_event_id)])
        return self._result(tracked, sent_s)

    def facts(self, sent: CleanEvent) -> Sequence[EventFact]:
        first, *_ = reports = self._reports[sent.webhook_event_id]
        entry = self._newest[sent.webhook_event_id]
        entity = self._state.harness.given.selection.entity(first.event, sent_payload(self._state, first, entry))
        return [EventFact(each.webhook_id, each.webhook_event_id, each.event, (), entity=entity) for each in reports]

    def _result(self, tracked: TrackedEvent, sent_s: float) -> CleanEvent:
        entry = self._state.harness.entry(tracked.webhook_id, tracked.webhook_event_id)
        self._newest[tracked.webhook_event_id] = entry
        clean = CleanEvent(
            tracked.webhook_event_id, tracked.event, sent_s, outcome_of(entry), entry.status_code, entry.outcome
        )
        return clean if clean.acknowledged or clean.status_code is None else replace(clean, said=self._said(clean))

    def _said(self, refused: CleanEvent) -> str:
        """Quotes the receiver's answer to the newest run, in one line."""
        runs = self._state.harness.sim.event(refused.webhook_event_id).runs
        text = printable(" ".join(runs[-1].answer.split())) if runs else ""
        return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
