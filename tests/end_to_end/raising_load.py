"""Load on a simulator that may end meanwhile, and what its log says of it."""

import threading
from typing import Any

import httpx

from tests.support.patience import PATIENCE_S
from tests.support.simulation import Simulation


class RaisingLoad:
    """Threads that raise events for as long as they are answered, and keep the ids that were accepted."""

    def __init__(self, sim: Simulation, *, threads: int = 3, count: int = 5) -> None:
        self.accepted: list[str] = []
        self._sim = sim
        self._count = count
        self._threads = [threading.Thread(target=self._raise) for _ in range(threads)]
        for thread in self._threads:
            thread.start()

    def _raise(self) -> None:
        with httpx.Client(trust_env=False, timeout=PATIENCE_S) as http:
            while True:
                try:
                    answer = http.post(
                        f"{self._sim.control_url}/trigger", json={"event": "SaleCreated", "count": self._count}
                    )
                except httpx.HTTPError:
                    return
                if answer.status_code != 202:
                    return
                self.accepted += [item["webhookEventId"] for item in answer.json()["events"]]

    def ends(self) -> None:
        for thread in self._threads:
            thread.join(PATIENCE_S)
            assert not thread.is_alive()


def runs_of(sim: Simulation, webhook: str) -> dict[str, list[dict[str, Any]]]:
    return {entry["webhookEventId"]: entry["runs"] for entry in sim.log(webhook, includeRuns="true")}
