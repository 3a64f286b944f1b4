"""Deliveries taken out of the simulator to be sent by hand; the log has them as begun, and is told their end."""

from collections.abc import Mapping
from dataclasses import dataclass

from frontsim.client.errors import UnexpectedAnswer
from frontsim.client.http import HttpApi
from frontsim.domain.model import Outcome

TTL_S = 60.0
"""Seconds after which the simulator logs a delivery that nobody reported as unknown."""


@dataclass(frozen=True, slots=True)
class LeasedDelivery:
    """One run, to be sent now."""

    webhook_id: str
    webhook_event_id: str
    event: str
    run: int
    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Lease:
    """Deliveries to be reported together."""

    id: str
    deliveries: tuple[LeasedDelivery, ...]


class LeaseClient:
    """`/_sim/leases` of one simulator."""

    def __init__(self, control_url: str, *, token: str = "", timeout_s: float = 60.0) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = HttpApi(control_url, headers=headers, timeout_s=timeout_s)

    def take(self, event: str, *, count: int = 1) -> Lease:
        """Raise occurrences of a type whose deliveries are left to us. Raises CallError."""
        answer = self._http.call("POST", "/leases", body={"event": event, "count": count, "ttlS": TTL_S})
        value = answer.object(of="a lease")
        try:
            deliveries = tuple(
                LeasedDelivery(
                    webhook_id=item["webhookId"],
                    webhook_event_id=item["webhookEventId"],
                    event=item["event"],
                    run=item["run"],
                    url=item["url"],
                    headers=item["headers"],
                    body=item["body"].encode(),
                )
                for item in value["deliveries"]
            )
        except (KeyError, TypeError, AttributeError):
            raise UnexpectedAnswer(answer.call, expected="a lease with deliveries", got=value) from None
        return Lease(str(value.get("id", "")), deliveries)

    def report(
        self, lease: Lease, delivery: LeasedDelivery, outcome: Outcome, *, status_code: int | None, duration_ms: int
    ) -> None:
        """Tell what became of a delivery. Raises CallError."""
        outcomes = [
            {
                "webhookEventId": delivery.webhook_event_id,
                "run": delivery.run,
                "outcome": str(outcome),
                "statusCode": status_code,
                "durationMs": duration_ms,
            }
        ]
        self._http.call("POST", f"/leases/{lease.id}", body={"outcomes": outcomes})

    def close(self) -> None:
        """Close the connections."""
        self._http.close()
