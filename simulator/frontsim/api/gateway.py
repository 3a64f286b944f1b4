"""The vendor's front door: which operation a path means, and whether the caller's keys open it.

    request -> path in lower case, one prefix -> operation? -> keys? -> (a fault on the API?) -> its handler

As at the vendor, an unknown operation is told before the keys are looked at, and a known path with another
method is one (seen). Paths are matched in any case, with or without a slash at the end, under
`/restapi/V2/api/...` and `/api/...`: no two published paths collide when lower-cased.
"""

import asyncio
import hmac
import re
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Receive, Scope, Send

from frontsim.api.responses import api_error, no_operation, no_subscription_key, refusal
from frontsim.clock import Clock
from frontsim.domain.fault_rules import FaultRules
from frontsim.domain.faults import DeliveryFacts, FaultRule, matches
from frontsim.errors import FrontsimError, Unauthorized

PREFIX = "/restapi/v2"
RESET = "frontsim.reset"
"""The server puts a function under this name into a scope's extensions: it resets the caller's connection."""


class Keys:
    """What a caller must show.

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
        """The answer to a caller that may not pass."""
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
        keys: what a caller must show.
        rules: fault rules; those on the API strike here.
        clock: simulator time.
    """

    def __init__(self, routes: Sequence[Route], *, keys: Keys, rules: FaultRules, clock: Clock) -> None:
        for route in routes:
            assert route.methods is not None
            route.methods.discard("HEAD")  # no published operation has it
        self.routes = routes
        self._keys = keys
        self._rules = rules
        self._clock = clock
        self._calls: Counter[int] = Counter()  # that each rule has matched

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        route = self._find(scope)
        if route is None:
            await no_operation()(scope, receive, send)
            return
        request = Request(scope, receive)
        refused = self._keys.refusal(request)
        if refused is not None:
            await refused(scope, receive, send)
            return
        rule = self._apply_first_match(route)
        if rule is None:
            await _handle(route, request, send)
        else:
            await _break(rule, route, request, send)

    def forget(self) -> None:
        """Count calls from the start, so that the seed's chance repeats."""
        self._calls.clear()

    def _find(self, scope: Scope) -> Route | None:
        scope["path"] = operation_path(scope["path"])
        for route in self.routes:
            match, found = route.matches(scope)
            if match is Match.FULL:
                scope.update(found)
                return route
        return None

    def _apply_first_match(self, route: Route) -> FaultRule | None:
        if not self._rules.any:
            return None
        call = DeliveryFacts(chance_key="", now=self._clock.now(), operation=route.name, calls=self._calls)
        self._calls.update(rule.number for rule in self._rules if matches(rule, call))
        return self._rules.apply_first_match(call)


def operation_path(path: str) -> str:
    """The path of an operation, from whatever form a caller writes.

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
    """Do what the call asks for; its answer is not sent yet."""
    try:
        answer: Response = await route.endpoint(request)
    except FrontsimError as error:
        answer = refusal(error)
    return answer


async def _break(rule: FaultRule, route: Route, request: Request, send: Send) -> None:
    if rule.fault == "api-error":
        answer = api_error(rule.param("status"), rule.param("retryAfter"))
        await answer(request.scope, request.receive, send)
        return
    if rule.fault == "api-slow":
        answer = await _answer(route, request)
        await _left(request.receive, within_s=rule.param("seconds"))
        await answer(request.scope, request.receive, send)
        return
    await _handle(route, request, _nowhere)  # api-lost-response: it is done, and the caller never learns it
    await reset(request.scope, request.receive)


async def reset(scope: Scope, receive: Receive) -> None:
    """Reset the caller's connection, and wait until it is gone: an answer that is left out is then no mistake."""
    reset_connection: Callable[[], None] = scope["extensions"][RESET]
    reset_connection()
    await _gone(receive)


async def _left(receive: Receive, *, within_s: float) -> None:
    """Wait so long, or until the caller has gone away."""
    with suppress(TimeoutError):
        await asyncio.wait_for(_gone(receive), within_s)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _nowhere(_: object) -> None:
    """Where an answer goes that is lost."""


def _same(given: str, right: str) -> bool:
    return hmac.compare_digest(given.encode(), right.encode())


def _query(request: Request, name: str) -> str:
    return next((value for key, value in request.query_params.multi_items() if key.lower() == name), "")


def _api_url(request: Request) -> str:
    """As the caller sees it; whatever a Host header may hold, nothing of it can end the quoted realm."""
    host = re.sub(r"[^\w.:\[\]-]", "", request.headers.get("host", ""), flags=re.ASCII)
    return f"{request.scope['scheme']}://{host}/restapi/V2"
