"""Scenarios' results as they were played and judged, with doubts about the observer, and the types that are booked.

    scenarios, in their order --> an effect of a type is missing that was never booked so far?
        no                            it goes out as it is
        yes                           it is kept back, and all after it, until the type is booked or the run ends
    end of the run --> booked types, acknowledged ones --> what was kept back, without what nobody owes

A type is acknowledged only if every event of it was acknowledged and none has an effect. The commonest receiver books a
few types and acknowledges the rest, so if at most half of all types are booked, the others are judged by their answers
alone. If more are booked, the receiver may lose a type: that is unknown until the user names the types that are meant.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

from frontsim.masking import CommandLine
from frontsim.report.exchange import Exchange
from frontsim.report.model import ComparedColumn
from frontsim.verdicts import MUST, Contract, Verdict, overall
from frontsim.verification.compare.contents import columns_of
from frontsim.verification.effects.classes import GOOD, LASTING, Class
from frontsim.verification.effects.correlate import correlate
from frontsim.verification.effects.history import EventFact, Expect, History, Strangers
from frontsim.verification.judge.checks import Finding, Judgement, judge, judge_by, without, without_guesses
from frontsim.verification.judge.fingerprint import Fingerprint
from frontsim.verification.judge.rules import Evidence
from frontsim.verification.play.log import Accused
from frontsim.verification.play.runner import LastLook
from frontsim.verification.scenario.scenario import Scenario
from frontsim.verification.scenario.selection import Selection
from frontsim.verification.scenario.steps import EVENTFUL
from frontsim.wording import counted, in_a_row, is_or_are


@dataclass(frozen=True, slots=True)
class NotPlayed:
    """Why a scenario was not played that could have been. `budget_s`: the budget that was used up, 0 if none was."""

    reason: str
    budget_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Played:
    """A scenario with what happened in it and what that means. `not_played` is None where it was or could not be."""

    scenario: Scenario
    history: History
    judgement: Judgement
    exchanges: Mapping[str, Exchange] = field(default_factory=dict)
    """The requests and answers of accused events, by webhookEventId."""
    not_played: NotPlayed | None = None


@dataclass(frozen=True, slots=True)
class EventTypes:
    """The types that were booked and those that were only acknowledged, in the catalogue's order.

    `unknown`: why the others prove nothing, a sentence; "" where they are judged by their answers alone.
    """

    booked: Sequence[str] = ()
    acknowledged_only: Sequence[str] = ()
    unknown: str = ""

    @property
    def sentence(self) -> str:
        """The types that are only acknowledged, and what to do about them; "" without any."""
        number = len(self.acknowledged_only)
        if not number:
            return ""
        which = f"{counted(number, 'type is', 'types are')} acknowledged and never booked"
        return self.unknown or f"{which}: --events all demands {'it' if number == 1 else 'them'}"


def play_again(scenario: str) -> CommandLine:
    """The command that plays one scenario with the options of `frontsim.toml`."""
    return CommandLine(("frontsim", "verify", "--scenario", scenario))


@dataclass(frozen=True, slots=True)
class Report:
    """A run as far as it got. `replay` makes the command line that repeats one scenario.

    `version` is frontsim's, `started_at` an ISO moment with its zone; both are "" where they are not known.
    `left_out` has the types that `--events auto` left out, each with the receiver's answer. `types` says which of the
    others were booked, and which only acknowledged.
    `key` says by which key effects were found to be tied to events, "" where the user's was used; `observe_key` is the
    key, and `shape` that of deliveries.
    `reading` says what looks at many effects have cost. `keys` says what the receiver's key is; None where that was not
    probed.
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
    types: EventTypes = field(default_factory=EventTypes)
    key: str = ""
    reading: str = ""
    observe_key: str = ""
    shape: str = ""
    keys: Fingerprint | None = None
    replay: Callable[[str], CommandLine] = play_again

    @property
    def columns(self) -> tuple[ComparedColumn, ...]:
        """The columns of effects that hold a field of the payload, or look like one, over the whole run."""
        return columns_of(each.history for each in self.played)

    @property
    def unaccounted(self) -> int | None:
        """How many effects are of no event that any frontsim sent; None where none were read."""
        if not any(each.history.observer for each in self.played):
            return None
        return sum(each.history.strangers.number for each in self.played if each.history.strangers)

    @property
    def verdict(self) -> Verdict:
        """Of an interrupted run *violated* only for what no later look could have undone."""
        found = overall([each.judgement.verdict for each in self.played], strict=self.strict)
        if found is Verdict.VERIFIED and self.strict and any(each.is_open for each in self.columns):
            return Verdict.UNKNOWN
        if not self.interrupted or (found is Verdict.VIOLATED and self._lasts):
            return found
        return Verdict.UNKNOWN

    @property
    def _lasts(self) -> bool:
        must = {clause.id for clause in self.contract if clause.severity == MUST}
        findings = (finding for played in self.played for finding in played.judgement.findings)
        return any(each.class_ in LASTING and each.clause in must for each in findings)


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
    history = last_look.with_samples(history)
    evidence = Evidence(history, correlate(history, history.final), change=last_look.settled.change)
    judgement = judge_by(evidence, contract)
    if not judgement.missing:
        return _unless_unseen(judgement, last_look)
    doubt = last_look.doubt(history, judgement.missing, killed_since=killed_since, is_last=is_last)
    return judge_by(replace(evidence, doubt=doubt), contract) if doubt else judgement


def _unless_unseen(judgement: Judgement, last_look: LastLook) -> Judgement:
    """Not verified if a second effect may be there unseen.

    The look failed that would have shown what came late, or the observer does not show all in each look.
    """
    if judgement.verdict is not Verdict.VERIFIED:
        return judgement
    failure = last_look.settled.failure
    failed = f"all effects were there once, but the look that would show more of them failed: {failure}"
    reason = failed if failure else last_look.unsteadiness()
    return replace(judgement, verdict=Verdict.UNKNOWN, reason=reason) if reason else judgement


def accused_by(findings: Iterable[Finding]) -> Accused:
    """Finds the first accusation of each event."""
    return {each.webhook_event_id: (each.class_, each.detail) for each in reversed(tuple(findings))}


def weighed(played: Played) -> Played:
    """Findings that depend on our guess alone are warnings, and effects of no event may be bookings of one."""
    guesses = {each: exchange.provenance for each, exchange in played.exchanges.items() if exchange.is_guess}
    judgement = without_guesses(played.judgement, guesses) if guesses else played.judgement
    return replace(played, judgement=_with_strangers(judgement, played.history.strangers))


def with_end(played: Played, strangers: Strangers | None, found: Sequence[Finding], unknown: str) -> Played:
    """The last scenario with what the whole run shows only at its end, also of others.

    Args:
        played: the last scenario.
        strangers: the effects of the run that are of no event.
        found: findings of what came after the last look at a scenario.
        unknown: why something of the run is unknown, "" when nothing is.
    """
    judgement = played.judgement
    findings, reason = (*judgement.findings, *found), judgement.reason or unknown
    if found or (unknown and judgement.verdict is Verdict.VERIFIED):
        verdict = Verdict.VIOLATED if findings else Verdict.UNKNOWN
        judgement = replace(judgement, verdict=verdict, findings=findings, reason=reason)
    return replace(played, history=replace(played.history, strangers=strangers), judgement=judgement)


def _with_strangers(judgement: Judgement, strangers: Strangers | None) -> Judgement:
    if strangers is None:
        return judgement
    judgement = replace(judgement, notes=(*judgement.notes, *strangers.notes))
    if not strangers.come_with_events:
        return judgement
    verdict = Verdict.VIOLATED if judgement.verdict is Verdict.VIOLATED else Verdict.UNKNOWN
    return replace(judgement, verdict=verdict, reason=judgement.reason or str(strangers))


UNBOOKED = (Class.LOST_AFTER_ACK, Class.BURNED)
"""The classes of an acknowledged event whose effect is missing."""


def acknowledged(played: Played) -> Iterator[tuple[EventFact, bool]]:
    """The acknowledged events of which it was seen whether they are booked, and whether they are.

    Those in whose place a newer state is shown are left out, and those that a right receiver need not book.
    """
    effects, classes = played.judgement.effects, played.judgement.classes
    for event in played.history.events:
        number = effects.get(event.webhook_event_id)
        is_well = classes.get(event.webhook_event_id) in GOOD
        if number is None or not event.acknowledged or event.expect is Expect.EITHER or (not number and is_well):
            continue
        yield event, bool(number)


def missing_event(played: Played, finding: Finding) -> EventFact | None:
    """The event whose effect is missing: the finding's, or for an older state that counts the newest of its series."""
    events = {event.webhook_event_id: event for event in played.history.events}
    event = events.get(finding.webhook_event_id)
    if finding.class_ in UNBOOKED or event is None:
        return event
    if finding.class_ is not Class.STALE or not event.series:
        return None
    newest = max((each for each in events.values() if each.series == event.series), key=lambda each: each.rank)
    return newest if newest.webhook_event_id in played.judgement.missing else None


class TypesOfRun:
    """Learns from the scenarios of a run which types are booked, and keeps back those whose verdict depends on it.

    Args:
        selection: the types of the run.
        booked: those of which the clean round has shown an effect.
        probed: those of which the clean round has sent an event.
        demands_each: the user has named the types, so each must be booked.
        strict: a type that is only acknowledged leaves the run unknown.
    """

    def __init__(
        self,
        selection: Selection,
        *,
        booked: AbstractSet[str] = frozenset(),
        probed: Iterable[str] = (),
        demands_each: bool,
        strict: bool = False,
    ) -> None:
        self._selection = selection
        self._chosen = selection.types("all")
        self._booked = set(booked)
        self._seen = {*booked, *probed}
        self._acknowledged: set[str] = set()
        self._refused: set[str] = set()
        self._demands_each = demands_each
        self._is_strict = strict
        self._kept: list[Played] = []

    def take(self, played: Played) -> Iterator[Played]:
        """Take in a scenario; gives those whose verdict is known now, in their order."""
        self._note(played)
        self._kept.append(played)
        while self._kept and not self._is_open(self._kept[0]):
            yield self._kept.pop(0)

    def end(self, booked: AbstractSet[str], *, interrupted: bool = False) -> tuple[EventTypes, list[Played]]:
        """Return the types as they are known at the end, and judge by them the scenarios that were kept back.

        Args:
            booked: the types of which the clean round shows an effect now.
            interrupted: the run has ended early, so that what is missing may still have come.
        """
        self._booked |= booked
        found = self._found(interrupted=interrupted)
        kept, self._kept = self._kept, []
        return found, [self._judged(each, found) for each in kept]

    def _note(self, played: Played) -> None:
        if played.history.why_not_judged:
            return
        for event in played.history.events:
            if not event.acknowledged and event.expect is not Expect.EITHER:
                self._refused.add(event.event)
        for event, is_booked in acknowledged(played):
            (self._booked if is_booked else self._acknowledged).add(event.event)
        self._seen |= self._booked | self._acknowledged | self._refused

    @property
    def _only(self) -> frozenset[str]:
        """The types that are only acknowledged so far."""
        return frozenset() if self._demands_each else frozenset(self._acknowledged - self._booked - self._refused)

    def _is_open(self, played: Played) -> bool:
        return bool(_of(self._only, played))

    def _found(self, *, interrupted: bool) -> EventTypes:
        only = [each for each in self._chosen if each in self._only]
        booked = [each for each in self._chosen if each in self._booked]
        # a type of which nothing was sent may be booked
        most = len(booked) + sum(each not in self._seen for each in self._chosen)
        which, unknown = f"{named(only)} {is_or_are(len(only))}", ""
        if only and interrupted:
            unknown = f"interrupted before it was known whether {which} booked"
        elif only and (self._is_strict or not booked or 2 * most > len(self._chosen)):
            unknown = f"{which} acknowledged and never booked: name what is meant with --events TYPE,... or all"
        return EventTypes(booked, only, unknown)

    def _judged(self, played: Played, found: EventTypes) -> Played:
        only = frozenset(found.acknowledged_only)
        judgement = without(played.judgement, _of(only, played), unknown=found.unknown)
        raised = [self._selection.types(each.events) for each in played.scenario.steps if isinstance(each, EVENTFUL)]
        types = dict.fromkeys(event for events in raised for event in events)
        if judgement.verdict in (Verdict.VERIFIED, Verdict.SKIPPED) and types and only.issuperset(types):
            which = f"{named(list(types))} {is_or_are(len(types))}"
            reason = f"{which} acknowledged and never booked; --events all demands each type"
            judgement = replace(judgement, verdict=Verdict.SKIPPED, reason=reason)
        return replace(played, judgement=judgement)


def _of(types: AbstractSet[str], played: Played) -> list[Finding]:
    """The findings that say that an effect of one of these types is missing."""
    missing = ((each, missing_event(played, each)) for each in played.judgement.findings) if types else ()
    return [finding for finding, event in missing if event and event.event in types]


_NAMED = 3


def named(names: Sequence[str]) -> str:
    """The first names in a row, and how many more there are."""
    return in_a_row(names, most=_NAMED)
