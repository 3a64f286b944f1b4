"""One run of verify-recovery, from the job's command to the report: some cases at the same time, each on its own log.

The command, pytest and `front` all come here.
"""

import json
import math
import random
import string
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path

from frontsim.clock import RunTime, stopwatch
from frontsim.errors import BadInput
from frontsim.files import TemporaryFolder
from frontsim.hosting.serving import run_in_thread
from frontsim.masking import CommandLine, masked_errors
from frontsim.recovery.case import Case, CaseHistory, Operation
from frontsim.recovery.gateway import CallGateway
from frontsim.recovery.judge import JobJudgement, job_contract, judge
from frontsim.recovery.play import CaseSimulator, JobSetup, play, skip_reason
from frontsim.settings import Settings
from frontsim.threads import Pending
from frontsim.verdicts import Contract, Verdict, overall

_AS_LONG_AS_EVENTS = 20_000
_SILENT = 3
"""Cases in which a job made no call, if it made none in any other: it does not start, and the others are not played."""
_KEY_CHARACTERS = string.ascii_letters + string.digits


@dataclass(frozen=True, slots=True)
class PlayedCase:
    """A case with what happened in it and what that means."""

    case: Case
    history: CaseHistory
    judgement: JobJudgement
    failure: Exception | None = None
    not_played: str = ""
    """Why it was not played that could have been."""

    @property
    def is_silent(self) -> bool:
        """The job was started and made no call, so that the case tells nothing; or it was not started for that."""
        return bool(self.history.starts and not self.history.calls) or bool(self.not_played)


@dataclass(frozen=True, slots=True)
class JobReport:
    """A run as far as it got. `job` is its command with all secrets."""

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
    def failure(self) -> Exception | None:
        """The first error, not of the job, that ended a case. The other cases were still played."""
        return next((each.failure for each in self.played if each.failure), None)

    @property
    def stopped(self) -> str:
        """Why no case tells anything, "" where one does: the job does not start."""
        is_silent = all(each.is_silent or each.judgement.verdict is Verdict.SKIPPED for each in self.played)
        return next((each.not_played for each in self.played if is_silent and each.not_played), "")

    @property
    def verdict(self) -> Verdict:
        found = overall([each.judgement.verdict for each in self.played], strict=self.strict)
        return Verdict.UNKNOWN if self.interrupted and found is Verdict.VERIFIED else found

    def replay(self, case: str) -> CommandLine:
        """The command that plays one case again."""
        options = ("--job", self.job, "--case", case, "--seed", str(self.seed))
        return CommandLine(("frontsim", "verify-recovery", *options))


def run(
    setup: JobSetup,
    cases: Sequence[Case],
    *,
    seed: int,
    strict: bool = False,
    at_once: int = 4,
    budget_s: float = math.inf,
    interruption: AbstractContextManager[object] | None = None,
    is_cancelled: Callable[[], bool] = lambda: False,
    on_played: Callable[[PlayedCase], None] = lambda _: None,
) -> JobReport:
    """Play cases against a job, `at_once` at the same time, and report on what it did.

    Cases that have not begun when the budget is used up are unknown for that reason. When the run is interrupted, or
    `is_cancelled` says so, running jobs are killed.

    Args:
        setup: the command that runs the job once, and its time limit.
        cases: in the order in which they are reported.
        seed: repeats the run.
        strict: a case that was skipped makes the verdict unknown.
        at_once: cases that are played at the same time.
        budget_s: no case begins after so many seconds.
        interruption: a block in which Ctrl-C ends the run with what is known; without it KeyboardInterrupt is raised.
        is_cancelled: asked while a job runs.
        on_played: called with each case as it ends, in their order.

    Raises:
        BadInput: the command cannot be started, and never was.
    """
    contract, run_time = job_contract(), RunTime()
    played, interrupted = list[PlayedCase](), False
    try:
        playing = _play_all(
            cases, setup, contract, seed=seed, at_once=at_once, budget_s=budget_s, is_cancelled=is_cancelled
        )
        with interruption or nullcontext(), masked_errors(), closing(playing):
            for each in playing:
                played.append(each)
                on_played(each)
    except KeyboardInterrupt:
        if interruption is None:
            raise
        interrupted = True
    return JobReport(
        job=setup.command,
        seed=seed,
        played=played,
        contract=contract,
        version=version("frontsim"),
        started_at=run_time.started_at,
        duration_s=run_time.duration_s(),
        strict=strict,
        interrupted=interrupted,
    )


def _play_all(
    cases: Sequence[Case],
    setup: JobSetup,
    contract: Contract,
    *,
    seed: int,
    at_once: int,
    budget_s: float,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> Generator[PlayedCase, None, None]:
    """Play and judge the cases, in their order; the longest begin first. When it is closed, running jobs are killed."""
    ends = stopwatch() + budget_s
    stopping, started, calls = threading.Event(), threading.Event(), threading.Event()
    silent: list[PlayedCase] = []

    def one(case: Case) -> PlayedCase:
        verdict, reason = Verdict.SKIPPED, skip_reason(case)
        if not reason and stopwatch() > ends:
            verdict, reason = Verdict.UNKNOWN, f"not played: the budget of {budget_s:g} s was used up (--budget)"
        if reason:
            return PlayedCase(case, CaseHistory(case.name), JobJudgement(verdict, reason))
        if len(silent) >= _SILENT and not calls.is_set():
            reason = silent[0].judgement.reason
            judged = JobJudgement(Verdict.UNKNOWN, f"not played: {reason}")
            return PlayedCase(case, CaseHistory(case.name), judged, not_played=reason)
        try:
            with open_simulator(case, seed=seed) as simulator:
                history = play(case, setup, simulator, cancelled=lambda: stopping.is_set() or is_cancelled())
            found = PlayedCase(case, history, judge(case, history, contract))
        except Exception as error:
            if isinstance(error, BadInput) and not started.is_set():
                raise
            reason = f"it could not be played: {type(error).__name__}: {error}"
            return PlayedCase(case, CaseHistory(case.name), JobJudgement(Verdict.UNKNOWN, reason), failure=error)
        started.set()
        if found.is_silent:
            silent.append(found)
        else:
            calls.set()
        return found

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


@contextmanager
def open_simulator(case: Case, *, seed: int) -> Iterator[CaseSimulator]:
    """A simulator for one case, with its own keys that the job must not print."""
    rng = random.Random(f"{seed}/{case.name}")  # noqa: S311 - keys of a test
    api_key = "".join(rng.choices(_KEY_CHARACTERS, k=7)) + "." + "".join(rng.choices(_KEY_CHARACTERS, k=32))
    subscription_key = "".join(rng.choices("0123456789abcdef", k=32))
    gateway = CallGateway()
    with TemporaryFolder("types") as folder:
        settings = Settings(
            port=0,
            ephemeral=True,
            auth="strict",
            api_key=api_key,
            subscription_key=subscription_key,
            seed=seed,
            concurrency=64,
            connect_timeout=1.0,
            contracts=_new_type(case, folder),
        )
        running = run_in_thread(settings, before=gateway.before)
        try:
            yield CaseSimulator(running.base_url, running.control_url, api_key, subscription_key, gateway)
        finally:
            running.stop()


def _new_type(case: Case, folder: Path) -> Path | None:
    """A folder with the event type that is new in this case."""
    if not case.new_type:
        return None
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {"number": {"type": "string"}, "balance": {"type": "number"}},
        "required": ["number", "balance"],
    }
    (folder / f"{case.new_type}.json").write_text(json.dumps(schema))
    return folder
