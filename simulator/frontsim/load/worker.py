"""A Locust user that sends deliveries, and the worker process that it runs in."""

import gevent
from locust import FastHttpUser, constant_throughput, task
from locust.contrib.fasthttp import LocustBadStatusCode

from frontsim.client.control import DeliveryReport, LeasedDelivery, Simulator, answered, control_url
from frontsim.clock import stopwatch
from frontsim.domain.model import Outcome
from frontsim.load.leases import LeaseBuffer, LeasePolicy, SteadyPolicy, StormPolicy, never_left
from frontsim.load.options import Load
from frontsim.load.plan import DeliveryFault, DeliveryFaults, seeded_draws

_LEAST_OUTAGE_PAUSE_S, _MOST_OUTAGE_PAUSE_S = 0.005, 1.0
_SMOOTHING = 0.1


class SendingState:
    """The users of one process share this state. `average_s` is how long a delivery takes, as a moving average."""

    def __init__(self, buffer: LeaseBuffer, faults: DeliveryFaults, *, began: float, is_storm: bool) -> None:
        self.buffer = buffer
        self.faults = faults
        self.began = began
        self.is_storm = is_storm
        self.average_s = 0.02

    def elapsed_s(self) -> float:
        """Seconds since the test's start."""
        return stopwatch() - self.began

    def pause_in_outage(self) -> None:
        """Wait for as long as a delivery usually takes: a path that is down must not speed up the source of events.

        A storm does not wait: it builds its backlog as fast as it can.
        """
        if not self.is_storm:
            gevent.sleep(min(max(self.average_s, _LEAST_OUTAGE_PAUSE_S), _MOST_OUTAGE_PAUSE_S))


class DeliveryUser(FastHttpUser):
    """Takes a delivery, sends it, and reports its outcome. Each user has one delivery in flight at a time."""

    abstract = True
    max_retries = 0
    max_redirects = 0
    insecure = False
    state: SendingState
    pace = 0.0

    def wait_time(self) -> float:
        """Keep to --pace; without it, do not wait between two deliveries."""
        wait_s: float = constant_throughput(self.pace)(self) if self.pace else 0.0
        return wait_s

    @task
    def deliver(self) -> None:
        state = self.state
        delivery = state.buffer.take()
        if delivery is None:
            return
        match state.faults.draw(at_s=state.elapsed_s(), is_resend=delivery.is_resend):
            case DeliveryFault.UNSENT:
                state.buffer.report(DeliveryReport(delivery, Outcome.NOT_SENT))
                state.pause_in_outage()
            case DeliveryFault.LATE:
                state.buffer.late[delivery.webhook_event_id] = delivery
                state.buffer.report(DeliveryReport(delivery, Outcome.UNKNOWN))
            case DeliveryFault.LOST:
                self._send(delivery, ignore_answer=True)
            case DeliveryFault.SEND:
                # an earlier run of its event that is late arrives at the same moment
                late = self.state.buffer.late.pop(delivery.webhook_event_id, None)
                late_run = gevent.spawn(self._post, late) if late is not None else None
                self._send(delivery)
                if late_run is not None:
                    late_run.join()

    def _send(self, delivery: LeasedDelivery, *, ignore_answer: bool = False) -> None:
        """Send a delivery and report its outcome, even if Locust kills the user meanwhile."""
        state = self.state
        began_s = state.elapsed_s()
        report = DeliveryReport(delivery, Outcome.UNKNOWN)
        try:
            report = self._post(delivery)
            state.average_s += _SMOOTHING * ((report.duration_ms or 0) / 1000 - state.average_s)
        finally:
            if ignore_answer or state.faults.is_cut_off(began_s=began_s, ended_s=state.elapsed_s()):
                report = DeliveryReport(delivery, Outcome.UNKNOWN, None, report.duration_ms)
            state.buffer.report(report)

    def _post(self, delivery: LeasedDelivery) -> DeliveryReport:
        """One POST, which Locust's statistics count under the event's type."""
        began = stopwatch()
        with self.client.post(
            delivery.url,
            data=delivery.body,  # type: ignore[arg-type]  # bytes are sent as they are; Locust declares str alone
            headers=dict(delivery.headers),
            name=delivery.event,
            allow_redirects=False,
            catch_response=True,
        ) as answer:
            duration_ms = round((stopwatch() - began) * 1000)
            status = answer.status_code
            error = answer.request_meta["exception"]
            if delivery.is_resend:
                answer.request_meta["request_type"] = "RESEND"
            if status and not 200 <= status < 300:
                answer.failure(f"expected a 2xx, got {status}")
        if status and (error is None or isinstance(error, LocustBadStatusCode)):
            headers = answer.headers.items() if answer.headers else ()
            return answered(delivery, status, duration_ms, body=answer.content or b"", headers=headers)
        outcome = Outcome.NOT_SENT if never_left(error) else Outcome.UNKNOWN
        return DeliveryReport(delivery, outcome, None, duration_ms)


_CALL_TIMEOUT_S = 30.0


class LoadWorker:
    """Supplies the users of this process with deliveries.

    `load` must hold what the master has fixed; a Locust worker gets it with the start of the test.
    """

    def __init__(self, load: Load, *, worker: int) -> None:
        options, began = load.options, stopwatch()
        is_storm = load.plan.is_storm
        self._simulator = Simulator(
            control_url(options.simulator), token=options.simulator_token, timeout_s=_CALL_TIMEOUT_S
        )
        self._buffer = LeaseBuffer(
            self._simulator,
            _policy_of(load),
            mix=load.mix,
            ttl_s=load.ttl_s,
            answer_s=options.answer_timeout,
            elapsed_s=lambda: stopwatch() - began,
        )
        faults = DeliveryFaults(
            load.shares, load.outage, breaks_resends=not is_storm, draw=seeded_draws(options.seed, worker)
        )
        DeliveryUser.state = SendingState(self._buffer, faults, began=began, is_storm=is_storm)
        DeliveryUser.pace = options.pace
        DeliveryUser.insecure = not load.tls["tls_verify"]
        DeliveryUser.ssl_context_factory = staticmethod(load.tls_context)
        DeliveryUser.network_timeout = DeliveryUser.connection_timeout = options.answer_timeout
        self._buffer.start()

    def finish(self) -> None:
        """Locust is about to stop the users: take no new leases, and let the users send what waits."""
        self._buffer.finish()

    def close(self) -> None:
        """All users have ended: report everything."""
        self._buffer.close()
        self._simulator.close()


def _policy_of(load: Load) -> LeasePolicy:
    if load.plan.is_storm:
        return StormPolicy(backlog=load.options.backlog)
    return SteadyPolicy(resend_after_s=load.options.resend_after, outage=load.outage)
