"""A simulator on a real socket, and what a user does with it, as verbs."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx

from frontsim.hosting.serving import run_in_thread
from frontsim.settings import Settings
from tests.support.patience import PATIENCE_S

KEYS = {"x-api-key": "any"}
EVER = {"from": "2000-01-01", "to": "2100-01-01"}
UNKNOWN_ID = "0b3f6d5c-1c8e-4c55-9b0e-6a1f0c9d2e11"
"""An id that nothing has."""


class Simulation:
    """A running simulator as its user sees it; `http` asks, `.api` and `.sim` are its two surfaces."""

    def __init__(self, base_url: str, control_url: str, settings: Settings) -> None:
        self.base_url = base_url
        self.control_url = control_url
        self.settings = settings
        keys = {**KEYS, **({"Ocp-Apim-Subscription-Key": "any"} if settings.auth == "lenient" else {})}
        self.http = httpx.Client(headers=keys, timeout=PATIENCE_S, trust_env=False)

    @property
    def server(self) -> str:
        """Scheme, host and port."""
        return self.control_url.removesuffix("/_sim")

    @property
    def port(self) -> int:
        return int(self.server.rpartition(":")[2])

    def api(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Call the vendor's API: `api("GET", "Webhooks")`."""
        return self.http.request(method, f"{self.base_url}/api/{path}", **more)

    def sim(self, method: str, path: str, value: Any = None, **more: Any) -> httpx.Response:
        """Call the control surface: `sim("POST", "trigger", {"event": "SaleCreated"})`."""
        if value is not None:
            more["json"] = value
        return self.http.request(method, f"{self.control_url}/{path}", **more)

    def does(self, path: str, value: Any = None, *, method: str = "POST") -> Any:
        """A control call that must work."""
        answer = self.sim(method, path, value)
        assert answer.is_success, answer.text
        return answer.json()

    def subscribes(self, url: str, event: str = "SaleCreated", store_id: int | None = None) -> str:
        """The new webhook's id."""
        body = {"event": event, "url": url} | ({} if store_id is None else {"storeId": store_id})
        answer = self.api("POST", "Webhooks", json=body)
        assert 200 == answer.status_code, answer.text
        return str(answer.json()["id"])

    def raises(self, event: str = "SaleCreated", count: int = 1, **more: Any) -> list[str]:
        """Raise events; their ids."""
        raised = self.does("trigger", {"event": event, "count": count, **more})
        return [item["webhookEventId"] for item in raised["events"]]

    def breaks(self, fault: str, match: Mapping[str, Any] | None = None, **more: Any) -> str:
        """Add a fault rule; its id."""
        return str(self.does("faults", {"fault": fault, "match": match or {}, **more})["id"])

    def drains(self) -> None:
        assert {"drained": True} == self.does("drain", {"timeoutS": PATIENCE_S})

    def log(self, webhook: str, **query: Any) -> list[dict[str, Any]]:
        """The webhook's entries."""
        answer = self.api("GET", f"WebhooksEvents/{webhook}", params={**EVER, **query})
        assert 200 == answer.status_code, answer.text
        entries: list[dict[str, Any]] = answer.json()
        return entries

    def entry(self, webhook: str, event_id: str) -> dict[str, Any]:
        """One entry, with payload and runs."""
        entry: dict[str, Any] = self.api("GET", f"WebhooksEvents/{webhook}/{event_id}").raise_for_status().json()
        return entry

    def resends(self, webhook: str, event_id: str) -> dict[str, Any]:
        """The entry after a resend."""
        answer = self.api("POST", f"WebhooksEvents/{webhook}/deliver/{event_id}").raise_for_status()
        entry: dict[str, Any] = answer.json()
        return entry

    def state(self) -> Any:
        """Everything that a refused request must leave as it is."""
        stats = self.does("stats", method="GET")
        return stats, self.api("GET", "Webhooks").json(), self.does("faults", method="GET")


@contextmanager
def simulation(**settings: Any) -> Iterator[Simulation]:
    """A simulator of one's own on a free port."""
    chosen = Settings(**{"port": 0, "ephemeral": True, **settings})
    running = run_in_thread(chosen)
    sim = Simulation(running.base_url, running.control_url, chosen)
    try:
        yield sim
    finally:
        sim.http.close()
        running.stop()


def assert_problem(answer: httpx.Response, status: int) -> None:
    """An error of the API itself: problem+json, as ASP.NET Core writes it (inferred)."""
    assert status == answer.status_code, answer.text
    assert "application/problem+json; charset=utf-8" == answer.headers["content-type"]
    assert {"type", "title", "status", "detail", "traceId"} <= answer.json().keys()
    assert status == answer.json()["status"]
