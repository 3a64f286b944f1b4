"""The vendor's webhook operations: event types, subscriptions, and the log of deliveries with the resend.

The vendor never resends by itself (published).
"""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import orjson
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from frontsim.api.responses import json
from frontsim.catalog import Catalog
from frontsim.clock import Milliseconds, WireTime
from frontsim.domain.delivery_request import parse_target
from frontsim.domain.model import Webhook, read_store_id
from frontsim.errors import BadInput, NotFound, UnknownEventType
from frontsim.store.event_log import EventLog
from frontsim.store.reader import EventQuery, LoggedEvent, LoggedRun, Reader
from frontsim.user_input.fields import Fields
from frontsim.user_input.request_body import read_body, read_object

_FLAGS = {"true": True, "false": False}
_MOST_STATUSES = 500  # far more than exist


class Events:
    """List, read and resend events.

    Args:
        wire_time: how moments are written and read.
    """

    def __init__(self, *, store: EventLog, reader: Reader, wire_time: WireTime) -> None:
        self._store = store
        self._reader = reader
        self._time = wire_time
        self.routes = [
            Route("/api/webhooksevents/{webhookId}", self.list, methods=["GET"], name="listWebhookEvents"),
            Route(
                "/api/webhooksevents/{webhookId}/{webhookEventId}", self.read, methods=["GET"], name="getWebhookEvent"
            ),
            Route(
                "/api/webhooksevents/{webhookId}/deliver/{webhookEventId}",
                self.deliver,
                methods=["POST"],
                name="deliverWebhookEvent",
            ),
        ]

    async def list(self, request: Request) -> Response:
        """A bare array, oldest first, never paged; `from` is inclusive and `to` exclusive (open)."""
        query = read_query(path_id(request, "webhookId"), request.query_params, self._time)
        pages = self._reader.events(query)
        first: Sequence[LoggedEvent] = await anext(pages, [])  # an unknown webhook is a 404, not half an array
        return StreamingResponse(self._array(query, first, pages), media_type="application/json; charset=utf-8")

    async def read(self, request: Request) -> Response:
        """One entry with its payload ("the request sent from us", published) and its runs (open)."""
        webhook_id, event_id = path_id(request, "webhookId"), str(path_id(request, "webhookEventId"))
        return json(self._entry(webhook_id, await self._reader.event(webhook_id, event_id), with_runs=True))

    async def deliver(self, request: Request) -> Response:
        """Resend an event; answers after the run, 200 whatever the receiver answered (open)."""
        webhook_id, event_id = path_id(request, "webhookId"), str(path_id(request, "webhookEventId"))
        await read_body(request)
        await self._store.resend(webhook_id, event_id)
        return json(self._entry(webhook_id, await self._reader.event(webhook_id, event_id), with_runs=True))

    async def _array(
        self, query: EventQuery, entries: Sequence[LoggedEvent], pages: AsyncIterator[Sequence[LoggedEvent]]
    ) -> AsyncIterator[bytes]:
        opening = b"["
        while entries:
            page = orjson.dumps([self._entry(query.webhook_id, item, with_runs=query.with_runs) for item in entries])
            yield opening + page[1:-1]
            opening = b","
            entries = await anext(pages, [])
        yield b"[]" if opening == b"[" else b"]"

    def _entry(self, webhook_id: UUID, entry: LoggedEvent, *, with_runs: bool) -> dict[str, Any]:
        """An entry of the log; all fields but `runs` are published."""
        shown: dict[str, Any] = {
            "webhookId": webhook_id,
            "webhookEventId": entry.webhook_event_id,
            "createdDateTime": self._time.write(entry.created_at),
            "updatedDateTime": None if entry.updated_at is None else self._time.write(entry.updated_at),
            "status": entry.status,
            "statusCode": entry.status_code,
            "success": bool(entry.success),
            "runsCounter": entry.runs_counter,
        }
        if entry.payload is not None:
            shown["payload"] = orjson.Fragment(entry.payload)
        shown["runs"] = [self._run(run) for run in entry.runs] if with_runs else []
        return shown

    def _run(self, run: LoggedRun) -> dict[str, Any]:
        """One attempt (all of it open)."""
        return {
            "run": run.run,
            "createdDateTime": self._time.write(run.created_at),
            "trigger": run.trigger,
            "status": run.status,
            "statusCode": run.status_code,
            "success": run.status_code is not None and 200 <= run.status_code < 300,
            "durationMs": run.duration_ms,
        }


def read_query(webhook_id: UUID, params: QueryParams, wire_time: WireTime) -> EventQuery:
    """The query of a listing; names match in any case.

    Raises:
        BadInput: `from` or `to` is missing (published as required), or a value cannot be read.
    """
    given: dict[str, list[str]] = {}
    for name, value in params.multi_items():
        given.setdefault(name.lower(), []).append(value)
    problems: dict[str, list[str]] = {}
    since = _moment(given, "from", wire_time, problems)
    until = _moment(given, "to", wire_time, problems)
    success = _flag(given, "success", problems)
    with_payload = _flag(given, "includePayload", problems)
    with_runs = _flag(given, "includeRuns", problems)
    statuses = read_statuses(given.get("statuses", []))
    if len(statuses) > _MOST_STATUSES:
        problems["statuses"] = [f"expected at most {_MOST_STATUSES}, got {len(statuses)}"]
    if problems:
        raise BadInput("; ".join(text for texts in problems.values() for text in texts), problems)
    return EventQuery(
        webhook_id=webhook_id,
        since=since,
        until=until,
        success=success,
        statuses=statuses,
        with_payload=bool(with_payload),
        with_runs=bool(with_runs),
    )


def read_statuses(values: Sequence[str]) -> list[str]:
    """The statuses of a query, in every form that the vendor's description allows.

    `statuses=OK&statuses=Not found`, `statuses=['OK']` and `statuses=OK,Not found` are all taken (open).
    """
    texts = [part for value in values for part in re.sub(r"^\s*\[|\]\s*$", "", value).split(",")]
    cleaned = (part.strip().strip("'\"").strip() for part in texts)
    return [text for text in dict.fromkeys(cleaned) if text]


def _moment(
    given: Mapping[str, Sequence[str]], name: str, wire_time: WireTime, problems: dict[str, list[str]]
) -> Milliseconds:
    try:
        values = given.get(name, [])
        if not values or not values[-1].strip():
            raise ValueError(f"The {name} field is required: a date such as 2021-12-01.")
        return wire_time.read(values[-1], upper=name == "to")
    except ValueError as error:
        problems[name] = [str(error)]
        return 0


def _flag(given: Mapping[str, Sequence[str]], name: str, problems: dict[str, list[str]]) -> bool | None:
    values = given.get(name.lower(), [])
    if not values or not values[-1].strip():
        return None
    flag = _FLAGS.get(values[-1].strip().lower())
    if flag is None:
        problems[name] = [f"expected true or false, got {values[-1][:64]!r}"]
    return flag


_EVENT = "the name of an event type (GET /api/WebhooksTypes lists them)"
_URL = "an absolute http or https URL"
_UNSET = str(UUID(int=0))
""".NET writes this for a Guid that was never set."""


def view(webhook: Webhook) -> dict[str, Any]:
    """A WebhookViewModel (published)."""
    return {"id": str(webhook.id), "storeId": webhook.store_id, "event": webhook.event, "url": webhook.url}


def path_id(request: Request, name: str) -> UUID:
    """A UUID in the path. Raises BadInput."""
    text = request.path_params[name]
    try:
        return UUID(text)
    except ValueError:
        message = f"The value '{text[:100]}' is not valid: expected a UUID."
        raise BadInput(message, {name: [message]}) from None


class Webhooks:
    """Create, read, update and delete webhooks."""

    def __init__(self, *, store: EventLog, reader: Reader, catalog: Catalog) -> None:
        self._store = store
        self._reader = reader
        self._catalog = catalog
        self.routes = [
            Route("/api/webhooks", self.list, methods=["GET"], name="listWebhooks"),
            Route("/api/webhooks", self.create, methods=["POST"], name="createWebhook"),
            Route("/api/webhooks/{webhookId}", self.read, methods=["GET"], name="getWebhook"),
            Route("/api/webhooks/{webhookId}", self.update, methods=["PUT"], name="updateWebhook"),
            Route("/api/webhooks/{webhookId}", self.delete, methods=["DELETE"], name="deleteWebhook"),
        ]

    async def list(self, _: Request) -> Response:
        """All webhooks, oldest first."""
        return json([view(webhook) for webhook in await self._reader.webhooks()])

    async def create(self, request: Request) -> Response:
        """Subscribe; 200, not 201 (published). The same event and URL again is another webhook (open)."""
        fields = Fields(await read_object(request), any_case=True)
        event = self._event(fields, required=True)
        url = self._url(fields, required=True)
        store_id = read_store_id(fields)
        fields.check()
        assert event is not None
        assert url is not None
        return json(view(await self._store.subscribe(event, url, store_id)))

    async def read(self, request: Request) -> Response:
        return json(view(await self._reader.webhook(path_id(request, "webhookId"))))

    async def update(self, request: Request) -> Response:
        """Take a WebhookViewModel; a field that is missing is kept (open), `storeId: null` means every store."""
        webhook_id = path_id(request, "webhookId")
        fields = Fields(await read_object(request), any_case=True)
        known = await self._reader.webhook(webhook_id)
        if fields.raw("id") not in (None, _UNSET) and str(fields.raw("id")).lower() != str(webhook_id):
            fields.refuse("id", f"the id in the path, {webhook_id}")
        store_id = read_store_id(fields)
        changed = replace(
            known,
            event=self._event(fields) or known.event,
            url=self._url(fields) or known.url,
            store_id=store_id if fields.has("storeId") else known.store_id,
        )
        fields.check()
        await self._store.change(changed)
        return json(view(changed))

    async def delete(self, request: Request) -> Response:
        """Unsubscribe; answers with the deleted webhook (open). Its log stays readable (open)."""
        webhook_id = path_id(request, "webhookId")
        await read_body(request)
        known = await self._reader.webhook(webhook_id)
        await self._store.unsubscribe(webhook_id)
        return json(view(known))

    def _event(self, fields: Fields, *, required: bool = False) -> str | None:
        """The event type in the catalogue's spelling; any case is taken."""
        name = fields.text("event", _EVENT, required=required)
        try:
            return None if name is None else self._catalog.find(name).name
        except UnknownEventType as error:
            fields.note("event", str(error))
            return None

    def _url(self, fields: Fields, *, required: bool = False) -> str | None:
        url = fields.text("url", _URL, required=required)
        try:
            if url is not None:
                parse_target(url)
        except BadInput as error:
            fields.note("url", str(error))
        return url


class WebhookTypes:
    """The catalogue, read-only."""

    def __init__(self, *, catalog: Catalog) -> None:
        self._catalog = catalog
        self._names = orjson.dumps([kind.name for kind in catalog])
        self.routes = [
            Route("/api/webhookstypes", self.list, methods=["GET"], name="listWebhookTypes"),
            Route("/api/webhookstypes/{webhookType}/schema", self.schema, methods=["GET"], name="getWebhookTypeSchema"),
        ]

    async def list(self, _: Request) -> Response:
        """The names of all types."""
        return json(orjson.Fragment(self._names))

    async def schema(self, request: Request) -> Response:
        """A type's JSON Schema, draft 2020-12 (the dialect is open)."""
        try:
            kind = self._catalog.find(request.path_params["webhookType"])
        except UnknownEventType as error:
            raise NotFound(str(error)) from None
        return json(orjson.Fragment(kind.schema_json))
