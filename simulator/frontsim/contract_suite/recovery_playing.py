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
from frontsim.recovery.result import trial_of
from frontsim.recovery.session import PlayedCase, play_all
from frontsim.report.model import ShownFinding
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
    trial = trial_of(played, contract)
    return ContractOutcome(
        str(trial.verdict),
        masked(trial.reason),
        {clause: masked("\n".join(_told(found, trial.name, seed))) for clause, found in trial.by_clause().items()},
    )


def _told(findings: Sequence[ShownFinding], case: str, seed: int) -> Iterator[str]:
    for each in findings[:_MOST_FINDINGS]:
        yield f"{each.class_}: {each.event} {each.webhook_event_id}: {each.detail}"
    if len(findings) > _MOST_FINDINGS:
        yield f"... and {len(findings) - _MOST_FINDINGS} more"
    yield from ("", *findings[0].evidence(), "", f"Fix: {findings[0].clause.fix}")
    yield f"Again with: --recovery-seed {seed} -k {case}"
