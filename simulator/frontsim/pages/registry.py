"""What the page offers to choose from: event types, faults, business acts; and payloads to begin with."""

import asyncio
import math
from collections.abc import Callable, Sequence
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from frontsim.catalog import Catalog
from frontsim.domain.faults import FAULTS, Fault, Param
from frontsim.errors import BadInput, BodyTooLarge, NotFound, UnknownEventType
from frontsim.pages.answers import json
from frontsim.payloads.async_payloads import AsyncPayloads
from frontsim.payloads.shop import ACTS
from frontsim.user_input.request_body import parsed, read_body


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
        """What is wrong with a payload, by dotted path; empty where it is valid. Raises NotFound, BodyTooLarge."""
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
