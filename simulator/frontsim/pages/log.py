"""What the page reads of the log: events of all webhooks page by page, one event with everything, and counts."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from frontsim.clock import WireTime
from frontsim.domain.delivery_shape import filled_url
from frontsim.domain.headers import HeaderNames
from frontsim.domain.model import Delivery, Trigger
from frontsim.errors import BadInput
from frontsim.fields import Fields
from frontsim.pages.answers import json
from frontsim.store.log_pages import MOST, OUTCOMES, EventDetail, LogPageQuery, LogRow, RunDetail
from frontsim.store.reader import Reader

_LONGEST = 1_000
"""Characters of a text that is looked for."""
_FILTERS = ("before", "after", "limit", "event", "webhook", "outcome", "text", "from", "to")


class LogReads:
    """The page's reads of the log.

    Args:
        headers: the headers of a delivery, which the page shows.
        body_of: the body of a delivery: its payload, in the shape that the settings give it.
    """

    def __init__(
        self, *, reader: Reader, wire_time: WireTime, headers: HeaderNames, body_of: Callable[[Delivery], bytes]
    ) -> None:
        self._reader = reader
        self._body_of = body_of
        self._time = wire_time
        self._headers = headers
        self.routes = [
            Route("/_sim/page/events", self.events, methods=["GET"]),
            Route("/_sim/page/events/{webhookEventId}", self.event, methods=["GET"]),
            Route("/_sim/page/webhooks", self.webhooks, methods=["GET"]),
            Route("/_sim/page/backlog", self.backlog, methods=["GET"]),
        ]

    async def events(self, request: Request) -> Response:
        """Some events, newest first; `moreFrom` is the `before` or `after` of the next call, null at the end."""
        page = await self._reader.log_page(self._query(request))
        rows = [self._row(row) for row in page.rows]
        return json({"events": rows, "moreFrom": page.more_from, "newest": page.newest})

    async def event(self, request: Request) -> Response:
        """One event: payload, request as it is sent without a fault, and every run with its answer."""
        text = request.path_params["webhookEventId"]
        try:
            event_id = UUID(text)
        except ValueError:
            raise BadInput(f"expected an event's id, a UUID, got {text[:64]!r}") from None
        return json(self._detail(await self._reader.event_detail(event_id)))

    async def webhooks(self, _: Request) -> Response:
        """Every webhook with how its events went."""
        counts = await self._reader.webhook_counts()
        shown: list[dict[str, Any]] = []
        for webhook in await self._reader.webhooks():
            of_it = counts.get(str(webhook.id))
            shown.append(
                {
                    "id": webhook.id,
                    "event": webhook.event,
                    "url": webhook.url,
                    "storeId": webhook.store_id,
                    "events": of_it.events if of_it else 0,
                    "failed": of_it.failed if of_it else 0,
                    "waiting": of_it.waiting if of_it else 0,
                }
            )
        return json(shown)

    async def backlog(self, _: Request) -> Response:
        """How many runs wait or are under way."""
        return json({"backlog": await self._reader.backlog()})

    def _query(self, request: Request) -> LogPageQuery:
        """The query of a page of events. Raises BadInput."""
        params = request.query_params
        given: dict[str, Any] = {name: text for name, text in params.items() if text.strip()}
        for name in ("before", "after", "limit"):
            if given.get(name, "").isdecimal() and len(given[name]) < 18:
                given[name] = int(given[name])
        fields = Fields(given)
        fields.only(*_FILTERS)
        outcome = fields.text("outcome")
        if outcome is not None and outcome not in OUTCOMES:
            fields.refuse("outcome", f"one of {', '.join(OUTCOMES)}")
        webhook = fields.text("webhook")
        try:
            webhook_id = None if webhook is None else UUID(webhook)
        except ValueError:
            webhook_id = None
            fields.refuse("webhook", "a webhook's id, a UUID")
        query = LogPageQuery(
            before=fields.whole("before", least=1),
            after=fields.whole("after", least=0),
            limit=fields.whole("limit", least=1, most=MOST) or 100,
            event=fields.text("event"),
            webhook_id=webhook_id,
            outcome=outcome,
            text=fields.text("text", most=_LONGEST) or "",
            since=self._moment(fields, "from"),
            until=self._moment(fields, "to"),
        )
        fields.check()
        return query

    def _moment(self, fields: Fields, name: str) -> int | None:
        text = fields.text(name)
        try:
            return None if text is None else self._time.read(text, upper=name == "to")
        except ValueError as error:
            fields.note(name, str(error))
            return None

    def _row(self, row: LogRow) -> dict[str, Any]:
        return {
            "number": row.number,
            "webhookEventId": row.webhook_event_id,
            "webhookId": row.webhook_id,
            "event": row.event,
            "url": row.url,
            "isDeleted": row.is_deleted,
            "storeId": row.store_id,
            "createdDateTime": self._time.write(row.created_at),
            "status": row.status,
            "statusCode": row.status_code,
            "success": row.success,
            "runsCounter": row.runs,
            "outcome": row.outcome,
            "durationMs": row.duration_ms,
            "fault": row.fault or None,
        }

    def _detail(self, detail: EventDetail) -> dict[str, Any]:
        row = detail.row
        delivery = Delivery(
            0, row.number, 1, 0, Trigger.ORIGINAL, row.webhook_id, row.webhook_event_id, row.event, row.url,
            detail.body, row.created_at, row.store_id,
        )  # fmt: skip
        return {
            **self._row(row),
            "payload": detail.body.decode(errors="replace"),
            "sentUrl": filled_url(row.url, row.event),
            "headers": self._headers.of(delivery),
            "sentBody": self._body_of(delivery).decode(errors="replace"),
            "runs": [self._run(run) for run in detail.runs],
        }

    def _run(self, run: RunDetail) -> dict[str, Any]:
        return {
            "run": run.run,
            "trigger": run.trigger,
            "url": run.url,
            "createdDateTime": self._time.write(run.created_at),
            "fault": run.fault or None,
            "outcome": run.outcome,
            "status": run.status,
            "statusCode": run.status_code,
            "durationMs": run.duration_ms,
            "answer": run.answer.decode(errors="replace"),
        }
