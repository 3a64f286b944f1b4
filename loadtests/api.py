r"""Many integrators list what failed and resend it over the mock's API, while deliveries fail in several ways.

    locust -f loadtests/api.py --headless -u 20 -t 30s --event-rate 40 \
        --receiver http://127.0.0.1:8500/hook --observe-url http://127.0.0.1:8500/effects?payload=false

Here the simulator sends the deliveries, and Locust's statistics show the latency of its API, by operation. Several
users may resend the same events at once, as two jobs that overlap do: neither knows of the other.
"""

import os
from urllib.parse import quote

from locust import FastHttpUser, between, task

from frontsim.load.locust_hooks import register
from frontsim.load.plan import API
from frontsim.settings import Settings

register(API)

RESENDS_PER_LIST = 20
"""Events that an integrator resends before it lists again."""


class Integrator(FastHttpUser):
    """Reconciles all webhooks of the receiver, one at a time."""

    max_retries = 0
    wait_time = between(0.05, 0.5)
    default_headers = {  # noqa: RUF012 - Locust declares it so
        "x-api-key": os.environ.get("FRONTSIM_API_KEY", Settings.api_key),
        "Ocp-Apim-Subscription-Key": os.environ.get("FRONTSIM_SUBSCRIPTION_KEY", Settings.subscription_key),
    }

    def on_start(self) -> None:
        """Find the webhooks; users take them in different orders."""
        options = self.environment.parsed_options
        assert options is not None
        with self.client.get("/api/Webhooks", name="list webhooks", catch_response=True) as answer:
            found = answer.json() if answer.status_code == 200 else []
        self._webhooks = [each["id"] for each in found if each["url"] == options.receiver]
        self._next_webhook = id(self) // 64

    @task(8)
    def reconcile(self) -> None:
        """List what failed, and resend it."""
        if not self._webhooks:
            self.on_start()
            return
        self._next_webhook += 1
        path = f"/api/WebhooksEvents/{self._webhooks[self._next_webhook % len(self._webhooks)]}"
        query = "from=2000-01-01&to=2100-01-01&success=false"
        with self.client.get(f"{path}?{query}", name="list failed", catch_response=True) as answer:
            failed = answer.json() if answer.status_code == 200 else []
        for each in failed[:RESENDS_PER_LIST]:
            self.client.post(f"{path}/deliver/{quote(each['webhookEventId'])}", name="resend")

    @task
    def look_up_types(self) -> None:
        self.client.get("/api/WebhooksTypes", name="list types")

    @task
    def look_up_schema(self) -> None:
        self.client.get("/api/WebhooksTypes/SaleCreated/schema", name="read a schema")
