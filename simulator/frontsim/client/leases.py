"""Deliveries that a client takes out of the simulator and sends itself.

    Simulator.lease -> LeasedDelivery -> sent by the client -> DeliveryReport -> Simulator.report_lease

The simulator logs each delivery as begun before it hands it out. A delivery that no client reports ends as *unknown*
when its lease runs out.
"""

from base64 import b64encode
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote, urlsplit

from frontsim.client.errors import UnexpectedAnswer
from frontsim.client.http import Answer
from frontsim.domain.model import ANSWER_BODY_KEPT, Outcome


@dataclass(frozen=True, slots=True)
class LeasedDelivery:
    """One run of an event, to be sent before `until` on the stopwatch.

    `url` holds no user and no password: they are in `headers`, as the simulator itself sends them.
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
class DeliveryReport:
    """How one leased delivery ended.

    `answer` and `answer_headers` are what the receiver said in a refusal; the simulator keeps the beginning of both.
    """

    delivery: LeasedDelivery
    outcome: Outcome
    status_code: int | None = None
    duration_ms: int | None = None
    answer: str = ""
    answer_headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def acknowledged(self) -> bool:
        """Whether the receiver answered with a 2xx."""
        return self.status_code is not None and 200 <= self.status_code < 300

    def as_json(self) -> dict[str, Any]:
        report: dict[str, Any] = {
            "webhookEventId": self.delivery.webhook_event_id,
            "run": self.delivery.run,
            "outcome": str(self.outcome),
            "statusCode": self.status_code,
            "durationMs": self.duration_ms,
        }
        if self.answer or self.answer_headers:
            report["answer"] = {"headers": dict(self.answer_headers), "body": self.answer}
        return report


def answered(
    delivery: LeasedDelivery, status_code: int, duration_ms: int, *, body: bytes, headers: Iterable[tuple[str, str]]
) -> DeliveryReport:
    """The report of a delivery that was answered. What a 2xx says beside its status is of no use, and costs bytes."""
    report = DeliveryReport(delivery, Outcome.ANSWERED, status_code, duration_ms)
    if report.acknowledged:
        return report
    return replace(report, answer=body[:ANSWER_BODY_KEPT].decode(errors="replace"), answer_headers=dict(headers))


def read_lease(answer: Answer, *, until: float) -> list[LeasedDelivery]:
    """The deliveries of a lease that runs out at `until`. Raises UnexpectedAnswer."""
    value = answer.object(of="a lease")
    try:
        return [_delivery(str(value["id"]), item, until) for item in value["deliveries"]]
    except (KeyError, TypeError, AttributeError):
        raise UnexpectedAnswer(answer.call, expected="a lease with deliveries", got=value) from None


def _delivery(lease_id: str, item: Mapping[str, Any], until: float) -> LeasedDelivery:
    url, authorization = _without_userinfo(item["url"])
    return LeasedDelivery(
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


def _without_userinfo(url: str) -> tuple[str, Mapping[str, str]]:
    """A URL without its user and password, and the header that carries them."""
    parts = urlsplit(url)
    userinfo, at, host = parts.netloc.rpartition("@")
    if not at:
        return url, {}
    user, _, password = userinfo.partition(":")
    token = b64encode(f"{unquote(user)}:{unquote(password)}".encode()).decode()
    return parts._replace(netloc=host).geturl(), {"Authorization": f"Basic {token}"}


def by_lease(reports: Iterable[DeliveryReport]) -> dict[str, list[DeliveryReport]]:
    """Reports by the lease that they belong to."""
    found: dict[str, list[DeliveryReport]] = defaultdict(list)
    for report in reports:
        found[report.delivery.lease_id].append(report)
    return found
