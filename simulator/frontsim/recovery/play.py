"""Plays one case: the past, the job's starts, the record.

The simulator's clock is moved to the moment of each, so that the log has it as if it had happened then.

webhooks -> past -> (what happens before -> job runs, calls broken -> log read) for each start -> log read with runs

Whatever stops the play is recorded as trouble: the case is then *unknown*.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from frontsim.client.control import Simulator
from frontsim.client.http import FrontSystems, read_log
from frontsim.client.models import EventEntry, WebhookView
from frontsim.clock import stopwatch
from frontsim.errors import BadInput, FrontsimError, Unusable
from frontsim.files import TemporaryFolder
from frontsim.hosting.user_program import RunningJob, at_another_time, faketime_library, words_of
from frontsim.recovery.case import (
    BrokenSubscription,
    Case,
    CaseHistory,
    CaseStart,
    Operation,
    PastEvent,
    PastGroup,
    PastState,
    Start,
    StartEnding,
)
from frontsim.recovery.gateway import CallGateway

_PENDING_S = 3e7  # how much later a pending event is sent: never, here
_AFTER_S = 0.01  # how long a delivery that ends in a timeout takes
_DAY_S = 86_400.0
_DELIVERIES_S = 120.0  # 10,000 on a loaded machine
_RECEIVER = "receiver"  # the sink that every webhook of a case points to
_ARRIVES_S = 10.0  # until an event arrives that nothing breaks


@dataclass
class CaseEvents:
    """The events of a case; `offset_s` is the job's clock to real time.

    `webhook_ids` has those of the case in their order, then those that a job made in place of one.
    """

    case: Case
    control: Simulator
    api: FrontSystems
    webhook_ids: list[str] = field(default_factory=list)
    events: list[PastEvent] = field(default_factory=list)
    offset_s: float = 0.0
    _subscribed: list[WebhookView] = field(default_factory=list)
    _originals_fail: str = ""

    def prepare(self, control_url: str) -> None:
        """Webhooks, then the past, oldest first; then the clock is what the job will see."""
        url = f"{control_url}/sink/{_RECEIVER}"
        made = [self.api.create_webhook(each.event, url) for each in self.case.webhooks]
        self.webhook_ids = [each.id for each in made]
        if self.case.moved_to:
            self.offset_s = float(self.control.set_clock(self.case.moved_to)["offsetS"])
        for group in self.case.past:
            self._create_past(group)
        self.set_offset(self.offset_s + self.case.clock_s)
        for webhook_id, webhook in zip(self.webhook_ids, self.case.webhooks, strict=True):
            # the receiver of that webhook refuses the first resends of each event, or all
            matches: list[dict[str, object]] = [{"run": 2 + number} for number in range(webhook.refuses_resends)]
            for match in matches if webhook.refuses_resends >= 0 else [{}]:
                self.control.add_fault(
                    "answer", match={"webhookId": webhook_id, "trigger": "Resend", **match}, params={"status": 500}
                )
            if webhook.deleted:
                self.api.delete_webhook(webhook_id)
        self.events = [each for each in self.events if each.webhook_id in self.live_webhooks]
        self._subscribed = [each for each in made if each.id in self.live_webhooks]
        self._break_originals()

    def _break_originals(self) -> None:
        """From now on the receiver refuses whatever is new."""
        rule = self.control.add_fault("answer", match={"trigger": "Original"}, params={"status": 503})
        self._originals_fail = str(rule["id"])

    def broken_subscriptions(self) -> list[BrokenSubscription]:
        """The subscriptions that are not as before, and no longer bring an event to the receiver once for each of them.

        A job may replace a webhook, by one with another id or by another way to the same receiver: so an event tells,
        and the new id is one that the next start is given. What a job subscribes to besides is its own affair.
        """
        webhooks = self.api.list_webhooks()
        broken = []
        for event in dict.fromkeys(each.event for each in self._subscribed):
            before = [each for each in self._subscribed if each.event == event]
            now = [each for each in webhooks if each.event == event]
            if now == before:
                continue
            arrived = self._arrivals(event)
            is_whole = any(each.store_id is None for each in now)  # one of a single store loses the others' events
            if arrived != len(before) or not is_whole:
                urls = (f"{each.url} (store {each.store_id})" if each.store_id else each.url for each in now)
                broken.append(BrokenSubscription(event, tuple(urls), arrived, len(before)))
            elif not all(each in now for each in before):
                self.webhook_ids += [each.id for each in now if each.id not in self.webhook_ids]
        return broken

    def _arrivals(self, event: str) -> int:
        """How often an event of that type reaches the receiver, when nothing is broken."""
        self.control.remove_fault(self._originals_fail)
        before = len(self.control.sink(_RECEIVER))
        self.control.trigger(event)
        self.control.drain(_ARRIVES_S)
        self._break_originals()
        return len(self.control.sink(_RECEIVER)) - before

    def _create_past(self, group: PastGroup) -> None:
        if group.at:
            self.control.set_clock(group.at)
        else:
            self.set_offset(self.offset_s + self.case.clock_s - group.age_s)
        match group.state:
            case PastState.PENDING:
                self.control.add_fault("delay", params={"seconds": _PENDING_S})
            case PastState.FAILED:
                name = group.fault or "answer"
                all_params: Mapping[str, Mapping[str, object]] = {
                    "answer": {"status": group.status},
                    "timeout": {"afterS": _AFTER_S},
                }
                params = all_params.get(name)
                self.control.add_fault(name, params=params)
            case PastState.DELIVERED:
                pass
        self._trigger(group.webhook, group.count, state=group.state, due=1, about=group.about)
        self.control.clear_faults()

    def _trigger(self, webhook: int, count: int, *, state: PastState, due: int, about: str) -> None:
        model = self.case.webhooks[webhook]
        raised = self.control.trigger(model.event, count=count)
        self.let_deliveries_end()
        self.events += [
            PastEvent(
                webhook_id=each.webhook_id,
                webhook_event_id=each.webhook_event_id,
                event=each.event,
                state=state,
                due=due,
                created="",
                hopeless=model.refuses_resends < 0,
                about=about,
            )
            for each in raised.events
        ]

    def set_offset(self, offset_s: float) -> None:
        """Set the simulator's clock so many seconds from real time."""
        self.control.advance(offset_s - float(self.control.clock()["offsetS"]))

    def let_deliveries_end(self) -> None:
        """Wait until nothing is due or in flight; what is delayed for ever does not count.

        Raises:
            Unusable: something still is, so that the log does not yet say what failed.
        """
        if not self.control.drain(_DELIVERIES_S):
            raise Unusable(f"the simulator's deliveries had not ended after {_DELIVERIES_S:g} s")

    def let_days_pass(self, days: float) -> None:
        """Move on by some days; the simulator's clock stays as far off as the case says."""
        self.offset_s += days * _DAY_S
        self.set_offset(self.offset_s + self.case.clock_s)

    def fail_before(self, number: int, start: CaseStart, edge: datetime | None) -> None:
        """Events that fail between two starts; `edge` is the moment at which they are created, None for the case's."""
        if edge is not None:
            self.control.set_clock(edge.isoformat())
        elif start.fails_age_s:
            self.set_offset(self.offset_s + self.case.clock_s - start.fails_age_s)
        self.fail(start.fails_before, due=number, about=f"at {edge}, the end of the list before" if edge else "")
        self.set_offset(self.offset_s + self.case.clock_s)

    def fail(self, count: int, *, due: int, about: str) -> None:
        """Events of the first webhook that fail now."""
        self._trigger(0, count, state=PastState.FAILED, due=due, about=about)

    @property
    def live_webhooks(self) -> list[str]:
        """The ids of webhooks whose events count: those that the case did not delete, and what replaced one."""
        deleted = [place for place, webhook in enumerate(self.case.webhooks) if webhook.deleted]
        return [webhook_id for place, webhook_id in enumerate(self.webhook_ids) if place not in deleted]


_POLL_S = 0.02
_MOST_EDGE_S = 600.0
_NEAR = timedelta(days=2)  # a window that is not even near the job's day was made by another clock


@dataclass(frozen=True, slots=True)
class JobSetup:
    """The job under test: its command, and the seconds that each start of it may take."""

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
        TemporaryFolder("job") as folder,
    ):
        past = CaseEvents(case, control, api)
        player = _Player(case, setup, simulator, control, api, past, folder, cancelled)
        try:
            past.prepare(simulator.control_url)
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
        broken = tuple(self.past.broken_subscriptions()) if ending is StartEnding.EXITED else ()
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
                broken_subscriptions=broken,
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
        """The events as the log has them at the end, without those of webhooks that the job made for itself."""
        log = {entry.webhook_event_id: entry for entry in read_log(self.api, self.past.live_webhooks, with_runs=True)}
        known = (event for event in self.past.events if event.webhook_event_id in log)
        return [_as_logged(event, log[event.webhook_event_id]) for event in known]


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
