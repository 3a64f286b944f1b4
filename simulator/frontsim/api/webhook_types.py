"""`/api/WebhooksTypes`: the event types (paths published; an array of strings is our choice)."""

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from frontsim.api.responses import json
from frontsim.catalog import Catalog
from frontsim.errors import NotFound, UnknownEventType


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
