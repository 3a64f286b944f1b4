"""A whole run: every case, some at the same time, each judged when it has been played."""

import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version

from frontsim.clock import RunTime, stopwatch
from frontsim.masking import masked_command
from frontsim.recovery.case import Case, CaseHistory, Operation
from frontsim.recovery.judge import JobJudgement, judge
from frontsim.recovery.play import CaseSimulator, JobSetup, play, skip_reason
from frontsim.threads import Pending
from frontsim.verdicts import Contract, Verdict, overall

_AS_LONG_AS_EVENTS = 20_000

OpenSimulator = Callable[[Case], AbstractContextManager[CaseSimulator]]


@dataclass(frozen=True, slots=True)
class PlayedCase:
    """A case with what happened in it and what that means."""

    case: Case
    history: CaseHistory
    judgement: JobJudgement


@dataclass(frozen=True, slots=True)
class JobReport:
    """A run as far as it got."""

    job: str
    seed: int
    played: Sequence[PlayedCase]
    contract: Contract
    version: str
    started_at: str
    duration_s: float
    strict: bool = False
    interrupted: bool = False

    @property
    def verdict(self) -> Verdict:
        found = overall([each.judgement.verdict for each in self.played], strict=self.strict)
        return Verdict.UNKNOWN if self.interrupted and found is Verdict.VERIFIED else found

    def replay(self, case: str) -> str:
        """The command that plays one case again."""
        return f"frontsim verify-recovery --job {self.job!r} --case {case} --seed {self.seed}"


def job_report(
    setup: JobSetup,
    played: Sequence[PlayedCase],
    contract: Contract,
    run_time: RunTime,
    *,
    seed: int,
    strict: bool,
    interrupted: bool = False,
) -> JobReport:
    """The report on a run that ends now, with the secrets in the job's command masked."""
    return JobReport(
        job=masked_command(setup.command),
        seed=seed,
        played=played,
        contract=contract,
        version=version("frontsim"),
        started_at=run_time.started_at,
        duration_s=run_time.duration_s(),
        strict=strict,
        interrupted=interrupted,
    )


def play_all(
    cases: Sequence[Case],
    setup: JobSetup,
    open_simulator: OpenSimulator,
    contract: Contract,
    *,
    at_once: int,
    budget_s: float,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> Generator[PlayedCase, None, None]:
    """Play and judge the cases, `at_once` at the same time; in their order.

    Cases that have not begun when the budget is used up are unknown for that reason. When the iterator is closed, or
    `is_cancelled` says so, running jobs are killed.

    Raises:
        BadInput: the command cannot be started.
    """
    ends = stopwatch() + budget_s
    stopping = threading.Event()

    def one(case: Case) -> PlayedCase:
        reason = skip_reason(case)
        if reason:
            return PlayedCase(case, CaseHistory(case.name), JobJudgement(Verdict.SKIPPED, reason))
        if stopwatch() > ends:
            reason = f"not played: the budget of {budget_s:g} s was used up (--budget)"
            return PlayedCase(case, CaseHistory(case.name), JobJudgement(Verdict.UNKNOWN, reason))
        with open_simulator(case) as simulator:
            history = play(case, setup, simulator, cancelled=lambda: stopping.is_set() or is_cancelled())
        return PlayedCase(case, history, judge(case, history, contract))

    with ThreadPoolExecutor(at_once, thread_name_prefix="frontsim-case") as pool:
        playing = {case.name: Pending(pool, partial(one, case)) for case in sorted(cases, key=_weight, reverse=True)}
        try:
            for case in cases:
                yield playing[case.name].result()
        finally:
            stopping.set()
            pool.shutdown(wait=False, cancel_futures=True)


def _weight(case: Case) -> int:
    """How long a case takes, roughly: the longest begins first.

    A resend without an answer weighs most, because a careful job looks for as long as a receiver may take.
    """
    calls = [call for start in case.starts for call in start.api if call.operation is Operation.RESEND]
    unanswered = sum(call.how.startswith("cut") for call in calls)
    return sum(group.count for group in case.past) + _AS_LONG_AS_EVENTS * unanswered
