"""What a scenario is played with: a simulator, the receiver, and how its effects are read."""

import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count

from simulator.answers import EventEntry
from simulator.clock import Ids
from simulator.control_client import Simulator
from simulator.exchange import CallError
from simulator.vendor_client import FrontSystems
from simulator.verification.leases import Leases
from simulator.verification.observers import Observer
from simulator.verification.process import ReceiverProcess
from simulator.verification.selection import Selection
from simulator.verification.settle import Pace, Patience

logger = logging.getLogger(__name__)

EVER = ("2000-01-01", "2100-01-01")
"""A window in which every event of a simulator lies."""
TOGETHER = 8
"""Resends that are under way at once."""
_IF_SILENT = 4.5
"""So many times as long a receiver is waited for that may book once a minute: 67.5 s by default."""


def _first_identity() -> int:
    """Somewhere in the upper half of 31 bits, far from the ids that a simulator makes up."""
    return (1 << 30) + Ids().webhook_id().int % (1 << 29)


@dataclass(frozen=True, slots=True)
class Limits:
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
    def patience(self) -> Patience:
        """How long effects are waited for."""
        missing_s = max(10 * self.settle_s, 2.0)
        return Patience(self.settle_s, missing_s, max(self.timeout_s, missing_s))


@dataclass(frozen=True, slots=True)
class Bench:
    """Everything that a scenario needs. `observer` and `process` are None where the user gave no way."""

    api: FrontSystems
    sim: Simulator
    leases: Leases
    receiver_url: str
    selection: Selection
    pause: Callable[[float], None]
    observer: Observer | None = None
    observer_key: str = "webhookEventId"
    process: ReceiverProcess | None = None
    limits: Limits = field(default_factory=Limits)
    pace: Pace = field(default_factory=Pace)
    """How slow the receiver was so far: all scenarios of a run share it."""
    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(TOGETHER))
    identities: Iterator[int] = field(default_factory=lambda: count(_first_identity()))
    """Numbers for sales, customers and the rest that no other run has used, outside the seed on purpose: a receiver
    that knows events by what they are about remembers earlier runs, and would rightly take ours for repeats."""

    @property
    def patience(self) -> Patience:
        """How long effects are waited for, by the limits and by what the run has shown of the receiver so far."""
        patience = self.limits.patience.for_longest(self.pace.longest_s)
        return patience.in_haste() if self.pace.restless else patience

    def last_patience(self, *, silent: bool) -> Patience:
        """How long effects are waited for before a receiver is accused of what is missing.

        `silent`: nothing was booked since they were acknowledged, as if the worker's next batch were not due yet.
        """
        usual = self.limits.patience.for_longest(self.pace.longest_s)
        longest_s = _IF_SILENT * self.limits.last_s
        missing_s = max(usual.missing_s, longest_s if silent else self.limits.last_s)
        return Patience(usual.quiet_s, missing_s, max(usual.most_s, longest_s, missing_s))

    def now(self) -> datetime:
        """The simulator's time, in the vendor's local form, as the log has it. Raises CallError."""
        return datetime.fromisoformat(str(self.sim.clock().get("now")))

    def resend(self, entries: Sequence[tuple[str, str]]) -> None:
        """Resend each (webhook id, event id), several at once. An answer that is lost is the log's to tell."""
        for _ in self.pool.map(self._deliver, entries):
            pass

    def failed(self, webhook_ids: Sequence[str]) -> list[EventEntry]:
        """What the log lists as not received. Raises CallError."""
        lists = self.pool.map(
            lambda each: self.api.list_events(each, from_=EVER[0], to=EVER[1], success=False), webhook_ids
        )
        return [entry for entries in lists for entry in entries]

    def close(self) -> None:
        """Close the connections to the simulator."""
        self.pool.shutdown(wait=False, cancel_futures=True)
        self.leases.close()
        self.api.close()
        self.sim.close()

    def _deliver(self, entry: tuple[str, str]) -> None:
        try:
            self.api.deliver(*entry)
        except CallError as error:
            logger.info(
                "the resend of %s has no answer of its own; the log tells what became of it: %s", entry[1], error
            )
