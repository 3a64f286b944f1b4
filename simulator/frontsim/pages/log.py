"""The page's reads of the log and the sinks."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from frontsim.clock import Clock, WireTime
from frontsim.pages.site import json, row_json
from frontsim.store.changes import SecondRow
from frontsim.store.log_pages import MOST, OUTCOMES, LogPageQuery
from frontsim.store.reader import Reader
from frontsim.user_input.fields import Fields

SHOWN_S = 600
"""Seconds of the pictures."""
_LONGEST = 1_000
"""Characters of a text that is looked for."""
_FILTERS = ("before", "after", "limit", "event", "webhook", "outcome", "text", "from", "to")


class LogReads:
    """The page's reads of the log."""

    def __init__(self, *, reader: Reader, clock: Clock, wire_time: WireTime) -> None:
        self._clock = clock
        self._reader = reader
        self._time = wire_time
        self.routes = [
            Route("/_sim/page/events", self.events, methods=["GET"]),
            Route("/_sim/page/webhooks", self.webhooks, methods=["GET"]),
            Route("/_sim/page/seconds", self.seconds, methods=["GET"]),
        ]

    async def events(self, request: Request) -> Response:
        """Some events, newest first; `moreFrom` is the `before` or `after` of the next call, null at the end."""
        page = await self._reader.log_page(self._query(request))
        rows = [row_json(row, self._time) for row in page.rows]
        return json({"events": rows, "moreFrom": page.more_from, "newest": page.newest})

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

    async def seconds(self, _: Request) -> Response:
        """Counts what happened in each of the last seconds, oldest first; a second in which nothing did is left out."""
        now = self._clock.now()
        rows = await self._reader.seconds(now - SHOWN_S * 1000)
        return json({"now": now // 1000, "span": SHOWN_S, "seconds": [_second(row) for row in rows]})

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


def _second(row: SecondRow) -> dict[str, Any]:
    return {
        "second": row.second,
        "raised": row.raised,
        "over": row.over,
        "failed": row.failed,
        "resends": row.resends,
        "waiting": row.waiting,
        "faults": row.faults,
        "p50": row.latency_ms(0.5),
        "p99": row.latency_ms(0.99),
    }


MOST_RECORDS = 200
"""Records that are shown; `GET /_sim/sink/{name}` has all."""
_LONGEST_RECORD = 20_000  # characters of a record that are shown


class SinkReads:
    """Reads of the sinks.

    Args:
        counts: gives how many records each name has.
        newest: gives the newest records of a name, the last one first.
    """

    def __init__(
        self, *, counts: Callable[[], Mapping[str, int]], newest: Callable[[str, int], Sequence[bytes]]
    ) -> None:
        self._counts = counts
        self._newest = newest
        self.routes = [
            Route("/_sim/page/sinks", self.sinks, methods=["GET"]),
            Route("/_sim/page/sinks/{name}", self.records, methods=["GET"]),
        ]

    async def sinks(self, _: Request) -> Response:
        """Each name with how many records it has."""
        return json([{"name": name, "records": count} for name, count in self._counts().items()])

    async def records(self, request: Request) -> Response:
        """The newest records of a name, the last one first, each as the text of its JSON."""
        records = self._newest(request.path_params["name"], MOST_RECORDS)
        return json([record[:_LONGEST_RECORD].decode(errors="replace") for record in records])
