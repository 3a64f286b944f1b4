"""The page's document and files, what it offers to choose from, and how its calls answer.

Nothing in them depends on the log, so they need no token; what the page shows comes from calls that do. The policy
lets nothing run or load but these files, and Trusted Types refuses every attempt to make a document out of text.
"""

import asyncio
import hashlib
import math
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from frontsim import bundled
from frontsim.catalog import Catalog
from frontsim.clock import WireTime, utc_text
from frontsim.domain.faults import FAULTS, Fault, Param
from frontsim.errors import BadInput, BodyTooLarge, NotFound, UnknownEventType
from frontsim.payloads.making.payload_service import AsyncPayloads
from frontsim.payloads.making.shop import ACTS
from frontsim.store.log_pages import LogRow
from frontsim.user_input.request_body import parsed, read_body

ASSETS = "/_sim/page/assets/"
"""The files' paths begin so."""
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; frame-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
    "trusted-types 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}
_TEMPLATE = Path(__file__).with_name("templates") / "page.html.jinja"


class PageRoutes:
    """Serves the page and its files; a browser asks each time whether its copy is still the newest."""

    def __init__(self, *, version: str) -> None:
        self._version = version
        self._names = {path.name: path for path in bundled.page_assets()}
        self._files: dict[str, bytes] = {}
        self.routes = [
            Route("/", self.page, methods=["GET"]),
            Route("/openapi.json", self.description, methods=["GET"]),
            Route(f"{ASSETS}{{name}}", self.file, methods=["GET"]),
        ]

    async def page(self, request: Request) -> Response:
        """The document, the same for every caller."""
        return _file(request, self._document, "text/html; charset=utf-8")

    async def file(self, request: Request) -> Response:
        """A stylesheet or a module. Raises NotFound."""
        name = request.path_params["name"]
        path = self._names.get(name)
        if path is None:
            raise NotFound(f"expected one of {', '.join(sorted(self._names))}, got {name[:64]}")
        if name not in self._files:
            self._files[name] = path.read_bytes()
        return _file(request, self._files[name], _TYPES[path.suffix])

    async def description(self, request: Request) -> Response:
        """The vendor's API as we serve it, in OpenAPI."""
        return _file(request, self._openapi, "application/json; charset=utf-8")

    @cached_property
    def _document(self) -> bytes:
        # imported when the page is first opened: no command's start should take the time for it
        from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415

        environment = Environment(
            loader=FileSystemLoader(_TEMPLATE.parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True
        )
        return (
            environment.get_template(_TEMPLATE.name)
            .render(
                version=self._version,
                assets=ASSETS,
            )
            .encode()
        )

    @cached_property
    def _openapi(self) -> bytes:
        return (bundled.folder("contracts") / "openapi.json").read_bytes()


def _file(request: Request, content: bytes, media_type: str) -> Response:
    tag = f'"{hashlib.blake2b(content, digest_size=12).hexdigest()}"'
    headers = {**_HEADERS, "ETag": tag, "Cache-Control": "no-cache"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=media_type, headers=headers)


def json(value: object) -> Response:
    """Any value that orjson can write."""
    return Response(
        orjson.dumps(value), media_type="application/json; charset=utf-8", headers={"Cache-Control": "no-store"}
    )


ROW_NAMES = (
    "number", "webhookEventId", "webhookId", "event", "url", "isDeleted", "storeId", "createdDateTime", "utc", "status",
    "statusCode", "success", "runsCounter", "outcome", "durationMs", "fault",
)  # fmt: skip


def row_json(row: LogRow, wire_time: WireTime) -> dict[str, Any]:
    """An event with its newest run that is over."""
    about = (row.number, row.webhook_event_id, row.webhook_id, row.event, row.url, row.is_deleted, row.store_id)
    times = (wire_time.write(row.created_at), utc_text(row.created_at))
    run = (row.status, row.status_code, row.success, row.runs, row.outcome, row.duration_ms, row.fault or None)
    return dict(zip(ROW_NAMES, (*about, *times, *run), strict=True))


class Registry:
    """The registries as JSON.

    Args:
        operations: the vendor's operations, which a fault on the API may be narrowed to.
        next_number: the number of the next occurrence: the payload that the page shows is the one that comes next.
    """

    def __init__(
        self,
        *,
        version: str,
        catalog: Catalog,
        async_payloads: AsyncPayloads,
        operations: Sequence[str],
        next_number: Callable[[], int],
    ) -> None:
        self._version = version
        self._catalog = catalog
        self._async_payloads = async_payloads
        self._operations = operations
        self._next_number = next_number
        self.routes = [
            Route("/_sim/page/registry", self.registry, methods=["GET"]),
            Route("/_sim/page/payloads/{event}", self.payload, methods=["GET"]),
            Route("/_sim/page/payloads/{event}", self.check, methods=["POST"]),
        ]

    async def registry(self, _: Request) -> Response:
        """Types, faults, acts and operations, each with what is said of it."""
        return json(
            {
                "version": self._version,
                "types": [
                    {
                        "name": kind.name,
                        "trigger": kind.trigger,
                        "usage": kind.usage,
                        "identity": kind.identity,
                        "provenance": kind.provenance,
                    }
                    for kind in self._catalog
                ],
                "faults": [_fault(fault) for fault in FAULTS.values()],
                "acts": [{"name": name, "description": text} for name, text in ACTS.items()],
                "operations": self._operations,
            }
        )

    async def payload(self, request: Request) -> Response:
        """The payload that a trigger of that type would make now. Raises NotFound."""
        name = self._name(request)
        (made,) = await self._async_payloads.make([name], self._next_number())
        return json(orjson.Fragment(made.body))

    async def check(self, request: Request) -> Response:
        """Lists what is wrong with a payload, by dotted path; "[]" where it is valid. Raises NotFound, BodyTooLarge."""
        name = self._name(request)
        body = await read_body(request)
        try:
            value = await parsed(body)
        except BodyTooLarge:
            raise
        except BadInput as error:
            return json([{"path": "", "expected": "JSON", "got": str(error)}])
        found = await asyncio.to_thread(self._catalog.problems, name, value)  # the first one loads jsonschema
        return json([{"path": each.path, "expected": each.expected, "got": each.got} for each in found])

    def _name(self, request: Request) -> str:
        try:
            return self._catalog.find(request.path_params["event"]).name
        except UnknownEventType as error:
            raise NotFound(str(error)) from None


def _fault(fault: Fault) -> dict[str, Any]:
    return {
        "name": fault.name,
        "stage": fault.stage,
        "help": fault.help,
        "params": [_param(name, param) for name, param in fault.params.items()],
    }


def _param(name: str, param: Param) -> dict[str, Any]:
    return {
        "name": name,
        "help": param.help,
        "expected": param.expected,
        "default": param.default,
        "least": param.least,
        "most": None if param.most == math.inf else param.most,
        "whole": param.whole,
        "words": param.words,
    }
