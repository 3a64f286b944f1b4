"""`/_sim/replay`: an event that really happened, delivered again under its own ids.

    POST /_sim/replay {"event", "url", "payload", "webhookId"?, "webhookEventId"?, "storeId"?}
        -> 202 {"occurrences": 1, "events": [{"webhookId", "webhookEventId", "event"}]}

The webhook of `webhookId`, or of that type and URL, is made where there is none, and gets the event alone. An event
whose id is in the log already is not raised again: 202 with `"occurrences": 0`. A real payload is not checked against a
schema, and its type may be one that the catalogue lacks.
"""

from uuid import UUID

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from frontsim.api.responses import json
from frontsim.catalog import TYPE_NAME
from frontsim.domain.model import Occurrence, Replayed, read_store_id, with_known_store
from frontsim.domain.target import parse_target
from frontsim.errors import BadInput
from frontsim.store.event_log import EventLog
from frontsim.user_input.fields import Fields
from frontsim.user_input.request_body import read_object


class ReplayApi:
    """Takes real events. Answers after they are in the log."""

    def __init__(self, *, store: EventLog) -> None:
        self._store = store
        self.routes = [Route("/_sim/replay", self.replay, methods=["POST"])]

    async def replay(self, request: Request) -> Response:
        """Log one event for one webhook; it is delivered as every other."""
        item = _read(Fields(await read_object(request, any_type=True), any_case=True))
        raised, is_new = await self._store.replay(item, self._store.take_numbers(1))
        event = {"webhookId": raised[0], "webhookEventId": raised[1], "event": raised[2]}
        return json({"occurrences": int(is_new), "events": [event]}, 202)


def _read(fields: Fields) -> Replayed:
    """The event of a call. Raises BadInput."""
    fields.only("event", "url", "payload", "webhookId", "webhookEventId", "storeId")
    event = fields.text("event", "the name of an event type", required=True) or ""
    if event and not TYPE_NAME.fullmatch(event):
        fields.refuse("event", "a name that starts with a letter and has letters, digits, _ - and .")
    url = fields.text("url", "the URL of a receiver", required=True) or ""
    try:
        if url:
            parse_target(url)
    except BadInput as error:
        fields.note("url", str(error))
    if not fields.has("payload"):
        fields.refuse("payload", "the event's payload")
    store_id = read_store_id(fields)
    webhook_id, event_id = _uuid(fields, "webhookId"), _uuid(fields, "webhookEventId")
    fields.check()
    body = orjson.dumps(fields.raw("payload"))
    return Replayed(webhook_id, url, event_id, with_known_store(Occurrence(event, body, store_id)))


def _uuid(fields: Fields, name: str) -> UUID | None:
    text = fields.text(name, "a UUID")
    try:
        return None if text is None else UUID(text)
    except ValueError:
        fields.refuse(name, "a UUID")
        return None
