"""Raises events all the time for `api.py`, and has the simulator break a share of their deliveries."""

import logging
import threading
from bisect import bisect
from collections.abc import Mapping, Sequence
from itertools import accumulate

from frontsim.client.errors import CallError
from frontsim.clock import stopwatch
from frontsim.load.master.setup import LoadSetup
from frontsim.load.plan.delivery_faults import seeded_draws

logger = logging.getLogger(__name__)

FAULTS: Sequence[tuple[str, float, Mapping[str, object]]] = (
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

    def __init__(self, setup: LoadSetup, *, rate: float) -> None:
        self._simulator = setup.simulator
        self._receiver = setup.load.options.receiver
        self._mix = setup.load.mix
        self._rate = rate
        self._draw = seeded_draws(setup.load.options.seed, 0)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._raise_all, daemon=True)
        self._rules: list[str] = []

    def start(self) -> None:
        """Add the fault rules, and begin to raise events."""
        match = {"url": self._receiver}
        for fault, probability, params in FAULTS:
            rule = self._simulator.add_fault(fault, match=match, probability=probability, params=params)
            self._rules.append(str(rule["id"]))
        self._thread.start()

    def stop(self) -> None:
        """Raise no more events, and remove the fault rules. Raises CallError."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()
        while self._rules:
            self._simulator.remove_fault(self._rules.pop())

    def _raise_all(self) -> None:
        began, raised = stopwatch(), 0
        while not self._stopped.wait(_TICK_S):
            due = round((stopwatch() - began) * self._rate) - raised
            for event in self._draw_types(due):
                try:
                    self._simulator.trigger(event)
                except CallError as error:
                    logger.warning("an event could not be raised: %s", error)
            raised += due

    def _draw_types(self, count: int) -> list[str]:
        """`count` event types, drawn by their weights."""
        bounds = list(accumulate(self._mix.values()))
        names = list(self._mix)
        return [names[bisect(bounds, self._draw() * bounds[-1])] for _ in range(count)]
