"""Plays cases as `frontsim verify-recovery` does, and gives the outcome of each as text that pytest can show."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial

from frontsim.contract_suite.outcome import ContractOutcome, Pause, Play
from frontsim.masking import masked, masked_errors
from frontsim.recovery import judge
from frontsim.recovery.case import chosen
from frontsim.recovery.hosted import open_simulator
from frontsim.recovery.play import JobSetup
from frontsim.recovery.report import by_clause
from frontsim.recovery.session import PlayedCase, play_all
from frontsim.recovery.story import story
from frontsim.verdicts import Contract

_AT_ONCE = 4
_MOST_FINDINGS = 10


def job_player(setup: JobSetup, seed: int) -> Play:
    """Plays cases against a job, some at the same time."""

    def play(names: Sequence[str], pause: Pause) -> Iterator[tuple[str, ContractOutcome]]:
        contract = judge.job_contract()
        playing = play_all(
            chosen(names),
            setup,
            partial(open_simulator, seed=seed),
            contract,
            at_once=_AT_ONCE,
            budget_s=float("inf"),
            is_cancelled=partial(_is_over, pause),
        )
        with masked_errors(), closing(playing):
            for played in playing:
                yield played.case.name, _outcome(played, contract, seed)

    return play


def _is_over(pause: Callable[[float], None]) -> bool:
    """Whether no test asks any more: a pause then raises, which a thread that watches a process must not meet."""
    try:
        pause(0)
    except Exception:  # noqa: BLE001 - whatever the pause raises, it says the same
        return True
    return False


def _outcome(played: PlayedCase, contract: Contract, seed: int) -> ContractOutcome:
    judgement, fixes = played.judgement, {clause.id: clause.fix for clause in contract}
    return ContractOutcome(
        str(judgement.verdict),
        masked(judgement.reason),
        {
            clause: masked("\n".join(_told(played, clause, fixes[clause], seed)))
            for clause in dict.fromkeys(finding.clause for finding in judgement.findings)
        },
    )


def _told(played: PlayedCase, clause: str, fix: str, seed: int) -> Sequence[str]:
    findings = by_clause(played)[clause]
    shown, first = findings[:_MOST_FINDINGS], findings[0]
    lines = [f"{each.class_}: {each.event} {each.webhook_event_id}: {each.detail}" for each in shown]
    if len(findings) > len(shown):
        lines.append(f"... and {len(findings) - len(shown)} more")
    lines += ["", *story(played.history, first.webhook_event_id), "", f"Fix: {fix}"]
    return [*lines, f"Again with: --recovery-seed {seed} -k {played.case.name}"]
