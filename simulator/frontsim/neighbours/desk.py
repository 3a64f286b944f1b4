"""Serves the declared operations: reads a call, brings the book up to date, and answers.

call ──▶ parameters and body, as declared ──▶ catch up with the log ──▶ a function of `reads` ──▶ answer
"""

from inspect import isawaitable
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from frontsim.neighbours.book import Book
from frontsim.neighbours.operations import Problems, VendorCall, VendorOperation, operations, read, read_text, refused
from frontsim.neighbours.reads import READS
from frontsim.user_input.request_body import read_body, read_object


def served() -> list[VendorOperation]:
    """The declared operations that have a function."""
    return [each for each in operations() if each.does in READS]


class Desk:
    """The operations over one book; `routes` are for the gateway."""

    def __init__(self, *, book: Book) -> None:
        self._book = book
        self.routes = [
            Route(each.path.lower(), self._endpoint(each), methods=[each.method], name=each.name) for each in served()
        ]

    def _endpoint(self, operation: VendorOperation) -> Any:
        does = READS[operation.does]

        async def endpoint(request: Request) -> Response:
            call = await _read(operation, request)
            await self._book.catch_up()
            answer = does(self._book, call)
            return _json(await answer if isawaitable(answer) else answer)

        return endpoint


def _json(answer: Any) -> Response:
    return Response(orjson.dumps(answer), media_type="application/json; charset=utf-8")


async def _read(operation: VendorOperation, request: Request) -> VendorCall:
    """What a caller sent. Raises BadInput with all that is wrong."""
    problems: Problems = {}
    values = _values(operation, request, problems) if operation.parameters else {}
    body: dict[str, Any] = {}
    if operation.request is not None:
        given = await read_object(request, empty=operation.does in READS)
        body = read(operation.request, given, problems) or {}
    elif operation.method != "GET":
        await read_body(request)
    if problems:
        raise refused(problems)
    return VendorCall(values, body)


def _values(operation: VendorOperation, request: Request, problems: Problems) -> dict[str, Any]:
    places = {
        "path": {name.lower(): value for name, value in request.path_params.items()},
        "query": {name.lower(): value for name, value in request.query_params.multi_items()},
        "header": request.headers,
    }
    values = {}
    for each in operation.parameters:
        text = places[each.where].get(each.name.lower())
        if text is None or text == "":
            if each.required:
                problems[each.name] = [f"expected {each.name} in the {each.where}, got nothing"]
            continue
        try:
            values[each.name] = read_text(each.kind, text)
        except ValueError as error:
            problems[each.name] = [str(error)]
    return values
