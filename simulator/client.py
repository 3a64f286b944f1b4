"""The vendor's API, real or mock, and the simulator's control surface, as an integrator would call them.

A call is sent once and ends as `exchange` says; nothing here tries again. What may be repeated, and when,
is the caller's decision: `reconcile` makes it for the list -> resend job.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Self, TypedDict, Unpack
from urllib.parse import quote

import httpx

from simulator.answers import EventEntry, Message, Raised, WebhookView, messages
from simulator.errors import BadInput
from simulator.exchange import Exchange, UnexpectedAnswer, read_url

TIMEOUT_S = 60.0
"""A resend is answered only after the receiver was (open at the vendor): 30 s for it, and as much again."""

_DAY_S = 86_400.0

When = date | str
"""A bound of a query: a date or date-time, or its text. Without an offset it is the vendor's local time."""


class WebhookChanges(TypedDict, total=False):
    """What may be changed of a webhook; what is left out stays as it is."""

    event: str
    url: str
    store_id: int | None


class _Api:
    """An API over one exchange; as a context manager it closes its connections at the end."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._exchange.close()


class FrontSystems(_Api):
    """The vendor's webhook API, real or mock. Safe to use from several threads; a context manager.

    Args:
        base_url: `.../restapi/V2` or `.../api`, with or without a slash at its end.
        api_key: the `x-api-key`.
        subscription_key: the `Ocp-Apim-Subscription-Key`.
        timeout_s: seconds of silence until an answer is given up.
        transport: replaces the network, for tests.

    Raises:
        BadInput: the base URL or a key cannot be used.
    """

    def __init__(
        self,
        base_url: str,
        *,
        api_key: str,
        subscription_key: str,
        timeout_s: float = TIMEOUT_S,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        keys = {"x-api-key": api_key, "Ocp-Apim-Subscription-Key": subscription_key}
        root = _api_url(base_url)
        super().__init__(Exchange(root, headers=keys, timeout_s=timeout_s, transport=transport))

    def list_webhooks(self) -> list[WebhookView]:
        """Every webhook (published; that the body is an array is inferred)."""
        answer = self._exchange.call("GET", "/Webhooks")
        return [WebhookView.read(item) for item in answer.array(of="webhooks")]

    def create_webhook(self, event: str, url: str, *, store_id: int | None = None) -> WebhookView:
        """Subscribe a URL to one type, of one store or of all (published; the answer's body is inferred)."""
        body: dict[str, object] = {"event": event, "url": url}
        if store_id is not None:
            body["storeId"] = store_id
        return WebhookView.read(self._exchange.call("POST", "/Webhooks", body=body).json())

    def get_webhook(self, webhook_id: str) -> WebhookView:
        """One webhook."""
        return WebhookView.read(self._exchange.call("GET", f"/Webhooks/{_part(webhook_id)}").json())

    def update_webhook(self, webhook_id: str, **changes: Unpack[WebhookChanges]) -> WebhookView:
        """Change a webhook: read it, then PUT it whole.

        The PUT is published to take a whole WebhookViewModel; what becomes of a field that it lacks is open.
        """
        model = dict(self.get_webhook(webhook_id).raw)
        names = {"event": "event", "url": "url", "store_id": "storeId"}
        model.update({names[name]: value for name, value in changes.items()})
        answer = self._exchange.call("PUT", f"/Webhooks/{_part(webhook_id)}", body=model)
        return WebhookView.read(answer.json())

    def delete_webhook(self, webhook_id: str) -> None:
        """Unsubscribe."""
        self._exchange.call("DELETE", f"/Webhooks/{_part(webhook_id)}")

    def webhook_types(self) -> list[str]:
        """The types that can be subscribed to (published; the shape, an array of strings, is open)."""
        answer = self._exchange.call("GET", "/WebhooksTypes")
        names = answer.array(of="strings")
        if not all(isinstance(name, str) for name in names):
            raise UnexpectedAnswer(answer.call, expected="an array of strings", got=names)
        return names

    def type_schema(self, event: str) -> Any:
        """The schema of a type's payload, as it came (published; its dialect is open)."""
        return self._exchange.call("GET", f"/WebhooksTypes/{_part(event)}/schema").json()

    def list_events(
        self,
        webhook_id: str,
        *,
        from_: When,
        to: When,
        success: bool | None = None,
        statuses: Sequence[str] = (),
        include_payload: bool = False,
        include_runs: bool = False,
    ) -> list[EventEntry]:
        """The log of a webhook between two moments (published).

        `success` None lists both. Whether a bound is inclusive, and the order, are open at the vendor; the
        mock takes `from` inclusive and `to` exclusive, oldest first.
        """
        query = [("from", _when(from_)), ("to", _when(to))]
        query += [("statuses", status) for status in statuses]
        query += [] if success is None else [("success", _flag(success))]
        query += [("includePayload", _flag(include_payload)), ("includeRuns", _flag(include_runs))]
        answer = self._exchange.call("GET", f"/WebhooksEvents/{_part(webhook_id)}", query=query)
        return [EventEntry.read(item) for item in answer.array(of="events")]

    def get_event(self, webhook_id: str, webhook_event_id: str) -> EventEntry:
        """One logged event with its payload (published)."""
        path = f"/WebhooksEvents/{_part(webhook_id)}/{_part(webhook_event_id)}"
        return EventEntry.read(self._exchange.call("GET", path).json())

    def deliver(self, webhook_id: str, webhook_event_id: str) -> EventEntry:
        """Resend an event once; the entry as it is afterwards (published; that it waits for the run is open).

        A 200 says only that the resend was made: whether it was received is the entry's `success`.
        """
        path = f"/WebhooksEvents/{_part(webhook_id)}/deliver/{_part(webhook_event_id)}"
        return EventEntry.read(self._exchange.call("POST", path).json())


class Simulator(_Api):
    """The simulator's own surface, under `/_sim`. Safe to use from several threads; a context manager.

    Args:
        control_url: see `control_url`.
        token: the bearer token, "" for none.
        timeout_s: seconds of silence until an answer is given up.
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
        super().__init__(Exchange(control_url, headers=headers, timeout_s=timeout_s, transport=transport))

    def trigger(
        self,
        event: str,
        *,
        count: int = 1,
        store_id: int | None = None,
        set_: Mapping[str, object] | None = None,
        payload: Mapping[str, object] | None = None,
        invalid: bool = False,
    ) -> Raised:
        """Raise occurrences of a type. They are in the log when this returns, not yet delivered.

        `set_` maps dotted paths of the payload to values; `payload` replaces it; `invalid` sends what breaks
        the schema all the same.
        """
        body: dict[str, object] = {"event": event, "count": count}
        optional = {"storeId": store_id, "set": set_, "payload": payload, "invalid": invalid or None}
        body.update({name: value for name, value in optional.items() if value is not None})
        return Raised.read(self._exchange.call("POST", "/trigger", body=body).json())

    def simulate(self, what: str, *, count: int = 1) -> Raised:
        """Do a business act and everything that it causes, such as `sale`."""
        answer = self._exchange.call("POST", "/simulate", body={"what": what, "count": count})
        return Raised.read(answer.json())

    def simulate_day(self, *, speed: float) -> Raised:
        """Play a trading day of the whole chain, `speed` times faster than real time."""
        body = {"what": "day", "speed": speed}
        return Raised.read(self._exchange.call("POST", "/simulate", body=body, more_s=_DAY_S / speed).json())

    def add_fault(
        self,
        fault: str,
        *,
        match: Mapping[str, object] | None = None,
        times: int | None = None,
        probability: float = 1.0,
        params: Mapping[str, object] | None = None,
    ) -> dict[str, Any]:
        """Add a rule behind those that there are; the rule with its id. `times` None: without end."""
        body = {
            "fault": fault,
            "match": match or {},
            "times": times,
            "probability": probability,
            "params": params or {},
        }
        return self._exchange.call("POST", "/faults", body=body).object(of="a fault rule")

    def list_faults(self) -> list[Any]:
        """Every rule, in the order in which they are tried."""
        return self._exchange.call("GET", "/faults").array(of="fault rules")

    def remove_fault(self, fault_id: str) -> None:
        """Remove one rule."""
        self._exchange.call("DELETE", f"/faults/{_part(fault_id)}")

    def clear_faults(self) -> None:
        """Remove every rule."""
        self._exchange.call("DELETE", "/faults")

    def drain(self, timeout_s: float = 30.0) -> bool:
        """Wait until nothing is due or in flight; False when `timeout_s` ran out first."""
        answer = self._exchange.call("POST", "/drain", body={"timeoutS": timeout_s}, more_s=timeout_s)
        drained = answer.object(of="drained").get("drained")
        if not isinstance(drained, bool):
            raise UnexpectedAnswer(answer.call, expected='{"drained": true or false}', got=drained)
        return drained

    def clock(self) -> dict[str, Any]:
        """The simulator's time."""
        return self._exchange.call("GET", "/clock").object(of="the clock")

    def advance(self, seconds: float) -> dict[str, Any]:
        """Move the simulator's time forward."""
        return self._exchange.call("POST", "/clock", body={"advanceS": seconds}).object(of="the clock")

    def set_clock(self, now: str) -> dict[str, Any]:
        """Set the simulator's time."""
        return self._exchange.call("POST", "/clock", body={"now": now}).object(of="the clock")

    def health(self) -> dict[str, Any]:
        """Whether the simulator is well."""
        return self._exchange.call("GET", "/health").object(of="health")

    def stats(self) -> dict[str, Any]:
        """The simulator's counters."""
        return self._exchange.call("GET", "/stats").object(of="counters")

    def reset(self) -> None:
        """Forget everything: webhooks, events, faults, the clock's offset."""
        self._exchange.call("POST", "/reset")

    def sink(self, name: str) -> list[Any]:
        """What a stand-in business system has recorded."""
        return self._exchange.call("GET", f"/sink/{_part(name)}").array(of="records")

    def stream(self, *, after: str = "") -> Iterator[Message]:
        """Every change from now on, or behind the message of that id; it ends when the simulator does.

        Raises:
            Ambiguous: the stream broke off.
        """
        headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": after} if after else {})
        with self._exchange.open("/stream", headers=headers) as lines:
            yield from messages(lines)


def control_url(base_url: str) -> str:
    """Where the control surface is: the base URL's origin, then `/_sim`.

    Raises:
        BadInput: it is no http or https URL.
    """
    return str(read_url(base_url).copy_with(path="/_sim"))


def _api_url(base_url: str) -> str:
    url = read_url(base_url)
    path = url.path.rstrip("/")
    return str(url.copy_with(path=path if path.lower().endswith("/api") else f"{path}/api"))


def _part(text: str) -> str:
    """One part of a path: whatever an id holds, it stays one part, and a call stays the one that was meant."""
    try:
        part = quote(text, safe="")
    except UnicodeEncodeError:
        part = ""
    if text.strip() in ("", ".", "..") or not part:
        raise BadInput(f"expected an id, got {text!r}")
    return part


def _when(moment: When) -> str:
    return moment if isinstance(moment, str) else moment.isoformat()


def _flag(value: bool) -> str:  # noqa: FBT001 - one flag is all that there is to convert
    return "true" if value else "false"
