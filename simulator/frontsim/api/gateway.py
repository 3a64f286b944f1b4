"""The vendor's gateway: which operation a path names, and whether the caller's keys are right.

    request -> path in lower case, one prefix -> operation? -> keys? -> (a fault on the API?) -> its handler

As at the vendor, an unknown operation gets its 404 before the keys are checked, and a known path with another
method is an unknown operation (seen). Paths are matched in any case, with or without a slash at the end, under
`/restapi/V2/api/...` and `/api/...`: no two published paths collide when lower-cased.
"""

import hmac
import re
from collections.abc import Sequence
from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Receive, Scope, Send

from frontsim.api.call_faults import CallFaults, broken_answer
from frontsim.api.call_log import FAULT, OPERATION
from frontsim.api.responses import no_operation, no_subscription_key, refusal
from frontsim.clock import Clock
from frontsim.domain.fault_rules import FaultRules
from frontsim.errors import FrontsimError, Unauthorized

PREFIX = "/restapi/v2"


class Keys:
    """The keys that a caller must send.

    Args:
        auth: `off`; `lenient` wants an `x-api-key` of any value; `strict` wants both keys right.
        api_key: the right `x-api-key`.
        subscription_key: the right `Ocp-Apim-Subscription-Key`.
    """

    def __init__(self, *, auth: str, api_key: str, subscription_key: str) -> None:
        self._auth = auth
        self._api_key = api_key
        self._subscription_key = subscription_key

    def refusal(self, request: Request) -> Response | None:
        """The answer to a caller with wrong keys; None for the right ones."""
        if self._auth == "off":
            return None
        if self._auth == "strict":
            given = request.headers.get("ocp-apim-subscription-key") or _query(request, "subscription-key")
            if not given or not _same(given, self._subscription_key):
                return no_subscription_key(_api_url(request), given=bool(given))
        api_key = request.headers.get("x-api-key", "")
        if not api_key:
            return refusal(Unauthorized("expected the header x-api-key, got none"))
        if self._auth == "strict" and not _same(api_key, self._api_key):
            return refusal(Unauthorized("expected the right x-api-key (--api-key), got another"))
        return None


class Gateway:
    """The vendor's API as one ASGI app.

    Args:
        routes: paths in lower case without prefix; a route's name is its operation.
        keys: the keys that a caller must send.
        rules: fault rules; those on the API apply here.
        clock: simulator time.
    """

    def __init__(self, routes: Sequence[Route], *, keys: Keys, rules: FaultRules, clock: Clock) -> None:
        for route in routes:
            assert route.methods is not None
            route.methods.discard("HEAD")  # no published operation has it
        self.routes = routes
        self._keys = keys
        self._faults = CallFaults(rules=rules, clock=clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        route = self._find(scope)
        if route is None:
            await no_operation()(scope, receive, send)
            return
        scope[OPERATION] = route.name
        request = Request(scope, receive)
        refused = self._keys.refusal(request)
        if refused is not None:
            await refused(scope, receive, send)
            return
        rule = self._faults.rule_for(route.name)
        if rule is None:
            await _handle(route, request, send)
        else:
            scope[FAULT] = rule.fault
            answer = await broken_answer(rule, request, partial(_answer, route, request))
            if answer is not None:
                await answer(scope, receive, send)

    def forget(self) -> None:
        """Count calls from 0 again, so that the seed draws the same chances."""
        self._faults.forget()

    def _find(self, scope: Scope) -> Route | None:
        scope["path"] = operation_path(scope["path"])
        for route in self.routes:
            match, found = route.matches(scope)
            if match is Match.FULL:
                scope.update(found)
                return route
        return None


def operation_path(path: str) -> str:
    """The path of an operation, from every form that a caller may write.

    `/restapi/V2/api/Webhooks/` and `/api/webhooks` are both `/api/webhooks`.
    """
    lowered = path.lower()
    if lowered.startswith(f"{PREFIX}/"):
        lowered = lowered[len(PREFIX) :]
    return lowered.rstrip("/") if len(lowered) > 1 else lowered


async def _handle(route: Route, request: Request, send: Send) -> None:
    answer = await _answer(route, request)
    await answer(request.scope, request.receive, send)


async def _answer(route: Route, request: Request) -> Response:
    """Do what the call asks for, and make its answer; the caller sends it."""
    try:
        answer: Response = await route.endpoint(request)
    except FrontsimError as error:
        answer = refusal(error)
    return answer


def _same(given: str, right: str) -> bool:
    return hmac.compare_digest(given.encode(), right.encode())


def _query(request: Request, name: str) -> str:
    return next((value for key, value in request.query_params.multi_items() if key.lower() == name), "")


def _api_url(request: Request) -> str:
    """The API's URL as the caller sees it, from its Host header, without characters that could end the quoted realm."""
    host = re.sub(r"[^\w.:\[\]-]", "", request.headers.get("host", ""), flags=re.ASCII)
    return f"{request.scope['scheme']}://{host}/restapi/V2"
