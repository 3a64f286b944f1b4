"""Judges a recorded scenario, and doubts where the observer may be at fault or a finding depends on a guess."""

from collections.abc import Iterable
from dataclasses import replace

from frontsim.clauses import Contract
from frontsim.verdicts import Verdict
from frontsim.verification.facts.history import History
from frontsim.verification.judge.checks import Finding, Judgement, judge, without_guesses
from frontsim.verification.play.last_look import LastLook
from frontsim.verification.play.log.exchanges import Accused
from frontsim.verification.played import Played


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
        return _unless_unseen(judgement, last_look)
    doubt = last_look.doubt(history, judgement.missing, killed_since=killed_since, is_last=is_last)
    return judge(history, contract, doubt=doubt, change=change) if doubt else judgement


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
    """What each event is accused of first."""
    return {each.webhook_event_id: (each.class_, each.detail) for each in reversed(tuple(findings))}


def weighed(played: Played) -> Played:
    """Findings that depend on our guess alone are warnings."""
    guesses = {each: exchange.provenance for each, exchange in played.exchanges.items() if exchange.is_guess}
    return replace(played, judgement=without_guesses(played.judgement, guesses)) if guesses else played
