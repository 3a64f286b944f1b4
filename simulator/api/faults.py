"""`/_sim/faults`: the rules that say what is broken, listed, added, changed and removed while running."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulator.api.responses import json, read_object
from simulator.catalog import Catalog
from simulator.clock import WireTime
from simulator.domain.fault_rules import FaultRules
from simulator.domain.faults import Rule
from simulator.domain.rule_json import read_rule, write_rule
from simulator.errors import BadInput, UnknownEventType, UnknownFaultRule


class Faults:
    """The fault rules over HTTP.

    Args:
        operations: the names of the vendor's operations, which `match.operation` takes in any case.
    """

    def __init__(
        self, *, rules: FaultRules, catalog: Catalog, wire_time: WireTime, operations: list[str]
    ) -> None:  # fmt: skip
        self._rules = rules
        self._catalog = catalog
        self._time = wire_time
        self._operations = operations
        self.routes = [
            Route("/_sim/faults", self.list, methods=["GET"]),
            Route("/_sim/faults", self.add, methods=["POST"]),
            Route("/_sim/faults", self.clear, methods=["DELETE"]),
            Route("/_sim/faults/{id}", self.replace, methods=["PUT"]),
            Route("/_sim/faults/{id}", self.remove, methods=["DELETE"]),
        ]

    async def list(self, _: Request) -> Response:
        """Every rule, in the order in which they are tried, with how often it has fired."""
        return json([self._shown(rule) for rule in self._rules])

    async def add(self, request: Request) -> Response:
        """Add a rule behind those that there are; 201 with its id."""
        return json(self._shown(self._rules.add(self._read(await read_object(request, any_type=True)))), 201)

    async def replace(self, request: Request) -> Response:
        """Put another rule in the place of one; how often it has fired is kept."""
        rule = self._read(await read_object(request, any_type=True))
        return json(self._shown(self._rules.replace(_number(request), rule)))

    async def remove(self, request: Request) -> Response:
        """Remove one rule."""
        self._rules.remove(_number(request))
        return json({"removed": 1})

    async def clear(self, _: Request) -> Response:
        """Remove every rule."""
        removed = len(list(self._rules))
        self._rules.clear()
        return json({"removed": removed})

    def _read(self, value: dict[str, Any]) -> Rule:
        match = value.get("match")
        if isinstance(match, dict):
            value = {**value, "match": {**match, **self._canonical(match)}}
        return read_rule(value, self._time)

    def _canonical(self, match: dict[str, Any]) -> dict[str, str]:
        """The names in a match in their own spelling: a rule that can never match helps nobody."""
        found: dict[str, str] = {}
        event, operation = match.get("event"), match.get("operation")
        if isinstance(event, str):
            try:
                found["event"] = self._catalog.find(event).name
            except UnknownEventType as error:
                raise BadInput(str(error), {"match.event": [str(error)]}) from None
        if isinstance(operation, str):
            known = {name.lower(): name for name in self._operations}
            if operation.lower() not in known:
                text = f"expected one of {', '.join(self._operations)}, got {operation[:64]!r}"
                raise BadInput(text, {"match.operation": [text]})
            found["operation"] = known[operation.lower()]
        return found

    def _shown(self, rule: Rule) -> dict[str, Any]:
        return write_rule(rule, self._rules.fired[rule.number], self._time)


def _number(request: Request) -> int:
    text = request.path_params["id"]
    if not text.isdecimal() or len(text) > 18:
        raise UnknownFaultRule(f"no fault rule {text[:64]}; GET /_sim/faults lists them")
    return int(text)
