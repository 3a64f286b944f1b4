"""What a scenario is played with: a simulator, the receiver, and how its effects are read.

The vendor's API may fail, also because a scenario breaks it. Then a call is made again, as any integrator must, for as
long as missing effects are waited for; a scenario whose calls still fail then has no verdict on the receiver.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from threading import Event
from typing import TypeVar

from frontsim.client.control import Simulator
from frontsim.client.errors import Ambiguous, ApiError, CallError, UnexpectedAnswer, Unreachable
from frontsim.client.models import EventEntry
from frontsim.client.vendor import FrontSystems
from frontsim.clock import Ids, stopwatch
from frontsim.verification.observe.observers import Observer
from frontsim.verification.observe.settle import ReceiverLatency, WaitLimits
from frontsim.verification.play.process import ReceiverProcess
from frontsim.verification.scenario.selection import Selection

logger = logging.getLogger(__name__)

EVER = ("2000-01-01", "2100-01-01")
"""A window in which every event of a simulator lies."""
TOGETHER = 8
"""Resends that are under way at once."""
_IF_SILENT = 4.5
"""So many times as long a receiver is waited for that may book once a minute: 67.5 s by default."""
_AGAIN_S = 0.05
_LONGEST_AGAIN_S = 0.5
_TRIES_IF_LOST = 2

T = TypeVar("T")


def _first_identity() -> int:
    """Somewhere in the upper half of 31 bits, far from the ids that a simulator makes up."""
    return (1 << 30) + Ids().webhook_id().int % (1 << 29)


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """Times in seconds.

    `settle_s` is the quiet window, `timeout_s` what one scenario may take, `answer_s` how long the receiver may take to
    answer a delivery (the simulator's own limit). `last_s` is how long missing effects must have stayed away before a
    receiver is accused of them: not in each scenario, but in the last look of a run.
    """

    settle_s: float = 0.3
    timeout_s: float = 60.0
    answer_s: float = 5.0
    last_s: float = 15.0

    @property
    def wait_limits(self) -> WaitLimits:
        """How long effects are waited for."""
        missing_s = max(10 * self.settle_s, 2.0)
        return WaitLimits(self.settle_s, missing_s, max(self.timeout_s, missing_s))


@dataclass(frozen=True, slots=True)
class Harness:
    """Everything that a scenario needs. `observer` and `process` are None where the user gave no way."""

    api: FrontSystems
    sim: Simulator
    receiver_url: str
    selection: Selection
    pause: Callable[[float], None]
    observer: Observer | None = None
    observer_key: str = "webhookEventId"
    process: ReceiverProcess | None = None
    limits: TimeLimits = field(default_factory=TimeLimits)
    latency: ReceiverLatency = field(default_factory=ReceiverLatency)
    """How slow the receiver was so far: all scenarios of a run share it."""
    closed: Event = field(default_factory=Event)
    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(TOGETHER))
    identities: Iterator[int] = field(default_factory=lambda: count(_first_identity()))
    """Numbers for sales, customers and the rest that no other run has used, outside the seed on purpose: a receiver
    that knows events by what they are about remembers earlier runs, and would rightly take ours for repeats."""

    @property
    def wait_limits(self) -> WaitLimits:
        """How long effects are waited for, by the limits and by what the run has shown of the receiver so far."""
        patience = self.limits.wait_limits.for_longest(self.latency.longest_s)
        return patience.in_haste() if self.latency.never_settles else patience

    def last_wait_limits(self, *, silent: bool) -> WaitLimits:
        """How long effects are waited for before a receiver is accused of what is missing.

        `silent`: nothing was booked since they were acknowledged, as if the worker's next batch were not due yet.
        """
        usual = self.limits.wait_limits.for_longest(self.latency.longest_s)
        longest_s = _IF_SILENT * self.limits.last_s
        missing_s = max(usual.missing_s, longest_s if silent else self.limits.last_s)
        return WaitLimits(usual.quiet_s, missing_s, max(usual.most_s, longest_s, missing_s))

    def now(self) -> datetime:
        """The simulator's time, in the vendor's local form, as the log has it. Raises CallError."""
        return datetime.fromisoformat(str(self.sim.clock().get("now")))

    def resend(self, entries: Sequence[tuple[str, str]]) -> None:
        """Resend each (webhook id, event id), several at once.

        One that is refused is made again. So is, once, one whose answer was lost: it may have been made, which a right
        receiver must cope with. If that answer is lost, too, what became of it is the log's to tell.

        Raises:
            ApiError: one was refused for longer than anything is waited for. None is under way any more.
        """
        making = [self.pool.submit(self._deliver, entry) for entry in entries]
        _, left = wait(making, return_when=FIRST_EXCEPTION)
        begun = [each for each in left if not each.cancel()]
        wait(begun)
        for each in making:
            if not each.cancelled():
                each.result()

    def failed(self, webhook_ids: Sequence[str]) -> list[EventEntry]:
        """What the log lists as not received. Raises CallError."""
        return self._listed(
            lambda each: self.api.list_events(each, from_=EVER[0], to=EVER[1], success=False), webhook_ids
        )

    def log(self, webhook_ids: Sequence[str]) -> list[EventEntry]:
        """All that the log has, with payloads and runs. Raises CallError."""
        return self._listed(
            lambda each: self.api.list_events(each, from_=EVER[0], to=EVER[1], include_payload=True, include_runs=True),
            webhook_ids,
        )

    def entry(self, webhook_id: str, webhook_event_id: str) -> EventEntry:
        """One event as the log has it now. Raises CallError."""
        return self._asked(lambda: self.api.get_event(webhook_id, webhook_event_id), (Ambiguous, ApiError))

    def close(self) -> None:
        """Close the connections to the simulator."""
        self.closed.set()
        self.pool.shutdown(wait=False, cancel_futures=True)
        self.api.close()
        self.sim.close()

    def _listed(self, of: Callable[[str], list[EventEntry]], webhook_ids: Sequence[str]) -> list[EventEntry]:
        lists = self.pool.map(lambda each: self._asked(lambda: of(each), (Ambiguous, ApiError)), webhook_ids)
        return [entry for entries in lists for entry in entries]

    def _deliver(self, entry: tuple[str, str]) -> None:
        for _ in range(_TRIES_IF_LOST):
            try:
                self._asked(lambda: self.api.deliver(*entry), (ApiError,))
            except Ambiguous as error:
                logger.info("the answer to the resend of %s is lost, so it may have been made: %s", entry[1], error)
            except (UnexpectedAnswer, Unreachable) as error:
                logger.info(
                    "the resend of %s has no answer of its own; the log tells what became of it: %s", entry[1], error
                )
                return
            else:
                return

    def _asked(self, call: Callable[[], T], again: tuple[type[CallError], ...]) -> T:
        """The answer to a call of the vendor's API, which is made again when it ends with one of `again`.

        Raises:
            CallError: another; or one of them, when it has failed for `last_s`, or is to wait for longer than a
                scenario may take.
        """
        since: float | None = None
        wait_s = _AGAIN_S
        while True:
            try:
                return call()
            except again as error:
                since = since or stopwatch()
                asked_s = (isinstance(error, ApiError) and error.retry_after_s) or 0.0
                is_over = self.closed.is_set() or stopwatch() - since >= self.limits.last_s
                if is_over or asked_s > self.limits.timeout_s:
                    raise
            self._pause_until_closed(max(wait_s, asked_s))
            wait_s = min(2 * wait_s, _LONGEST_AGAIN_S)

    def _pause_until_closed(self, seconds: float) -> None:
        """Wait a little at a time: a run that is interrupted ends when its threads do."""
        while seconds > 0 and not self.closed.is_set():
            self.pause(min(seconds, _LONGEST_AGAIN_S))
            seconds -= _LONGEST_AGAIN_S
