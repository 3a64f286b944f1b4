"""A shop whose events are all subscribed to, and what a caller does to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from frontsim import catalog
from tests.contracts.test_real_answers import check_answer
from tests.support.simulation import Simulation, simulation

CATALOG = catalog.load()
NOWHERE = "http://127.0.0.1:9/hook"


class Shopping:
    """The events of one simulator, and its stock."""

    def __init__(self, sim: Simulation) -> None:
        self.sim = sim
        self._webhooks = {kind.name: sim.subscribes(NOWHERE, kind.name) for kind in CATALOG}
        self.types = list(self._webhooks)
        self._seen: set[str] = set()
        [row, *_, self.last] = sim.api("POST", "Stock", json={"useGTIN": True}).json()
        self.stock_id, self.gtin, self.level = row["stockId"], row["id"], row["quantity"]

    def calls(self, method: str, path: str, body: object = None, *, status: int = 200, **more: Any) -> Any:
        """A call that is answered with that status, as the document describes it."""
        answer = self.sim.api(method, path, **({} if body is None else {"json": body}), **more)
        assert status == answer.status_code, answer.text
        return answer.json() if answer.content else None

    def raised(self) -> list[tuple[str, dict[str, Any]]]:
        """The events since the last time, in the order in which they happened; each is valid under its schema."""
        new = []
        for name, webhook in self._webhooks.items():
            for entry in self.sim.log(webhook, includePayload="true"):
                if entry["webhookEventId"] not in self._seen:
                    self._seen.add(entry["webhookEventId"])
                    new.append((entry["webhookEventId"], name, entry["payload"]))
        for _, name, payload in new:
            CATALOG.check_value(name, payload)
        return [(name, payload) for _, name, payload in sorted(new, key=lambda event: event[0])]

    def names(self) -> list[str]:
        return [name for name, _ in self.raised()]

    def quantity(self, *, free: bool = False, stock_id: int | None = None, gtin: str = "") -> float:
        """The pieces of a size in a stock."""
        asked = {"useGTIN": True, "stockIds": [stock_id or self.stock_id], "excludeStockReservations": free}
        rows = self.sim.api("POST", "Stock", json=asked).json()
        quantity: float = next(row["quantity"] for row in rows if row["id"] == (gtin or self.gtin))
        return quantity


@contextmanager
def shopping(**settings: Any) -> Iterator[Shopping]:
    with simulation(**settings) as sim:
        yield Shopping(sim)


__all__ = ["Shopping", "check_answer", "shopping"]
