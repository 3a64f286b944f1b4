"""Plays one case: prepares the past, starts the job as often as the case says, and records what happened.

    webhooks -> past -> (what happens before -> job runs, calls broken -> log read) for each start -> log read with runs

Whatever stops the play is recorded as trouble: the case is then *unknown*.
"""

import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from frontsim.client.control import Simulator
from frontsim.client.log_reader import read_log
from frontsim.client.models import EventEntry
from frontsim.client.vendor import FrontSystems
from frontsim.clock import stopwatch
from frontsim.errors import BadInput, FrontsimError
from frontsim.faketime import at_another_time, faketime_library
from frontsim.recovery.case import Case, CaseStart
from frontsim.recovery.case_events import CaseEvents
from frontsim.recovery.command import RunningJob, words_of
from frontsim.recovery.facts import CaseHistory, Operation, PastEvent, Start, StartEnding
from frontsim.recovery.gateway import CallGateway

_POLL_S = 0.02
_MOST_EDGE_S = 600.0
_NEAR = timedelta(days=2)  # a window that is not even near the job's day was made by another clock


@dataclass(frozen=True, slots=True)
class JobSetup:
    """What is tested: the command, and the seconds that each start of it may take."""

    command: str
    start_limit_s: float = 60.0


@dataclass(frozen=True, slots=True)
class CaseSimulator:
    """A simulator of one case, with the gateway before its API."""

    base_url: str
    control_url: str
    api_key: str
    subscription_key: str
    gateway: CallGateway


class Cancelled(FrontsimError):
    """The run was interrupted before the end of the case."""

    def __init__(self) -> None:
        super().__init__("the run was interrupted")


class NotMoved(FrontsimError):
    """libfaketime has not moved the job's clock, so its windows are those of another day than the case's."""

    def __init__(self) -> None:
        super().__init__(
            "it plays on another day, but the windows that the job listed are not of that day: libfaketime moves no "
            "clock of a program that is statically linked, as Go's are, or that takes its time from elsewhere"
        )


def skip_reason(case: Case) -> str:
    """Why a case cannot be played on this machine, "" when it can."""
    if case.needs_other_time and faketime_library() is None:
        return "it plays on another day, which needs libfaketime (Debian's package faketime)"
    return ""


def play(case: Case, setup: JobSetup, simulator: CaseSimulator, *, cancelled: Callable[[], bool]) -> CaseHistory:
    """Play a case to its end; as soon as `cancelled` says so, the job is killed and the rest left out.

    Raises:
        BadInput: the command cannot be started.
    """
    began = stopwatch()
    with (
        Simulator(simulator.control_url) as control,
        FrontSystems(simulator.base_url, api_key=simulator.api_key, subscription_key=simulator.subscription_key) as api,
        tempfile.TemporaryDirectory(prefix="frontsim-job-") as folder,
    ):
        past = CaseEvents(case, control, api)
        player = _Player(case, setup, simulator, control, api, past, Path(folder), cancelled)
        try:
            past.prepare(f"{simulator.control_url}/sink/receiver")
            for number, start in enumerate(case.starts, 1):
                if cancelled():
                    raise Cancelled
                player.run(number, start)
            events = player.events_with_runs()
        except BadInput:
            raise
        except NotMoved as error:
            return player.history(past.events, skipped=str(error), duration_s=stopwatch() - began)
        except FrontsimError as error:
            return player.history(past.events, trouble=str(error), duration_s=stopwatch() - began)
        return player.history(events, duration_s=stopwatch() - began)


@dataclass
class _Player:
    case: Case
    setup: JobSetup
    simulator: CaseSimulator
    control: Simulator
    api: FrontSystems
    past: CaseEvents
    folder: Path
    cancelled: Callable[[], bool]
    starts: list[Start] = field(default_factory=list)

    def history(
        self, events: Sequence[PastEvent], *, trouble: str = "", skipped: str = "", duration_s: float
    ) -> CaseHistory:
        return CaseHistory(
            case=self.case.name,
            events=tuple(events),
            calls=self.simulator.gateway.calls,
            starts=tuple(self.starts),
            trouble=trouble,
            skipped=skipped,
            duration_s=duration_s,
        )

    def run(self, number: int, start: CaseStart) -> None:
        """One start of the job, with what happens before and meanwhile."""
        self.past.let_days_pass(start.days)
        if start.fails_before:
            self.past.fail_before(number, start, self._edge_of(number - 1) if start.at_the_edge else None)
        down = None
        if start.receiver_down:
            down = self.control.add_fault("answer", match={"trigger": "Resend"}, params={"status": 503})
        gateway = self.simulator.gateway
        gateway.expect(number, start.api, self.past.webhook_ids)
        began = stopwatch()
        jobs = [self._start_job() for _ in range(start.copies)]
        ending = self._watch(jobs, number, start)
        codes = [job.end() for job in jobs]
        duration_s, ended_s = stopwatch() - began, gateway.now_s()
        gateway.pass_unseen()
        self.past.let_deliveries_end()
        if down is not None:
            self.control.remove_fault(str(down["id"]))
        self.starts += [
            Start(
                number=number,
                ending=ending,
                exit_code=code if ending is StartEnding.EXITED else None,
                duration_s=duration_s,
                ended_s=ended_s,
                output=job.output,
                leaked=job.leaked,
                still_failing=self._failing(),
            )
            for job, code in zip(jobs, codes, strict=True)
        ]
        if self.case.needs_other_time:
            self._check_its_day(number)

    def _check_its_day(self, number: int) -> None:
        """A job whose clock stayed where it was is not to blame for what it does not find on another day."""
        now = datetime.fromisoformat(str(self.control.clock()["now"]))
        calls = [call for call in self.simulator.gateway.calls if call.start == number]
        windows = [
            (_moment(call.query, "from"), _moment(call.query, "to"))
            for call in calls
            if call.operation is Operation.LIST
        ]
        whole = [(from_, to) for from_, to in windows if from_ and to]
        if whole and not any(from_ - _NEAR <= now <= to + _NEAR for from_, to in whole):
            raise NotMoved

    def _start_job(self) -> RunningJob:
        values = {
            "base_url": self.simulator.base_url,
            "api_key": self.simulator.api_key,
            "subscription_key": self.simulator.subscription_key,
            "webhook_ids": ",".join(self.past.webhook_ids),
        }
        environment = {
            **os.environ,
            **{f"FRONTSIM_{name.upper()}": value for name, value in values.items()},
            "FRONTSIM_STATE_DIR": str(self.folder),
            "XDG_STATE_HOME": str(self.folder),
            "NO_PROXY": "127.0.0.1,localhost",
            **self._job_time(),
        }
        secrets = {"the x-api-key": values["api_key"], "the subscription key": values["subscription_key"]}
        return RunningJob(words_of(self.setup.command, values), environment=environment, secrets=secrets)

    def _job_time(self) -> Mapping[str, str]:
        library = faketime_library()
        if not self.case.needs_other_time or library is None:
            return {}
        return at_another_time(self.past.offset_s, library)

    def _watch(self, jobs: Sequence[RunningJob], number: int, start: CaseStart) -> StartEnding:
        """Wait for the end of all copies, or stop them."""
        gateway, began, failed = self.simulator.gateway, stopwatch(), not start.fails_while_running
        ending = None
        while not all(job.has_ended() for job in jobs):
            if not failed and gateway.listed():
                self.past.fail(start.fails_while_running, due=number + 1, about="while the job was running")
                failed = True
            ending = self._why_to_stop(start, running_s=stopwatch() - began)
            if ending is not None:
                for job in jobs:
                    job.kill()
                break
            gateway.wait(_POLL_S)
        if not failed:
            self.past.fail(start.fails_while_running, due=number + 1, about="just after the job's start")
        return ending or StartEnding.EXITED

    def _why_to_stop(self, start: CaseStart, *, running_s: float) -> StartEnding | None:
        """How a start ends that must not go on; None while it may."""
        gateway = self.simulator.gateway
        if self.cancelled():
            return StartEnding.TOO_SLOW
        if gateway.is_endless():
            return StartEnding.ENDLESS
        if running_s > self.setup.start_limit_s:
            return StartEnding.TOO_SLOW
        if start.kill_after_resends and gateway.resends_made() >= start.kill_after_resends:
            return StartEnding.KILLED_BY_CASE
        if start.enough_resends and gateway.resends_made() >= start.enough_resends:
            return StartEnding.ENOUGH
        return None

    def _edge_of(self, number: int) -> datetime | None:
        """The `to` of the lists of a start, if it was the moment of that start: a window that ends then."""
        now = datetime.fromisoformat(str(self.control.clock()["now"]))
        calls = [call for call in self.simulator.gateway.calls if call.start == number]
        ends = [_moment(call.query, "to") for call in calls if call.operation is Operation.LIST]
        near = [end for end in ends if end and timedelta() <= now - end < timedelta(seconds=_MOST_EDGE_S)]
        return max(near, default=None)

    def _failing(self) -> frozenset[str]:
        return frozenset(entry.webhook_event_id for entry in read_log(self.api, self.past.live_webhooks, success=False))

    def events_with_runs(self) -> list[PastEvent]:
        """The events as the log has them at the end."""
        log = {entry.webhook_event_id: entry for entry in read_log(self.api, self.past.live_webhooks, with_runs=True)}
        return [_as_logged(event, log[event.webhook_event_id]) for event in self.past.events]


def _as_logged(event: PastEvent, entry: EventEntry) -> PastEvent:
    return replace(event, created=entry.created or "", runs=entry.runs)


def _moment(query: Mapping[str, str], bound: str) -> datetime | None:
    """A bound of a list, when it is a local moment."""
    text = next((value for name, value in query.items() if name.lower() == bound), "")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is None else None
