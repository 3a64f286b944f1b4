import threading
from types import SimpleNamespace
from typing import Any

from frontsim.client.errors import Unreachable
from frontsim.load.live import FAULTS, EventSource
from tests.support.patience import PATIENCE_S

RECEIVER = "http://receiver/"


class TriggeredSimulator:
    """Keeps the fault rules and the events; its first trigger fails."""

    def __init__(self) -> None:
        self.rules: dict[str, tuple[str, Any]] = {}
        self.events: list[str] = []
        self.raised = threading.Event()
        self._failed = False

    def add_fault(self, fault: str, *, match: Any, **_: Any) -> dict[str, Any]:
        self.rules[str(len(self.rules))] = (fault, match)
        return {"id": len(self.rules) - 1}

    def remove_fault(self, fault_id: str) -> None:
        del self.rules[fault_id]

    def trigger(self, event: str) -> None:
        if not self._failed:
            self._failed = True
            raise Unreachable("no simulator there")
        self.events.append(event)
        if len(self.events) >= 20:
            self.raised.set()


def test_it_raises_events_under_faults_until_it_is_stopped() -> None:
    """Faults strike this receiver alone; a failed call does not end it; afterwards no rule is left, and no thread."""
    simulator = TriggeredSimulator()
    options = SimpleNamespace(receiver=RECEIVER, seed=7)
    load = SimpleNamespace(mix={"SaleCreated": 3.0, "CustomerCreated": 1.0}, options=options)
    source = EventSource(SimpleNamespace(simulator=simulator, load=load), rate=200)  # type: ignore[arg-type]
    source.start()
    assert [(fault, {"url": RECEIVER}) for fault, _, _ in FAULTS] == list(simulator.rules.values())
    assert simulator.raised.wait(PATIENCE_S)
    source.stop()
    assert {} == simulator.rules
    assert not source._thread.is_alive()
    assert {"SaleCreated", "CustomerCreated"} == set(simulator.events)
