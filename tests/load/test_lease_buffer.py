"""The feed under real threads, with a desk that hands out numbers and writes down what it is told."""

import threading
from collections import Counter
from collections.abc import Mapping

from frontsim.client.errors import Unreachable
from frontsim.clock import stopwatch
from frontsim.domain.model import Outcome
from frontsim.load.lease_buffer import MOST, LeaseBuffer
from frontsim.load.lease_policy import LeasePolicy, SteadyPolicy, StormPolicy
from frontsim.load.leasing import Leased, Told


class Desk:
    """A simulator that is only a counter. `refuses` calls fail first; `ttl_s` is how long its leases live."""

    def __init__(self, *, ttl_s: float = 60, refuses: int = 0) -> None:
        self._lock = threading.Lock()
        self._ttl_s = ttl_s
        self.refuses = refuses
        self.handed_out: list[Leased] = []
        self.failed: list[Leased] = []
        self.told: list[Told] = []
        self.largest = 0

    def take_new(self, mix: Mapping[str, float], count: int) -> list[Leased]:
        with self._lock:
            self._refuse()
            self.largest = max(self.largest, count)
            lease = [self._leased(len(self.handed_out) + number, 1, next(iter(mix))) for number in range(count)]
            self.handed_out += lease
            return lease

    def take_resends(self, count: int) -> list[Leased]:
        with self._lock:
            taken, self.failed = self.failed[:count], self.failed[count:]
            resends = [self._leased(int(each.webhook_event_id), each.run + 1, each.event) for each in taken]
            self.handed_out += resends
            return resends

    def report(self, lease_id: str, outcomes: list[Told]) -> bool:
        assert {lease_id} == {each.leased.lease_id for each in outcomes}
        with self._lock:
            self._refuse()
            self.told += outcomes
            self.failed += [each.leased for each in outcomes if each.outcome is not Outcome.ANSWERED]
            return True

    def _refuse(self) -> None:
        if self.refuses:
            self.refuses -= 1
            raise Unreachable("nobody there")

    def _leased(self, number: int, run: int, event: str) -> Leased:
        until = stopwatch() + self._ttl_s
        return Leased("7", "w", str(number), event, run, run > 1, "http://receiver/", {}, b"{}", until)


def feed_of(desk: Desk, turns: LeasePolicy | None = None) -> LeaseBuffer:
    began = stopwatch()
    feed = LeaseBuffer(
        desk,
        turns or SteadyPolicy(resend_after_s=3600),
        mix={"SaleCreated": 1},
        answer_s=10,
        at_s=lambda: stopwatch() - began,
    )
    feed.start()
    return feed


def test_whatever_was_leased_is_told_of_exactly_once() -> None:
    """What senders took has their outcome, what nobody took was not sent; nothing is told of twice or never."""
    desk = Desk()
    feed = feed_of(desk)
    for _ in range(200):
        leased = feed.take()
        assert leased is not None
        feed.tell(Told(leased, Outcome.ANSWERED, 200, 3))
    feed.close()
    assert Counter(each.webhook_event_id for each in desk.handed_out) == Counter(
        each.leased.webhook_event_id for each in desk.told
    )
    counted = Counter(each.outcome for each in desk.told)
    assert 200 == counted[Outcome.ANSWERED]
    assert len(desk.handed_out) - 200 == counted[Outcome.NOT_SENT]


def test_an_unreachable_simulator_is_asked_again() -> None:
    """Neither a lease nor a report is given up because a call failed."""
    desk = Desk(refuses=1)
    feed = feed_of(desk)
    leased = feed.take(timeout_s=5)
    assert leased is not None
    desk.refuses = 1
    feed.tell(Told(leased, Outcome.ANSWERED, 200, 3))
    feed.close()
    assert len(desk.handed_out) == len(desk.told)


def test_a_delivery_whose_lease_would_run_out_under_way_is_not_handed_out() -> None:
    """The log would say *unknown* while it is being sent, and somebody else would resend it."""
    desk = Desk(ttl_s=5)  # less than the 10 s that an answer may take
    feed = feed_of(desk)
    assert feed.take() is None
    feed.close()
    assert {Outcome.NOT_SENT} == {each.outcome for each in desk.told}


def test_leases_are_small_when_senders_are_slow() -> None:
    """What lies in a queue grows old: a process that has taken nothing yet leases no more than a few."""
    desk = Desk()
    feed = feed_of(desk)
    feed.take()
    feed.close()
    assert desk.largest < MOST / 10


def test_a_storm_begins_when_the_whole_backlog_is_in_the_log() -> None:
    """The first resend is handed out only after every original has been reported."""
    desk = Desk()
    feed = feed_of(desk, StormPolicy(backlog=40))
    while (leased := feed.take()) is None or not leased.is_resend:
        if leased is not None:
            feed.tell(Told(leased, Outcome.NOT_SENT))
    originals = [each for each in desk.handed_out if not each.is_resend]
    assert len(originals) == sum(not each.leased.is_resend for each in desk.told)
    feed.tell(Told(leased, Outcome.ANSWERED, 200, 1))
    feed.close()


def test_what_waits_is_taken_before_the_test_stops() -> None:
    """`finish` leases no more, and waits for senders that are still at it."""
    desk = Desk()
    feed = feed_of(desk)
    done = threading.Event()

    def send() -> None:
        while not done.is_set():
            leased = feed.take(timeout_s=0.05)
            if leased is not None:
                feed.tell(Told(leased, Outcome.ANSWERED, 200, 1))

    sender = threading.Thread(target=send)
    sender.start()
    feed.finish()
    done.set()
    sender.join()
    feed.close()
    assert {Outcome.ANSWERED} == {each.outcome for each in desk.told}
