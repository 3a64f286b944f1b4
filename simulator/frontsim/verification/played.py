"""A scenario's result as it was played and judged, with doubts about the observer."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from frontsim.report.exchange import Exchange
from frontsim.report.model import ComparedColumn
from frontsim.verdicts import MUST, Contract, Verdict, overall
from frontsim.verification.compare.columns import columns_of
from frontsim.verification.effects.classes import LASTING
from frontsim.verification.effects.correlate import correlate
from frontsim.verification.effects.history import History, Strangers
from frontsim.verification.judge.checks import Finding, Judgement, judge, judge_by, without_guesses
from frontsim.verification.judge.fingerprint import Fingerprint
from frontsim.verification.judge.rules import Evidence
from frontsim.verification.play.last_look import LastLook
from frontsim.verification.play.log import Accused
from frontsim.verification.scenario.scenario import Scenario


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
        which = f"{number} type{' is' if number == 1 else 's are'} acknowledged and never booked"
        return self.unknown or f"{which}: --events all demands {'it' if number == 1 else 'them'}"


@dataclass(frozen=True, slots=True)
class Report:
    """A run as far as it got. `replay` makes the command line that repeats one scenario.

    `version` is frontsim's, `started_at` an ISO moment with its zone; both are "" where they are not known.
    `left_out` has the types that `--events auto` left out, each with the receiver's answer. `types` says which of the
    others were booked, and which only acknowledged.
    `key` says by which key effects were found to be tied to events, "" where the user's was used; `observe_key` is the
    key, and `shape` that of deliveries.
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
    types: EventTypes = field(default_factory=EventTypes)
    key: str = ""
    observe_key: str = ""
    shape: str = ""
    keys: Fingerprint | None = None
    replay: Callable[[str], str] = field(default=lambda name: f"frontsim verify --scenario {name}")

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


def _with_strangers(judgement: Judgement, strangers: Strangers | None) -> Judgement:
    if strangers is None:
        return judgement
    judgement = replace(judgement, notes=(*judgement.notes, *strangers.notes))
    if not strangers.come_with_events:
        return judgement
    verdict = Verdict.VIOLATED if judgement.verdict is Verdict.VIOLATED else Verdict.UNKNOWN
    return replace(judgement, verdict=verdict, reason=judgement.reason or str(strangers))
