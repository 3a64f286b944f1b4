"""A scenario whose simulator only notes what it is asked to do."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from frontsim.client.models import RaisedEvent
from frontsim.verification.patience import ReceiverLatency, TimeLimits, WaitLimits
from frontsim.verification.play.harness import Harness
from frontsim.verification.play.scenario_state import ScenarioState
from frontsim.verification.request import Request
from frontsim.verification.scenario.scenario import chosen
from tests.verification.play.mortal import MortalReceiver, is_killed_in

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


class NotingSimulator:
    """Each call takes a second by its own clock. `payloads` are what the next raised events get, in turn."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Any]] = []
        self.payloads: list[Mapping[str, Any]] = []
        self.logged: dict[str, Mapping[str, Any]] = {}
        self.now = EPOCH

    def _note(self, call: str, what: object = None) -> None:
        self.asked.append((call, what))
        self.now += timedelta(seconds=1)

    def add_fault(self, fault: str, **more: Any) -> dict[str, Any]:
        self._note("add_fault", {"fault": fault, **more})
        return {"id": len(self.asked)}

    def list_faults(self) -> list[dict[str, object]]:
        return []

    def remove_fault(self, number: str) -> None:
        self._note("remove_fault", number)

    def drain(self, _timeout_s: float) -> bool:
        self._note("drain")
        return True

    def trigger(self, event: str, *, count: int, **more: Any) -> SimpleNamespace:
        self._note("trigger", {"event": event, "count": count, **more})
        ids = [f"e{len(self.logged) + number}" for number in range(count)]
        for id_ in ids:
            self.logged[id_] = self.payloads.pop(0) if self.payloads else {}
        return SimpleNamespace(events=[RaisedEvent("w", id_, event) for id_ in ids])

    def what(self, call: str) -> list[Any]:
        """List the arguments of each call of that name."""
        return [what for name, what in self.asked if name == call]


class FakeHarness(SimpleNamespace):
    """Has what a test gives it, and is as patient as a real one."""

    patience = Harness.patience
    drain = Harness.drain


@pytest.fixture
def sim() -> NotingSimulator:
    return NotingSimulator()


@pytest.fixture
def state(sim: NotingSimulator) -> ScenarioState:
    (scenario,) = chosen(["steady"])
    new_ids = iter(range(100, 300))
    harness = FakeHarness(
        is_alone=True,
        sim=sim,
        limits=TimeLimits(),
        pause=lambda _: None,
        now=lambda: sim.now,
        identities=new_ids,
        fresh=lambda _: {"saleId": next(new_ids)},
        own_article=lambda event: {"gtin": next(new_ids)} if event == "StockMovementCreated" else {},
        entry=lambda _, id_: SimpleNamespace(payload=sim.logged[id_]),
        api=SimpleNamespace(create_webhook=lambda *_: SimpleNamespace(id="w")),
        given=SimpleNamespace(
            request=Request("http://127.0.0.1:1/hook"),
            latency=ReceiverLatency(),
            tls=None,
            selection=SimpleNamespace(
                types=lambda events: events,
                past=lambda _: None,
                fitting=lambda _, values: dict(values),
                datetime_fields=lambda _: ["created", "lines[0].at"],
            ),
        ),
    )
    return ScenarioState(scenario, harness, WaitLimits(1, 1, 1), EPOCH)  # type: ignore[arg-type]


@pytest.fixture
def mortal(state: ScenarioState, monkeypatch: pytest.MonkeyPatch) -> MortalReceiver:
    """The one that the state's steps kill."""
    return is_killed_in(state, monkeypatch)
