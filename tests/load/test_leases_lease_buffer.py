"""The buffer under real threads, with a stand-in for the simulator that leases numbers and keeps the reports."""

import threading
from collections import Counter
from collections.abc import Mapping

from frontsim.client.control import DeliveryReport, LeasedDelivery
from frontsim.client.errors import Unreachable
from frontsim.clock import stopwatch
from frontsim.domain.model import Outcome
from frontsim.load.leases import MOST, LeaseBuffer, LeasePolicy, SteadyPolicy, StormPolicy
from tests.support.patience import PATIENCE_S


class Leases:
    """A simulator that is only a counter. `refuses` calls fail first; its leases live for `lives_s`."""

    def __init__(self, *, lives_s: float = 60, refuses: int = 0) -> None:
        self._lock = threading.Lock()
        self._lives_s = lives_s
        self.refuses = refuses
        self.handed_out: list[LeasedDelivery] = []
        self.failed: list[LeasedDelivery] = []
        self.reports: list[DeliveryReport] = []
        self.largest = 0

    def lease(self, mix: Mapping[str, float], *, count: int, ttl_s: float) -> list[LeasedDelivery]:
        with self._lock:
            self._refuse()
            self.largest = max(self.largest, count)
            lease = [self._leased(len(self.handed_out) + number, 1, next(iter(mix))) for number in range(count)]
            self.handed_out += lease
            return lease

    def lease_resends(self, *, count: int, ttl_s: float) -> list[LeasedDelivery]:
        with self._lock:
            taken, self.failed = self.failed[:count], self.failed[count:]
            resends = [self._leased(int(each.webhook_event_id), each.run + 1, each.event) for each in taken]
            self.handed_out += resends
            return resends

    def report_lease(self, lease_id: str, reports: list[DeliveryReport]) -> bool:
        assert {lease_id} == {each.delivery.lease_id for each in reports}
        with self._lock:
            self._refuse()
            self.reports += reports
            self.failed += [each.delivery for each in reports if each.outcome is not Outcome.ANSWERED]
            return True

    def _refuse(self) -> None:
        if self.refuses:
            self.refuses -= 1
            raise Unreachable("no simulator there")

    def _leased(self, number: int, run: int, event: str) -> LeasedDelivery:
        until = stopwatch() + self._lives_s
        return LeasedDelivery("7", "w", str(number), event, run, run > 1, "http://receiver/", {}, b"{}", until)


def buffer_of(leases: Leases, policy: LeasePolicy | None = None) -> LeaseBuffer:
    began = stopwatch()
    buffer = LeaseBuffer(
        leases,
        policy or SteadyPolicy(resend_after_s=3600),
        mix={"SaleCreated": 1},
        ttl_s=60,
        answer_s=10,
        elapsed_s=lambda: stopwatch() - began,
    )
    buffer.start()
    return buffer


def test_each_leased_delivery_is_reported_exactly_once() -> None:
    """A delivery that a sender took has its outcome; one that no sender took was not sent."""
    leases = Leases()
    buffer = buffer_of(leases)
    for _ in range(200):
        delivery = buffer.take()
        assert delivery is not None
        buffer.report(DeliveryReport(delivery, Outcome.ANSWERED, 200, 3))
    buffer.close()
    assert Counter(each.webhook_event_id for each in leases.handed_out) == Counter(
        each.delivery.webhook_event_id for each in leases.reports
    )
    counted = Counter(each.outcome for each in leases.reports)
    assert 200 == counted[Outcome.ANSWERED]
    assert len(leases.handed_out) - 200 == counted[Outcome.NOT_SENT]


def test_an_unreachable_simulator_is_asked_again() -> None:
    """Neither a lease nor a report is given up because a call failed."""
    leases = Leases(refuses=1)
    buffer = buffer_of(leases)
    delivery = buffer.take(timeout_s=PATIENCE_S)
    assert delivery is not None
    leases.refuses = 1
    buffer.report(DeliveryReport(delivery, Outcome.ANSWERED, 200, 3))
    buffer.close()
    assert len(leases.handed_out) == len(leases.reports)


def test_a_delivery_whose_lease_would_run_out_under_way_is_not_handed_out() -> None:
    """The log would say *unknown* while it is in flight, and another process would resend it."""
    leases = Leases(lives_s=5)  # less than the 10 s that an answer may take
    buffer = buffer_of(leases)
    assert buffer.take() is None
    buffer.close()
    assert {Outcome.NOT_SENT} == {each.outcome for each in leases.reports}


def test_leases_are_small_when_senders_are_slow() -> None:
    """Leases in a queue grow old: a process that has taken nothing yet leases no more than a few."""
    leases = Leases()
    buffer = buffer_of(leases)
    buffer.take()
    buffer.close()
    assert leases.largest < MOST / 10


def test_a_storm_begins_when_the_whole_backlog_is_in_the_log() -> None:
    """The first resend is handed out only after every original has been reported."""
    leases = Leases()
    buffer = buffer_of(leases, StormPolicy(backlog=40))
    while (delivery := buffer.take()) is None or not delivery.is_resend:
        if delivery is not None:
            buffer.report(DeliveryReport(delivery, Outcome.NOT_SENT))
    originals = [each for each in leases.handed_out if not each.is_resend]
    assert len(originals) == sum(not each.delivery.is_resend for each in leases.reports)
    buffer.report(DeliveryReport(delivery, Outcome.ANSWERED, 200, 1))
    buffer.close()


def test_what_waits_is_taken_before_the_test_stops() -> None:
    """`finish` leases no more, and waits for senders that are still at it."""
    leases = Leases()
    buffer = buffer_of(leases)
    done = threading.Event()

    def send() -> None:
        while not done.is_set():
            delivery = buffer.take(timeout_s=0.05)
            if delivery is not None:
                buffer.report(DeliveryReport(delivery, Outcome.ANSWERED, 200, 1))

    sender = threading.Thread(target=send)
    sender.start()
    buffer.finish()
    done.set()
    sender.join()
    buffer.close()
    assert {Outcome.ANSWERED} == {each.outcome for each in leases.reports}
