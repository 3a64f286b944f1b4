"""`/_sim/leases` as a sender of many deliveries needs it: whole batches out, whole batches of outcomes back."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from frontsim.client.errors import ApiError, UnexpectedAnswer
from frontsim.client.http import HttpApi
from frontsim.clock import stopwatch
from frontsim.domain.model import Outcome

GONE = 404
"""The answer to a report on a lease that ran out: the log has its deliveries as unknown."""


@dataclass(frozen=True, slots=True)
class Leased:
    """One delivery that is ours to send, until `until` (on the stopwatch) at the latest.

    What stands before the host of the webhook's URL is in `headers`, as the simulator itself sends it.
    """

    lease_id: str
    webhook_id: str
    webhook_event_id: str
    event: str
    run: int
    is_resend: bool
    url: str
    headers: Mapping[str, str]
    body: bytes
    until: float


@dataclass(frozen=True, slots=True)
class Told:
    """What became of one delivery."""

    leased: Leased
    outcome: Outcome
    status_code: int | None = None
    duration_ms: int | None = None

    def as_json(self) -> dict[str, Any]:
        """As the report takes it."""
        return {
            "webhookEventId": self.leased.webhook_event_id,
            "run": self.leased.run,
            "outcome": str(self.outcome),
            "statusCode": self.status_code,
            "durationMs": self.duration_ms,
        }


class LeaseDesk:
    """Takes leases and reports on them.

    Args:
        control_url: the simulator's `/_sim`.
        token: its bearer token, "" for none.
        ttl_s: seconds until a lease that nobody reports on ends as unknown.
    """

    def __init__(self, control_url: str, *, token: str = "", ttl_s: float, timeout_s: float = 30.0) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = HttpApi(control_url, headers=headers, timeout_s=timeout_s)
        self._ttl_s = ttl_s

    def take_new(self, mix: Mapping[str, float], count: int) -> list[Leased]:
        """Raise `count` occurrences in the proportions of the mix, and have their deliveries. Raises CallError."""
        return self._take({"mix": dict(mix), "count": count})

    def take_resends(self, count: int) -> list[Leased]:
        """Have the resends of up to `count` failed events, oldest first. Raises CallError."""
        return self._take({"resend": True, "count": count})

    def report(self, lease_id: str, outcomes: Sequence[Told]) -> bool:
        """Tell what became of deliveries of one lease; False when it had run out. Raises CallError."""
        body = {"outcomes": [told.as_json() for told in outcomes]}
        try:
            self._http.call("POST", f"/leases/{lease_id}", body=body)
        except ApiError as error:
            if error.status != GONE:
                raise
            return False
        return True

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _take(self, wish: Mapping[str, object]) -> list[Leased]:
        until = stopwatch() + self._ttl_s
        answer = self._http.call("POST", "/leases", body={**wish, "ttlS": self._ttl_s})
        value = answer.object(of="a lease")
        try:
            return [_leased(str(value["id"]), item, until) for item in value["deliveries"]]
        except (KeyError, TypeError, AttributeError):
            raise UnexpectedAnswer(answer.call, expected="a lease with deliveries", got=value) from None


def _leased(lease_id: str, item: Mapping[str, Any], until: float) -> Leased:
    url, authorization = _apart(item["url"])
    return Leased(
        lease_id=lease_id,
        webhook_id=item["webhookId"],
        webhook_event_id=item["webhookEventId"],
        event=item["event"],
        run=item["run"],
        is_resend=item["trigger"] == "Resend",
        url=url,
        headers={**item["headers"], **authorization},
        body=item["body"].encode(),
        until=until,
    )


def _apart(url: str) -> tuple[str, Mapping[str, str]]:
    """A URL without its userinfo, and the header that this becomes."""
    parts = urlsplit(url)
    userinfo, at, host = parts.netloc.rpartition("@")
    if not at:
        return url, {}
    user, _, password = userinfo.partition(":")
    token = b64encode(f"{unquote(user)}:{unquote(password)}".encode()).decode()
    return parts._replace(netloc=host).geturl(), {"Authorization": f"Basic {token}"}
