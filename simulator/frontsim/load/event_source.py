"""The shop behind `api.py`: raises events all the time, and the simulator breaks a share of their deliveries."""

import logging
import threading
from bisect import bisect
from collections.abc import Mapping, Sequence
from itertools import accumulate

from frontsim.client.errors import CallError
from frontsim.clock import stopwatch
from frontsim.load.delivery_faults import dice_of
from frontsim.load.master_bench import LoadBench

logger = logging.getLogger(__name__)

BROKEN: Sequence[tuple[str, float, Mapping[str, object]]] = (
    ("lost-response", 0.1, {}),
    ("refuse", 0.1, {}),
    ("reset-after-send", 0.03, {}),
    ("false-failure", 0.05, {"status": 500}),
    ("duplicate", 0.05, {"copies": 2, "apart": "simultaneous"}),
)
"""Faults, the share of deliveries that each takes, and its parameters."""
_TICK_S = 0.1


class EventSource:
    """Raises `rate` events a second until it is stopped."""

    def __init__(self, bench: LoadBench, *, rate: float) -> None:
        self._bench = bench
        self._rate = rate
        self._dice = dice_of(bench.load.options.seed, 0)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._raise_all, daemon=True)
        self._faults: list[str] = []

    def start(self) -> None:
        """Break deliveries to the receiver, and begin to raise events."""
        receiver = self._bench.load.options.receiver
        for fault, probability, params in BROKEN:
            rule = self._bench.sim.add_fault(fault, match={"url": receiver}, probability=probability, params=params)
            self._faults.append(str(rule["id"]))
        self._thread.start()

    def stop(self) -> None:
        """Raise no more, and break nothing any more. Raises CallError."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()
        while self._faults:
            self._bench.sim.remove_fault(self._faults.pop())

    def _raise_all(self) -> None:
        began, raised = stopwatch(), 0
        while not self._stopped.wait(_TICK_S):
            due = round((stopwatch() - began) * self._rate) - raised
            for event in self._drawn(due):
                try:
                    self._bench.sim.trigger(event)
                except CallError as error:
                    logger.warning("an event could not be raised: %s", error)
            raised += due

    def _drawn(self, number: int) -> list[str]:
        mix = self._bench.load.mix
        bounds = list(accumulate(mix.values()))
        names = list(mix)
        return [names[bisect(bounds, self._dice() * bounds[-1])] for _ in range(number)]
