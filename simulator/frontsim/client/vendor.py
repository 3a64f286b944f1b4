"""The vendor's webhook API, and the one reader of its log."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any, TypedDict, Unpack

import httpx

from frontsim.client.errors import UnexpectedAnswer, is_call_error
from frontsim.client.http import TIMEOUT_S, ApiClient, HttpApi, path_part, read_url
from frontsim.client.models import EventEntry, WebhookView

__tracebackhide__ = is_call_error

When = date | str
"""A bound of a query: a date or date-time, or its text. Without an offset it is the vendor's local time."""


class WebhookChanges(TypedDict, total=False):
    """Holds the fields of a webhook that may change; those left out stay as they are."""

    event: str
    url: str
    store_id: int | None


class FrontSystems(ApiClient):
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
        url = read_url(base_url)
        path = url.path.rstrip("/")
        root = str(url.copy_with(path=path if path.lower().endswith("/api") else f"{path}/api"))
        super().__init__(HttpApi(root, headers=keys, timeout_s=timeout_s, transport=transport))

    def list_webhooks(self) -> list[WebhookView]:
        """Every webhook (published; that the body is an array is inferred)."""
        answer = self._http.call("GET", "/Webhooks")
        return [WebhookView.read(item) for item in answer.array(of="webhooks")]

    def create_webhook(self, event: str, url: str, *, store_id: int | None = None) -> WebhookView:
        """Subscribe a URL to one type, of one store or of all (published; the answer's body is inferred)."""
        body: dict[str, object] = {"event": event, "url": url}
        if store_id is not None:
            body["storeId"] = store_id
        return WebhookView.read(self._http.call("POST", "/Webhooks", body=body).json())

    def get_webhook(self, webhook_id: str) -> WebhookView:
        return WebhookView.read(self._http.call("GET", f"/Webhooks/{path_part(webhook_id)}").json())

    def update_webhook(self, webhook_id: str, **changes: Unpack[WebhookChanges]) -> WebhookView:
        """Change a webhook: read it, then PUT it whole.

        The PUT is published to take a whole WebhookViewModel; what becomes of a field that it lacks is open.
        """
        model = dict(self.get_webhook(webhook_id).raw)
        names = {"event": "event", "url": "url", "store_id": "storeId"}
        model.update({names[name]: value for name, value in changes.items()})
        answer = self._http.call("PUT", f"/Webhooks/{path_part(webhook_id)}", body=model)
        return WebhookView.read(answer.json())

    def delete_webhook(self, webhook_id: str) -> None:
        self._http.call("DELETE", f"/Webhooks/{path_part(webhook_id)}")

    def webhook_types(self) -> list[str]:
        """The types that can be subscribed to (published; the shape, an array of strings, is open)."""
        answer = self._http.call("GET", "/WebhooksTypes")
        names = answer.array(of="strings")
        if not all(isinstance(name, str) for name in names):
            raise UnexpectedAnswer(answer.call, expected="an array of strings", got=names)
        return names

    def type_schema(self, event: str) -> Any:
        """The schema of a type's payload, as it came (published; its dialect is open)."""
        return self._http.call("GET", f"/WebhooksTypes/{path_part(event)}/schema").json()

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
        answer = self._http.call("GET", f"/WebhooksEvents/{path_part(webhook_id)}", query=query)
        return [EventEntry.read(item) for item in answer.array(of="events")]

    def get_event(self, webhook_id: str, webhook_event_id: str) -> EventEntry:
        """One logged event with its payload (published)."""
        path = f"/WebhooksEvents/{path_part(webhook_id)}/{path_part(webhook_event_id)}"
        return EventEntry.read(self._http.call("GET", path).json())

    def deliver(self, webhook_id: str, webhook_event_id: str) -> EventEntry:
        """Resend an event once; the entry as it is afterwards (published; that it waits for the run is open).

        A 200 says only that the resend was made: whether it was received is the entry's `success`.
        """
        path = f"/WebhooksEvents/{path_part(webhook_id)}/deliver/{path_part(webhook_event_id)}"
        return EventEntry.read(self._http.call("POST", path).json())


def _when(moment: When) -> str:
    return moment if isinstance(moment, str) else moment.isoformat()


def _flag(value: bool) -> str:  # noqa: FBT001 - one flag is all that there is to convert
    return "true" if value else "false"


EVER = ("2000-01-01", "2199-12-31")
"""A window that leaves nothing out."""


class LogFilter(TypedDict, total=False):
    """Which events, None for all, and what each carries."""

    success: bool | None
    with_payloads: bool
    with_runs: bool


def read_log(
    api: FrontSystems,
    webhook_ids: Iterable[str],
    *,
    since: When = EVER[0],
    **which: Unpack[LogFilter],
) -> Iterator[EventEntry]:
    """The events since a moment, webhook by webhook, oldest first for each. Raises CallError."""
    for webhook_id in webhook_ids:
        yield from api.list_events(
            webhook_id,
            from_=since,
            to=EVER[1],
            success=which.get("success"),
            include_payload=which.get("with_payloads", False),
            include_runs=which.get("with_runs", False),
        )
