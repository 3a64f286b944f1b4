"""`/_sim/faults`: list, add, replace and remove fault rules while the simulator runs."""

import re
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from frontsim.api.responses import json, read_object
from frontsim.catalog import Catalog
from frontsim.clock import WireTime
from frontsim.domain.fault_rules import FaultRules
from frontsim.domain.faults import FaultRule
from frontsim.domain.rule_json import read_rule, write_rule
from frontsim.errors import BadInput, UnknownFaultRule
from frontsim.user_input.near import not_among
from frontsim.user_input.request_body import read_body

_ID = re.compile(r"[1-9][0-9]{0,17}")  # as listings show it: neither 01 nor another script's digits


class Faults:
    """The fault rules over HTTP.

    Args:
        operations: the vendor's operations, which `match.operation` names in any case.
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
            Route("/_sim/faults/{id}", self.read, methods=["GET"]),
            Route("/_sim/faults/{id}", self.replace, methods=["PUT"]),
            Route("/_sim/faults/{id}", self.remove, methods=["DELETE"]),
        ]

    async def list(self, _: Request) -> Response:
        """All rules, in the order in which frontsim tries them, and how often each has fired."""
        return json([self._shown(rule) for rule in self._rules])

    async def read(self, request: Request) -> Response:
        """One rule, as in the list."""
        return json(self._shown(self._rules.get(_number(request))))

    async def add(self, request: Request) -> Response:
        """Add a rule after the others; answers 201 with its id."""
        rule = self._read(await read_object(request, any_type=True))
        return json(self._shown(self._rules.add(rule)), 201)

    async def replace(self, request: Request) -> Response:
        """Replace a rule; its count of firings continues. A rule may be sent back as it was listed."""
        number = _number(request)
        self._rules.get(number)  # 404 wins over 422
        rule = self._read(await read_object(request, any_type=True), replaces=number)
        return json(self._shown(self._rules.replace(number, rule)))

    async def remove(self, request: Request) -> Response:
        """Remove one rule."""
        await read_body(request)
        self._rules.remove(_number(request))
        return json({"removed": 1})

    async def clear(self, request: Request) -> Response:
        """Remove all rules."""
        await read_body(request)
        removed = len(list(self._rules))
        self._rules.clear()
        return json({"removed": removed})

    def _read(self, value: dict[str, Any], *, replaces: int | None = None) -> FaultRule:
        """A rule with names that exist: one that can never match is a mistake. Raises BadInput."""
        known = {"event": self._event, "operation": self._operation}
        return read_rule(value, self._time, known=known, replaces=replaces)

    def _event(self, name: str) -> str:
        return self._catalog.find(name).name

    def _operation(self, name: str) -> str:
        for known in self._operations:
            if name.lower() == known.lower():
                return known
        raise BadInput(not_among(self._operations, name, expected="an operation"))

    def _shown(self, rule: FaultRule) -> dict[str, Any]:
        return write_rule(rule, self._rules.fired[rule.number], self._time)


def _number(request: Request) -> int:
    text = request.path_params["id"]
    if not _ID.fullmatch(text):
        raise UnknownFaultRule(f"no fault rule {text[:64]}; GET /_sim/faults lists them")
    return int(text)
