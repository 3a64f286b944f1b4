"""One run of verify-recovery, from the job's command to the report: some cases at the same time, each on its own log.

The command, pytest and `front` all come here; `result_of` gives the run as the model of `report`.
"""

import math
import random
import string
import threading
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType

from frontsim.clock import RunTime, stopwatch
from frontsim.errors import BadInput
from frontsim.files import TemporaryFolder
from frontsim.hosting.serving import run_in_thread
from frontsim.masking import NO_COMMAND, CommandLine, masked_command, masked_errors
from frontsim.recovery.case import Call, Case, CaseHistory, Operation, PastEvent, PastState
from frontsim.recovery.gateway import CallGateway
from frontsim.recovery.judge import JobFinding, JobJudgement, is_refused, job_contract, judge
from frontsim.recovery.play import CaseSimulator, JobSetup, play, skip_reason
from frontsim.report.as_json import document
from frontsim.report.model import JOB, Cause, RunResult, ShownFinding, Trial
from frontsim.report.timeline import ShownEvent
from frontsim.settings import Settings
from frontsim.threads import Pending
from frontsim.verdicts import Contract, Verdict, overall
from frontsim.wording import counted

_AS_LONG_AS_EVENTS = 20_000
_ONE_LOCK = (
    "played alone, because beside other cases a start of the job made no call: "
    "it seems to have one lock for all of them, and not in FRONTSIM_STATE_DIR"
)
_SILENT = 3
"""Cases in which a job made no call, if it made none in any other: it does not start, and the others are not played."""
_KEY_CHARACTERS = string.ascii_letters + string.digits
_NEW_TYPE = (
    '{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","required":["number","balance"],'
    '"properties":{"number":{"type":"string"},"balance":{"type":"number"}}}'
)
_MOST_CALLS = 12


@dataclass(frozen=True, slots=True)
class PlayedCase:
    """A case with what happened in it and what that means."""

    case: Case
    history: CaseHistory
    judgement: JobJudgement
    failure: Exception | None = None
    not_played: str = ""
    """Why it was not played that could have been."""
    note: str = ""

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
    ends, turns = stopwatch() + budget_s, _Turns(at_once)
    stopping, started, calls = threading.Event(), threading.Event(), threading.Event()
    silent: list[PlayedCase] = []

    def play_now(case: Case) -> CaseHistory:
        with open_simulator(case, seed=seed) as simulator:
            return play(case, setup, simulator, cancelled=lambda: stopping.is_set() or is_cancelled())

    def one(case: Case) -> PlayedCase:
        if reason := skip_reason(case):
            return _not_played(case, reason, Verdict.SKIPPED)
        if stopwatch() > ends:
            return _not_played(case, f"not played: the budget of {budget_s:g} s was used up (--budget)")
        if len(silent) >= _SILENT and not calls.is_set():
            reason = silent[0].judgement.reason
            return replace(_not_played(case, f"not played: {reason}"), not_played=reason)
        try:
            history, note = turns.play(partial(play_now, case))
            found = PlayedCase(case, history, judge(case, history, contract), note=note)
        except Exception as error:
            if isinstance(error, BadInput) and not started.is_set():
                raise
            reason = f"it could not be played: {type(error).__name__}: {error}"
            return replace(_not_played(case, reason), failure=error)
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


def _not_played(case: Case, reason: str, verdict: Verdict = Verdict.UNKNOWN) -> PlayedCase:
    return PlayedCase(case, CaseHistory(case.name), JobJudgement(verdict, reason))


class _Turns:
    """Lets cases be played at the same time, or one of them alone. The first to ask is the first to be played.

    A job that keeps its lock outside its state folder ends at once while another case has the lock. So a case with such
    a start is played again alone, and if the lock was the reason, so are all others.
    """

    def __init__(self, at_once: int) -> None:
        self._at_once, self._places, self._asking = at_once, threading.Semaphore(at_once), threading.Lock()
        self._has_one_lock = False

    def play(self, play: Callable[[], CaseHistory]) -> tuple[CaseHistory, str]:
        """What happened in a case, and a note if it had to be played alone."""
        is_alone = self._has_one_lock or self._at_once == 1
        with self._turn(alone=is_alone):
            history = play()
        if not is_alone and history.has_idle_start:
            with self._turn(alone=True):
                again = play()
            if not again.has_idle_start:
                history, is_alone, self._has_one_lock = again, True, True
        return history, _ONE_LOCK if is_alone and self._has_one_lock else ""

    @contextmanager
    def _turn(self, *, alone: bool) -> Iterator[None]:
        places = self._at_once if alone else 1
        with self._asking:
            for _ in range(places):
                self._places.acquire()
        try:
            yield
        finally:
            self._places.release(places)


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
    (folder / f"{case.new_type}.json").write_text(_NEW_TYPE)
    return folder


def result_of(report: JobReport) -> RunResult:
    """The result of a run, for any form of a report."""
    causes, stopped = _causes(report), report.stopped
    places = {cause.clause.id: place for place, cause in enumerate(causes)}
    return RunResult(
        subject=JOB,
        name=masked_command(report.job),
        seed=report.seed,
        verdict=report.verdict,
        trials=tuple(
            trial_of(
                replace(played, not_played=stopped) if played.is_silent and stopped else played,
                report.contract,
                replay=report.replay(played.case.name),
                places=places,
            )
            for played in report.played
        ),
        causes=tuple(causes),
        interrupted=report.interrupted,
        version=report.version,
        started_at=report.started_at,
        duration_s=report.duration_s,
    )


def trial_of(
    played: PlayedCase,
    contract: Contract,
    *,
    replay: CommandLine = NO_COMMAND,
    places: Mapping[str, int] = MappingProxyType({}),
) -> Trial:
    """One case; `places` has the place of the cause that a clause is, without which each finding has the first."""
    case, history, judgement = played.case, played.history, played.judgement
    return Trial(
        name=case.name,
        breaks=case.breaks,
        holds=case.holds,
        verdict=judgement.verdict,
        reason=judgement.reason,
        duration_s=history.duration_s,
        replay=replay,
        counts=counts(played),
        findings=tuple(_findings(played, contract, places)),
        clauses=tuple(contract.judged_in(case.name)),
        exit_codes=tuple(start.exit_code for start in history.starts),
        not_played=played.not_played,
        notes=(played.note,) if played.note else (),
    )


def cases_as_json(cases: Sequence[Case]) -> bytes:
    """The JSON that `--list --json` prints."""
    return document([{"name": case.name, "breaks": case.breaks, "holds": case.holds} for case in cases])


def counts(played: PlayedCase) -> dict[str, float]:
    """How many events, resends and calls; calls per recovered event shows how frugal the job is."""
    events, calls = played.history.events, played.history.calls
    recovered = sum(event.arrived for event in events if event.state is PastState.FAILED)
    found: dict[str, float] = {
        "events": len(events),
        "failed": sum(event.state is PastState.FAILED for event in events),
        "recovered": recovered,
        "resends": sum(call.operation is Operation.RESEND for call in calls),
        "calls": len(calls),
    }
    if recovered:
        found["callsPerRecovered"] = round(len(calls) / recovered, 2)
    for finding in played.judgement.findings:
        found[finding.class_] = found.get(finding.class_, 0) + 1
    return found


def story(history: CaseHistory, webhook_event_id: str) -> list[str]:
    """One event's way through a case: what was created, which calls the job made, and how they ended.

    Where the id is "", the lines are about the whole case.
    """
    event = next((each for each in history.events if each.webhook_event_id == webhook_event_id), None)
    if event is None:
        return [*_calls(history.calls), *_starts(history)]
    own = [call for call in history.calls if _is_about(call, event)]
    return [*_past(event), *_calls(own), *_resends(event), *_starts(history)]


def _causes(report: JobReport) -> list[Cause]:
    """The causes, a clause each: its cases, how many events, and what to change."""
    found: dict[str, list[tuple[str, JobFinding]]] = {}
    for played in report.played:
        for finding in played.judgement.findings:
            found.setdefault(finding.clause, []).append((played.case.name, finding))
    clauses = {clause.id: clause for clause in report.contract}
    return [
        Cause(
            clause=clauses[clause],
            class_=findings[0][1].class_,
            trials=tuple(dict.fromkeys(name for name, _ in findings)),
            events=len({finding.webhook_event_id for _, finding in findings} - {""}),
            sentence=clauses[clause].sentence,
            explanation=clauses[clause].fix,
        )
        for clause, findings in found.items()
    ]


def _findings(played: PlayedCase, contract: Contract, places: Mapping[str, int]) -> Iterator[ShownFinding]:
    """All findings, the first of each clause with its story."""
    clauses = {clause.id: clause for clause in contract}
    told: set[str] = set()
    for each in played.judgement.findings:
        shown = None
        if each.clause not in told:
            lines = tuple(story(played.history, each.webhook_event_id))
            shown = ShownEvent(each.event, each.webhook_event_id, each.class_, lines)
        told.add(each.clause)
        yield ShownFinding(
            class_=each.class_,
            clause=clauses[each.clause],
            event=each.event,
            webhook_event_id=each.webhook_event_id,
            detail=each.detail,
            cause=places.get(each.clause, 0),
            shown=shown,
        )


def _past(event: PastEvent) -> Iterator[str]:
    first = event.runs[0] if event.runs else None
    about = f" ({event.about})" if event.about else ""
    yield f"{event.event} created {event.created}{about} for webhook {event.webhook_id}"
    if event.state is PastState.PENDING:
        yield "its first delivery is still on its way"
    elif first is not None:
        yield f"its first delivery: {first.outcome}"


def _calls(calls: list[Call] | tuple[Call, ...]) -> Iterator[str]:
    for call in calls[:_MOST_CALLS]:
        query = " ".join(f"{name}={value}" for name, value in call.query.items())
        answer = "the connection was cut" if call.status is None else str(call.status)
        answer += f", Retry-After {call.retry_after_s:g}" if call.retry_after_s else ""
        answer += f" [{call.broken}]" if call.broken else ""
        asked = f"{call.method_and_path} {query}".rstrip()
        yield f"{call.began_s:7.2f} s  start {call.start}: {asked} -> {answer}"
    if len(calls) > _MOST_CALLS:
        yield f"           and {counted(len(calls) - _MOST_CALLS, 'more call')}"


def _resends(event: PastEvent) -> Iterator[str]:
    for run in event.resends:
        yield f"resend {run.run}: {run.outcome}"
    yield "in the end it has arrived" if event.arrived else "in the end it has not arrived"


def _starts(history: CaseHistory) -> Iterator[str]:
    for start in history.starts:
        code = "" if start.exit_code is None else f" with {start.exit_code}"
        yield f"start {start.number} {start.ending}{code} after {start.duration_s:.1f} s"
        last = start.output.strip().splitlines()[-1:]
        if last:
            yield f"  it printed last: {last[0][:160]}"


def _is_about(call: Call, event: PastEvent) -> bool:
    if call.operation is Operation.LIST:
        return call.webhook_id == event.webhook_id
    return call.webhook_event_id == event.webhook_event_id or is_refused(call, event)
