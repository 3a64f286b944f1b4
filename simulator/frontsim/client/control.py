"""The simulator's control surface, leases among it.

Simulator.lease -> LeasedDelivery -> sent by the client -> DeliveryReport -> Simulator.report_lease

The simulator logs each delivery as begun before it hands it out. A delivery that no client reports ends as *unknown*
when its lease runs out.
"""

from base64 import b64encode
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import httpx

from frontsim.client.errors import ApiError, UnexpectedAnswer, is_call_error
from frontsim.client.http import TIMEOUT_S, Answer, ApiClient, HttpApi, path_part, read_url
from frontsim.client.models import Message, RaisedEvent, RunRequest, SentEvent, TriggerAnswer, messages
from frontsim.clock import stopwatch
from frontsim.domain.model import ANSWER_BODY_KEPT, Outcome

__tracebackhide__ = is_call_error


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
        """The receiver answered with a 2xx."""
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


LEASE_TTL_S = 60.0
"""Seconds after which a lease runs out, unless the caller says otherwise."""
STRICT = "strict"
"""The payload profile that any receiver must take: no null, no empty text, plain ASCII."""
_DAY_S = 86_400.0
_NO_SUCH_LEASE = 404


class Simulator(ApiClient):
    """The control surface of one simulator. Several threads may use it; it is a context manager.

    Args:
        control_url: see `control_url`.
        token: the bearer token, "" for none.
        timeout_s: seconds of silence after which a call ends as `Ambiguous`.
        transport: replaces the network, for tests.

    Raises:
        BadInput: the URL or the token cannot be used.
    """

    def __init__(
        self,
        control_url: str,
        *,
        token: str = "",
        timeout_s: float = TIMEOUT_S,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        super().__init__(HttpApi(control_url, headers=headers, timeout_s=timeout_s, transport=transport))

    def trigger(
        self,
        event: str,
        *,
        count: int = 1,
        store_id: int | None = None,
        set_: Mapping[str, object] | None = None,
        each: Sequence[Mapping[str, object]] | None = None,
        payload: Mapping[str, object] | None = None,
        invalid: bool = False,
        payloads: str | None = None,
    ) -> TriggerAnswer:
        """Raise occurrences of a type. When this returns they are in the log, and not yet delivered.

        `set_` maps dotted paths of the payload to values, and `each` does so for one occurrence after another, so that
        its length is the count; `payload` replaces the payload; `invalid` allows one that breaks the schema;
        `payloads` names a payload profile other than the simulator's.
        """
        body: dict[str, object] = {"event": event, "count": len(each) if each else count}
        optional = {
            "storeId": store_id,
            "set": set_,
            "each": each,
            "payload": payload,
            "invalid": invalid or None,
            "payloads": payloads,
        }
        body.update({name: value for name, value in optional.items() if value is not None})
        return TriggerAnswer.read(self._http.call("POST", "/trigger", body=body).json())

    def replay(
        self,
        event: str,
        payload: object,
        *,
        url: str,
        webhook_id: str | None = None,
        webhook_event_id: str | None = None,
    ) -> tuple[RaisedEvent, bool]:
        """Raise an event that really happened, for one webhook, under the ids that it had if they are given.

        Returns the event, and whether it is new: an id that the log has already is not raised again.
        """
        body = {"event": event, "payload": payload, "url": url}
        ids = {"webhookId": webhook_id, "webhookEventId": webhook_event_id}
        body |= {name: value for name, value in ids.items() if value}
        answer = self._http.call("POST", "/replay", body=body)
        found = TriggerAnswer.read(answer.json())
        if len(found.events) != 1:
            raise UnexpectedAnswer(answer.call, expected="one event", got=found.raw)
        return found.events[0], found.occurrences == 1

    def simulate(self, what: str, *, count: int = 1) -> TriggerAnswer:
        """Do a business act, such as `sale`, and everything that it causes."""
        answer = self._http.call("POST", "/simulate", body={"what": what, "count": count})
        return TriggerAnswer.read(answer.json())

    def simulate_day(self, *, speed: float) -> TriggerAnswer:
        """Play a trading day of the whole chain, `speed` times faster than real time."""
        body = {"what": "day", "speed": speed}
        return TriggerAnswer.read(self._http.call("POST", "/simulate", body=body, more_s=_DAY_S / speed).json())

    def sink_keys(self, name: str) -> Mapping[str, int]:
        """How many calls to a sink each Idempotency-Key came with."""
        return self._http.call("GET", f"/sink/{path_part(name)}/keys").object(of="the keys of a sink")

    def lease(self, mix: Mapping[str, float], *, count: int, ttl_s: float = LEASE_TTL_S) -> list[LeasedDelivery]:
        """Raise `count` occurrences in the proportions of the mix, and take their deliveries out of the simulator.

        The caller sends them, and reports each within `ttl_s`.
        """
        return self._lease({"mix": dict(mix), "count": count}, ttl_s)

    def lease_event(
        self,
        event: str,
        *,
        set_: Mapping[str, object] | None = None,
        payloads: str | None = None,
        count: int = 1,
        ttl_s: float = LEASE_TTL_S,
    ) -> list[LeasedDelivery]:
        """Raise `count` occurrences of a type, made as `trigger` makes them, and lease their deliveries."""
        wanted: dict[str, object] = {"event": event, "count": count, "set": set_ or None, "payloads": payloads}
        return self._lease({name: value for name, value in wanted.items() if value is not None}, ttl_s)

    def lease_resends(self, *, count: int, ttl_s: float = LEASE_TTL_S) -> list[LeasedDelivery]:
        """Take the resends of up to `count` failed events out of the simulator, oldest first."""
        return self._lease({"resend": True, "count": count}, ttl_s)

    def report_lease(self, lease_id: str, reports: Sequence[DeliveryReport]) -> bool:
        """Report how deliveries of one lease ended; False when it had run out: the log has them as unknown."""
        body = {"outcomes": [report.as_json() for report in reports]}
        try:
            self._http.call("POST", f"/leases/{path_part(lease_id)}", body=body)
        except ApiError as error:
            if error.status != _NO_SUCH_LEASE:
                raise
            return False
        return True

    def add_fault(
        self,
        fault: str,
        *,
        match: Mapping[str, object] | None = None,
        times: int | None = None,
        probability: float = 1.0,
        params: Mapping[str, object] | None = None,
    ) -> dict[str, Any]:
        """Add a rule after the existing ones, and return it with its id. With `times` None it never wears off."""
        body = {
            "fault": fault,
            "match": match or {},
            "times": times,
            "probability": probability,
            "params": params or {},
        }
        return self._http.call("POST", "/faults", body=body).object(of="a fault rule")

    def list_faults(self) -> list[Any]:
        """Every rule, in the order in which the simulator tries them."""
        return self._http.call("GET", "/faults").array(of="fault rules")

    def remove_fault(self, fault_id: str) -> None:
        self._http.call("DELETE", f"/faults/{path_part(fault_id)}")

    def clear_faults(self) -> None:
        self._http.call("DELETE", "/faults")

    def drain(self, timeout_s: float = 30.0) -> bool:
        """Wait until nothing is due or in flight; False when `timeout_s` ran out first."""
        answer = self._http.call("POST", "/drain", body={"timeoutS": timeout_s}, more_s=timeout_s)
        drained = answer.object(of="drained").get("drained")
        if not isinstance(drained, bool):
            raise UnexpectedAnswer(answer.call, expected='{"drained": true or false}', got=drained)
        return drained

    def clock(self) -> dict[str, Any]:
        return self._http.call("GET", "/clock").object(of="the clock")

    def now(self) -> datetime:
        """The simulator's time, without a zone, in the vendor's local time, as the log has it."""
        answer = self._http.call("GET", "/clock")
        now = answer.object(of="the clock").get("now")
        try:
            return datetime.fromisoformat(str(now))
        except ValueError:
            raise UnexpectedAnswer(answer.call, expected='a date-time at "now"', got=now) from None

    def instant(self) -> datetime:
        """The simulator's time, in the vendor's zone: one moment also in the hour that autumn repeats."""
        answer = self._http.call("GET", "/clock")
        clock = answer.object(of="the clock")
        try:
            return datetime.fromisoformat(str(clock.get("utc"))).astimezone(ZoneInfo(str(clock.get("timezone"))))
        except (ValueError, ZoneInfoNotFoundError):
            raise UnexpectedAnswer(
                answer.call, expected='a date-time at "utc" and a zone at "timezone"', got=clock
            ) from None

    def advance(self, seconds: float) -> dict[str, Any]:
        """Move the simulator's time forward."""
        return self._http.call("POST", "/clock", body={"advanceS": seconds}).object(of="the clock")

    def set_clock(self, now: str) -> dict[str, Any]:
        return self._http.call("POST", "/clock", body={"now": now}).object(of="the clock")

    def health(self) -> dict[str, Any]:
        return self._http.call("GET", "/health").object(of="health")

    def stats(self) -> dict[str, Any]:
        return self._http.call("GET", "/stats").object(of="counters")

    def shop_calls(self) -> list[Any]:
        """The newest calls of the vendor's operations beside webhooks, which no job and no harness makes."""
        calls = self._http.call("GET", "/calls").object(of="the calls").get("calls", [])
        return [call for call in calls if call.get("operation") and "Webhook" not in call["operation"]]

    def keyless_callers(self) -> list[Any]:
        """The callers of the vendor's operations that sent no subscription key, which the vendor would refuse."""
        callers: list[Any] = self._http.call("GET", "/calls?most=0").object(of="the calls")["withoutSubscriptionKey"]
        return callers

    def reset(self) -> None:
        """Delete webhooks, events and fault rules, and set the clock back."""
        self._http.call("POST", "/reset")

    def sink(self, name: str) -> list[Any]:
        """Reads the records of a sink, the stand-in for a business system."""
        return self._http.call("GET", f"/sink/{path_part(name)}").array(of="records")

    def event(self, webhook_event_id: str) -> SentEvent:
        """One event with its request, and each run with the receiver's answer, as the page shows it."""
        answer = self._http.call("GET", f"/page/events/{path_part(webhook_event_id)}")
        return SentEvent.read(answer.object(of="an event"))

    def request_of(self, webhook_event_id: str, run: int) -> RunRequest:
        """Reads the request of a run, as a fault may have changed it."""
        answer = self._http.call("GET", f"/page/events/{path_part(webhook_event_id)}/runs/{run}")
        return RunRequest.read(answer.object(of="a request"))

    def stream(self, *, after: str = "", following: Callable[[], object] = lambda: None) -> Iterator[Message]:
        """Every change from now on, or since the message with the id `after`. The stream ends with the simulator.

        "Now" is when the first message is asked for; once `following` has been called, no change is missed.

        Raises:
            Ambiguous: the stream broke off.
        """
        headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": after} if after else {})
        with self._http.open("/stream", headers=headers) as lines:
            following()
            yield from messages(lines)

    def _lease(self, wanted: Mapping[str, object], ttl_s: float) -> list[LeasedDelivery]:
        until = stopwatch() + ttl_s
        return read_lease(self._http.call("POST", "/leases", body={**wanted, "ttlS": ttl_s}), until=until)


def control_url(base_url: str) -> str:
    """Where the control surface is: the base URL's origin, then `/_sim`.

    Raises:
        BadInput: it is not an http or https URL.
    """
    return str(read_url(base_url).copy_with(path="/_sim"))
