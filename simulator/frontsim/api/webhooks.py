"""Subscriptions and event types."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from frontsim.api.responses import json
from frontsim.catalog import Catalog
from frontsim.domain.model import Webhook, read_store_id
from frontsim.domain.target import parse_target
from frontsim.errors import BadInput, NotFound, UnknownEventType
from frontsim.store.event_log import EventLog
from frontsim.store.reader import Reader
from frontsim.user_input.fields import Fields
from frontsim.user_input.request_body import read_body, read_object

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
