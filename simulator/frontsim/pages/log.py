"""The page's reads of the log, the sinks, and one event: its log, its requests, and other events of its entity."""

import csv
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from io import StringIO
from typing import Any
from uuid import UUID

import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from frontsim.catalog import Catalog
from frontsim.clock import Clock, WireTime, utc_text
from frontsim.domain.delivery_request import HeaderNames, filled_url, parse_target
from frontsim.domain.faults import FAULTS, FaultStage
from frontsim.domain.model import ChangedRequest, Delivery, Outcome, Trigger
from frontsim.errors import BadInput, NotFound, UnknownEventType
from frontsim.pages.site import ROW_NAMES, json, row_json
from frontsim.store.changes import SecondRow
from frontsim.store.log_pages import MOST, OUTCOMES, EventDetail, LogPageQuery, RunDetail, SameEntity
from frontsim.store.reader import Reader
from frontsim.store.rows import CauseDetail
from frontsim.user_input.fields import Fields

_OTHERS = 50
"""Other events of an entity that one call gives."""
_LONGEST_BODY = 64 * 1024
"""Characters of a body that a run's request shows."""


class EventReads:
    """The page's reads of one event.

    Args:
        headers: the headers of a delivery.
        body_of: the body of a delivery: its payload, in the shape that the settings give it.
    """

    def __init__(
        self,
        *,
        reader: Reader,
        catalog: Catalog,
        wire_time: WireTime,
        headers: HeaderNames,
        body_of: Callable[[Delivery], bytes],
    ) -> None:
        self._reader = reader
        self._catalog = catalog
        self._time = wire_time
        self._headers = headers
        self._body_of = body_of
        self.routes = [
            Route("/_sim/page/events/{webhookEventId}", self.event, methods=["GET"]),
            Route("/_sim/page/events/{webhookEventId}/same", self.same, methods=["GET"]),
            Route("/_sim/page/events/{webhookEventId}/runs/{run}", self.request, methods=["GET"]),
        ]

    async def event(self, request: Request) -> Response:
        """One event: payload, request as it is sent without a fault, every run with its answer, and what raised it."""
        detail = await self._reader.event_detail(_event_id(request))
        row = detail.row
        delivery = _delivery(detail)
        return json(
            {
                **row_json(row, self._time),
                "payload": detail.body.decode(errors="replace"),
                "sentUrl": filled_url(row.url, row.event),
                "headers": self._shown_headers(delivery),
                "sentBody": self._body_of(delivery).decode(errors="replace"),
                "runs": [self._run(run) for run in detail.runs],
                "cause": _cause(detail.cause),
                "entity": self._entity(detail)[0],
            }
        )

    async def same(self, request: Request) -> Response:
        """Other events about the same entity, newest first; `moreFrom` is the `before` of the next call."""
        fields = Fields({name: int(text) for name, text in request.query_params.items() if text.isdecimal()})
        fields.only("before")
        before = fields.whole("before", least=1)
        fields.check()
        detail = await self._reader.event_detail(_event_id(request))
        values, events = self._entity(detail)
        if not values:
            return json({"events": [], "moreFrom": None})
        page = await self._reader.log_page(LogPageQuery(before=before, limit=_OTHERS, same=SameEntity(events, values)))
        rows = [row_json(row, self._time) for row in page.rows if row.number != detail.row.number]
        return json({"events": rows, "moreFrom": page.more_from})

    async def request(self, request: Request) -> Response:
        """Answers with a run's request and, where a fault changed it, the one without the fault. Raises NotFound."""
        event_id, number = _event_id(request), request.path_params["run"]
        detail = await self._reader.event_detail(event_id)
        run = next((run for run in detail.runs if str(run.run) == number), None)
        if run is None:
            raise NotFound(f"expected a run that is over, from 1 to {detail.row.runs}, got {number[:20]}")
        delivery = _delivery(detail)._replace(run=run.run, trigger=Trigger(run.trigger), url=run.url)
        unbroken = ChangedRequest.of(self._headers.lines(delivery), self._body_of(delivery))
        changed = await self._reader.changed_request(event_id, run.run) if run.is_changed else None
        return json(
            {
                "sent": _how_much(run),
                "request": self._text(run, detail.row.event, changed or unbroken),
                "without": self._text(run, detail.row.event, unbroken) if changed else None,
            }
        )

    def _entity(self, detail: EventDetail) -> tuple[Mapping[str, str | int], list[str]]:
        """The entity that an event is about, and the types that are about such; empty where that is not known."""
        try:
            paths, events = self._catalog.same_entity(detail.row.event)
            payload = orjson.loads(detail.body)
        except (UnknownEventType, orjson.JSONDecodeError):
            return {}, []
        values = {path: _value_at(payload, path) for path in paths}
        known = {path: value for path, value in values.items() if value is not None}
        return (known, events) if len(known) == len(values) else ({}, [])

    def _run(self, run: RunDetail) -> dict[str, Any]:
        return {
            "run": run.run,
            "trigger": run.trigger,
            "url": run.url,
            "createdDateTime": self._time.write(run.created_at),
            "utc": utc_text(run.created_at),
            "fault": run.fault or None,
            "outcome": run.outcome,
            "status": run.status,
            "statusCode": run.status_code,
            "durationMs": run.duration_ms,
            "answerHead": run.answer_head.decode("latin-1"),
            "answer": run.answer.decode(errors="replace"),
            "sent": _how_much(run),
        }

    def _shown_headers(self, delivery: Delivery) -> dict[str, str]:
        """The headers of a delivery without secrets."""
        lines = "\n".join(f"{name}: {value}" for name, value in self._headers.of(delivery).items())
        return dict(line.split(": ", 1) for line in self._headers.hidden(lines).split("\n"))

    def _text(self, run: RunDetail, event: str, sent: ChangedRequest) -> dict[str, Any]:
        """A request as it goes over the wire, without secrets; of a large body the beginning."""
        body = sent.body.decode(errors="replace")[:_LONGEST_BODY]
        start = parse_target(filled_url(run.url, event)).head_start.decode("latin-1")
        head = f"{start}{sent.headers.decode('latin-1')}Content-Length: {sent.content_length}"
        return {
            "head": self._headers.hidden(head.replace("\r\n", "\n")),
            "body": body,
            "bytes": sent.size,
            "isWhole": len(sent.body) == sent.size,
        }


def _event_id(request: Request) -> UUID:
    text = request.path_params["webhookEventId"]
    try:
        return UUID(text)
    except ValueError:
        raise BadInput(f"expected an event's id, a UUID, got {text[:64]!r}") from None


def _delivery(detail: EventDetail) -> Delivery:
    row = detail.row
    return Delivery(
        0, row.number, 1, 0, Trigger.ORIGINAL, row.webhook_id, row.webhook_event_id, row.event, row.url, detail.body,
        row.created_at, row.store_id,
    )  # fmt: skip


def _how_much(run: RunDetail) -> str:
    """A run sent `all`, a request `changed` by a fault, `nothing`, or `some`, where that is not known."""
    fault = FAULTS.get(run.fault)
    never_sent = fault is not None and (fault.stage is FaultStage.NEVER_ARRIVES or fault.name == "false-success")
    if never_sent or run.outcome == Outcome.NOT_SENT:
        return "nothing"
    if run.is_changed:
        return "changed"
    return "all" if run.outcome == Outcome.ANSWERED else "some"


def _value_at(payload: object, path: str) -> str | int | None:
    value: Any = payload
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, str | int) and not isinstance(value, bool) else None


def _cause(cause: CauseDetail | None) -> dict[str, Any] | None:
    if cause is None:
        return None
    return {
        "what": cause.what,
        "asked": cause.asked,
        "others": [{"webhookEventId": each.webhook_event_id, "event": each.event} for each in cause.others],
        "othersCount": cause.others_count,
        "unmatched": cause.unmatched,
    }


SHOWN_S = 600
"""Seconds of the pictures."""
_LONGEST = 1_000
"""Characters of a text that is looked for."""
_FILTERS = ("before", "after", "limit", "event", "webhook", "outcome", "text", "from", "to")


_EXPORTED = 100
"""Events that are read at once for an export: some hundred kilobytes, unless payloads are huge."""
_DOWNLOAD = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_FORMULAS = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet takes a text that begins so for a formula, which may call programs."""


_ONE_LINE = bytes.maketrans(b"\r\n", b"  ")


def _json_lines(rows: Iterable[tuple[dict[str, Any], bytes]], *, is_first: bool) -> bytes:  # noqa: ARG001 - no head
    """A line for each event, its payload as it was logged."""
    told = ({**row, "payload": orjson.Fragment(body.translate(_ONE_LINE))} for row, body in rows)
    return b"".join([orjson.dumps(each, option=orjson.OPT_APPEND_NEWLINE) for each in told])


def _csv_lines(rows: Iterable[tuple[dict[str, Any], bytes]], *, is_first: bool) -> bytes:
    """A line for each event, and the head before the first; before a formula goes an apostrophe."""
    out = StringIO()
    lines = csv.writer(out)
    if is_first:
        lines.writerow((*ROW_NAMES, "payload"))
    for row, body in rows:
        cells = (*row.values(), body.decode(errors="replace"))
        lines.writerow(f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULAS) else cell for cell in cells)
    return out.getvalue().encode()


_EXPORTS = {"jsonl": ("application/jsonl", _json_lines), "csv": ("text/csv; charset=utf-8", _csv_lines)}


class LogReads:
    """The page's reads of the log."""

    def __init__(self, *, reader: Reader, clock: Clock, wire_time: WireTime) -> None:
        self._clock = clock
        self._reader = reader
        self._time = wire_time
        self.routes = [
            Route("/_sim/page/events", self.events, methods=["GET"]),
            Route("/_sim/page/events.count", self.count, methods=["GET"]),
            Route("/_sim/page/events.{form}", self.export, methods=["GET"]),
            Route("/_sim/page/webhooks", self.webhooks, methods=["GET"]),
            Route("/_sim/page/seconds", self.seconds, methods=["GET"]),
        ]

    async def events(self, request: Request) -> Response:
        """Some events, newest first; `moreFrom` is the `before` or `after` of the next call, null at the end."""
        page = await self._reader.log_page(self._query(request))
        rows = [row_json(row, self._time) for row in page.rows]
        return json({"events": rows, "moreFrom": page.more_from, "newest": page.newest})

    async def count(self, request: Request) -> Response:
        """Counts the events that match; `moreFrom` is the `before` of the next call, null at the end."""
        count, more_from = await self._reader.log_count(self._query(request))
        return json({"count": count, "moreFrom": more_from})

    async def export(self, request: Request) -> Response:
        """Every event that matches with its payload, newest first, as JSON lines or CSV. Raises NotFound."""
        form = request.path_params["form"]
        if form not in _EXPORTS:
            raise NotFound(f"expected events.{' or events.'.join(_EXPORTS)}, got {form[:20]!r}")
        media_type, written = _EXPORTS[form]
        headers = {**_DOWNLOAD, "Content-Disposition": f'attachment; filename="frontsim-events.{form}"'}
        query = replace(self._query(request), after=None, limit=_EXPORTED, with_body=True)
        return StreamingResponse(self._exported(query, written), media_type=media_type, headers=headers)

    async def _exported(self, query: LogPageQuery, written: Callable[..., bytes]) -> AsyncIterator[bytes]:
        before, is_first = query.before, True
        while is_first or before is not None:
            page = await self._reader.log_page(replace(query, before=before))
            yield written([(row_json(row, self._time), row.body or b"") for row in page.rows], is_first=is_first)
            before, is_first = page.more_from, False

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


MOST_CALLS = 100
"""Calls of a sink that are shown; `GET /_sim/sink/{name}/calls` has more of them."""


class SinkReads:
    """Reads of the sinks.

    Args:
        counts: how many calls and records each name has.
        newest: gives the newest calls of a name, the last one first.
    """

    def __init__(
        self,
        *,
        counts: Callable[[], Sequence[Mapping[str, Any]]],
        newest: Callable[[str, int], Sequence[Mapping[str, Any]]],
    ) -> None:
        self._counts = counts
        self._newest = newest
        self.routes = [
            Route("/_sim/page/sinks", self.sinks, methods=["GET"]),
            Route("/_sim/page/sinks/{name}", self.calls, methods=["GET"]),
        ]

    async def sinks(self, _: Request) -> Response:
        """Each name with how many calls and records it has."""
        return json(self._counts())

    async def calls(self, request: Request) -> Response:
        """The newest calls of a name, the last one first; of a large body the beginning."""
        calls = self._newest(request.path_params["name"], MOST_CALLS)
        return json([{**call, "body": call["body"][:_LONGEST_BODY]} for call in calls])
