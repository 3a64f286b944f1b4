"""A Locust user that sends deliveries: as the plan says, and with an honest report of how far each one got."""

import gevent
from locust import FastHttpUser, constant_throughput, task
from locust.contrib.fasthttp import LocustBadStatusCode

from frontsim.clock import stopwatch
from frontsim.domain.model import Outcome
from frontsim.load.delivery_faults import DeliveryFault, DeliveryFaults
from frontsim.load.lease_buffer import LeaseBuffer
from frontsim.load.leasing import Leased, Told
from frontsim.load.network_errors import never_left

_DOWN_PACE_S = (0.005, 1.0)


class Sending:
    """What the users of one process share: the feed, the fates, and the time since the test's start."""

    def __init__(self, feed: LeaseBuffer, fates: DeliveryFaults, *, began: float, is_storm: bool) -> None:
        self.feed = feed
        self.fates = fates
        self.began = began
        self.is_storm = is_storm
        self.usual_s = 0.02

    def at_s(self) -> float:
        """Seconds since the test's start."""
        return stopwatch() - self.began


class DeliveryUser(FastHttpUser):
    """Takes a delivery, sends it, tells what became of it; each user has one under way at a time."""

    abstract = True
    max_retries = 0
    max_redirects = 0
    insecure = False
    sending: Sending
    pace = 0.0

    def wait_time(self) -> float:
        """As many a second as --pace says, or none between two."""
        wait_s: float = constant_throughput(self.pace)(self) if self.pace else 0.0
        return wait_s

    @task
    def deliver(self) -> None:
        """One delivery."""
        sending = self.sending
        leased = sending.feed.take()
        if leased is None:
            return
        match sending.fates.of(at_s=sending.at_s(), is_resend=leased.is_resend):
            case DeliveryFault.UNSENT:
                sending.feed.tell(Told(leased, Outcome.NOT_SENT))
                if not sending.is_storm:  # a path that is down must not make the shop sell faster
                    gevent.sleep(min(max(sending.usual_s, _DOWN_PACE_S[0]), _DOWN_PACE_S[1]))
            case DeliveryFault.LATE:
                sending.feed.late[leased.webhook_event_id] = leased
                sending.feed.tell(Told(leased, Outcome.UNKNOWN))
            case DeliveryFault.LOST:
                self._send(leased, ignore_answer=True)
            case DeliveryFault.SEND:
                self._send_with_its_past(leased)

    def _send_with_its_past(self, leased: Leased) -> None:
        """Send a delivery; an earlier run of its event that is late arrives at the same moment."""
        past = self.sending.feed.late.pop(leased.webhook_event_id, None)
        straggler = gevent.spawn(self._post, past) if past is not None else None
        self._send(leased)
        if straggler is not None:
            straggler.join()

    def _send(self, leased: Leased, *, ignore_answer: bool = False) -> None:
        """Send a delivery and tell what became of it, even if the user is killed meanwhile."""
        sending = self.sending
        began_s = sending.at_s()
        told = Told(leased, Outcome.UNKNOWN)
        try:
            told = self._post(leased)
            sending.usual_s += 0.1 * ((told.duration_ms or 0) / 1000 - sending.usual_s)
        finally:
            if ignore_answer or sending.fates.is_cut_off(began_s=began_s, ended_s=sending.at_s()):
                told = Told(leased, Outcome.UNKNOWN, None, told.duration_ms)
            sending.feed.tell(told)

    def _post(self, leased: Leased) -> Told:
        """One POST, counted in Locust's statistics under its type."""
        began = stopwatch()
        with self.client.post(
            leased.url,
            data=leased.body,  # type: ignore[arg-type]  # bytes are sent as they are; Locust declares str alone
            headers=dict(leased.headers),
            name=leased.event,
            allow_redirects=False,
            catch_response=True,
        ) as answer:
            duration_ms = round((stopwatch() - began) * 1000)
            status = answer.status_code
            error = answer.request_meta["exception"]
            if leased.is_resend:
                answer.request_meta["request_type"] = "RESEND"
            if status and not 200 <= status < 300:
                answer.failure(f"expected a 2xx, got {status}")
        if status and (error is None or isinstance(error, LocustBadStatusCode)):
            return Told(leased, Outcome.ANSWERED, status, duration_ms)
        return Told(leased, Outcome.NOT_SENT if never_left(error) else Outcome.UNKNOWN, None, duration_ms)
