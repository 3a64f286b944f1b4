"""Deliveries for the senders of one process: leased in the background, told of in batches.

    leases -> waiting -> take() -> the sender -> tell() -> reports

Invariants: whatever was leased is told of exactly once, as *not sent* when no sender took it; a delivery whose
lease could run out under way is not handed out; the queue holds a fraction of a second of work, so that senders
never wait for the simulator and nothing lies there for long. Under Locust the threads are greenlets.
"""

import logging
import queue
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Protocol

from frontsim.client.errors import CallError
from frontsim.clock import stopwatch
from frontsim.domain.model import Outcome
from frontsim.load.lease_policy import LeasePolicy, Want
from frontsim.load.leasing import Leased, Told

logger = logging.getLogger(__name__)

LEAST, MOST = 10, 500
"""Deliveries in one lease."""
AHEAD_S = 0.2
"""Seconds of work that one lease brings; a lease is asked for when less than half of it waits."""
FINISH_S = 2.0
"""Seconds in which senders may take what waits when the test is about to stop."""
REPORT_S = 0.2
_LOOK_S = 0.005
_RETRY_S = 0.3
_LAST_TRIES = 10


class Desk(Protocol):
    """Where leases come from: a `LeaseDesk`, or a stand-in."""

    def take_new(self, mix: Mapping[str, float], count: int) -> list[Leased]:
        """New events."""

    def take_resends(self, count: int) -> list[Leased]:
        """Failed ones."""

    def report(self, lease_id: str, outcomes: list[Told]) -> bool:
        """Outcomes of one lease."""


class LeaseBuffer:
    """Feeds the senders of this process.

    Args:
        desk: where leases come from.
        turns: what to ask for.
        mix: event types and their weights.
        answer_s: seconds that one delivery may take.
        at_s: the seconds since the test's start.
        fetchers: calls for leases that may be under way at once.
    """

    def __init__(
        self,
        desk: Desk,
        turns: LeasePolicy,
        *,
        mix: Mapping[str, float],
        answer_s: float,
        at_s: Callable[[], float],
        fetchers: int = 2,
    ) -> None:
        self._desk = desk
        self._turns = turns
        self._mix = mix
        self._answer_s = answer_s
        self._at_s = at_s
        self._waiting: queue.SimpleQueue[Leased] = queue.SimpleQueue()
        self._told: list[Told] = []
        self._asked = 0
        self._open = 0
        self._last = Want.NEW
        self._taken = 0
        self._per_s = 0.0
        self._measured = (stopwatch(), 0)
        self._stopped = threading.Event()
        jobs = [self._fetch_all] * fetchers + [self._report_all]
        self._threads = [threading.Thread(target=job, daemon=True) for job in jobs]
        self.late: dict[str, Leased] = {}
        """Deliveries that were given up, by event, waiting to arrive together with their resend."""

    def start(self) -> None:
        """Begin to lease."""
        for thread in self._threads:
            thread.start()

    def take(self, timeout_s: float = 1.0) -> Leased | None:
        """The next delivery to send; None when there is none yet."""
        try:
            leased = self._waiting.get(timeout=timeout_s)
        except queue.Empty:
            return None
        self._taken += 1
        if stopwatch() + self._answer_s < leased.until:
            return leased
        self.tell(Told(leased, Outcome.NOT_SENT))
        return None

    def tell(self, told: Told) -> None:
        """Say what became of a delivery; the log learns of it a moment later."""
        self._told.append(told)

    def finish(self) -> None:
        """Stop leasing, and let the senders take what waits, if they do so soon."""
        self._stopped.set()
        began = stopwatch()
        while not self._waiting.empty() and stopwatch() - began < FINISH_S:
            threading.Event().wait(_LOOK_S)

    def close(self) -> None:
        """Stop leasing, and report everything: what no sender took was not sent. Senders must have ended."""
        self._stopped.set()
        for thread in self._threads:
            thread.join()
        while not self._waiting.empty():
            self.tell(Told(self._waiting.get(), Outcome.NOT_SENT))
        for _ in range(_LAST_TRIES):
            if self._report():
                return
            threading.Event().wait(_RETRY_S)
        logger.error("%d outcomes could not be reported: their leases will run out", len(self._told))

    def _fetch_all(self) -> None:
        while not self._stopped.is_set():
            size = self._size()
            if self._waiting.qsize() + self._asked > size // 2:
                self._stopped.wait(_LOOK_S)
                continue
            want = self._turns.want(self._at_s())
            if self._must_wait(want):
                self._stopped.wait(_LOOK_S)
                continue
            try:
                count = self._fetch(want, size)
            except CallError as error:
                logger.warning("no lease: %s", error)
                self._stopped.wait(_RETRY_S)
                continue
            self._turns.got(self._at_s(), want, count)
            if not count:
                self._stopped.wait(_LOOK_S)

    def _must_wait(self, want: Want) -> bool:
        """Between the last new event and the first resend, until all that is out has been reported."""
        if want is Want.RESENDS and self._last is Want.NEW and self._turns.resends_wait and self._open:
            return True
        self._last = want
        return False

    def _fetch(self, want: Want, size: int) -> int:
        self._asked += size
        try:
            leases = self._desk.take_resends(size) if want is Want.RESENDS else self._desk.take_new(self._mix, size)
        finally:
            self._asked -= size
        self._open += len(leases)
        for leased in leases:
            self._waiting.put(leased)
        return len(leases)

    def _size(self) -> int:
        """What is taken in `AHEAD_S` at the present rate."""
        now, (then, before) = stopwatch(), self._measured
        if now - then >= 2 * AHEAD_S:
            self._per_s = (self._taken - before) / (now - then)
            self._measured = (now, self._taken)
        return max(LEAST, min(MOST, round(self._per_s * AHEAD_S)))

    def _report_all(self) -> None:
        while not self._stopped.wait(REPORT_S):
            self._report()

    def _report(self) -> bool:
        """Tell the simulator all that is known; False when some of it could not be told yet."""
        told, self._told = self._told, []
        leases: dict[str, list[Told]] = defaultdict(list)
        for each in told:
            leases[each.leased.lease_id].append(each)
        for lease_id, outcomes in leases.items():
            try:
                if not self._desk.report(lease_id, outcomes):
                    logger.warning("lease %s ran out: %d deliveries are logged as unknown", lease_id, len(outcomes))
            except CallError as error:  # it may have been taken: a second report of the same is then ignored
                logger.warning("no report: %s", error)
                self._told += outcomes
                continue
            self._open -= len(outcomes)
        return not self._told
