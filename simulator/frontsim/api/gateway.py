"""The vendor's gateway: operations by path, keys, faults on calls, and the newest calls.

caller ──▶ CallLog ──▶ Gateway          the gateway names the operation, and the fault that broke the call
└──▶ the newest 10,000 ──▶ masked when they are read, because masking takes longer than most calls

request -> path in lower case, one prefix -> operation? -> keys? -> (a fault on the API?) -> its handler

As at the vendor, an unknown operation gets its 404 before the keys are checked, and a known path with another
method is an unknown operation (seen). Paths are matched in any case, with or without a slash at the end, under
`/restapi/V2/api/...` and `/api/...`: no two published paths collide when lower-cased.
"""

import asyncio
import hmac
import re
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from itertools import islice

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from frontsim.api.responses import api_error, end_with_caller, gone, no_operation, no_subscription_key, refusal, reset
from frontsim.clock import Clock, stopwatch
from frontsim.domain.fault_rules import FaultRules
from frontsim.domain.faults import DeliveryFacts, FaultRule, matches
from frontsim.domain.model import ApiCall
from frontsim.errors import FrontsimError, Unauthorized
from frontsim.masking import MASK, masked, printable


class CallFaults:
    """Which rule applies to a call, and what it does.

    Args:
        rules: fault rules; those on calls apply here.
        clock: simulator time.
    """

    def __init__(self, *, rules: FaultRules, clock: Clock) -> None:
        self._rules = rules
        self._clock = clock
        self._calls: Counter[int] = Counter()  # how many each rule has matched

    def rule_for(self, operation: str) -> FaultRule | None:
        """The rule that applies to a call of an operation, counted as fired."""
        if not self._rules.any:
            return None
        call = DeliveryFacts(chance_key="", now=self._clock.now(), operation=operation, calls=self._calls)
        self._calls.update(rule.number for rule in self._rules if matches(rule, call))
        return self._rules.apply_first_match(call)

    def forget(self) -> None:
        """Count calls from 0 again, so that the seed draws the same chances."""
        self._calls.clear()


async def broken_answer(
    rule: FaultRule, request: Request, answer: Callable[[], Awaitable[Response]]
) -> Response | None:
    """The answer to a call that a rule breaks; None where the caller got a reset instead.

    Args:
        rule: of a fault on calls.
        request: the call.
        answer: does what it asks for.
    """
    if rule.fault == "api-error":
        return api_error(rule.param("status"), rule.param("retryAfter"))
    if rule.fault == "api-slow":
        end_with_caller(request.scope)
        done = await answer()
        with suppress(TimeoutError):
            await asyncio.wait_for(gone(request.receive), rule.param("seconds"))
        return done
    await answer()  # api-lost-response: done, and the answer is dropped
    await reset(request.scope, request.receive)
    return None


KEPT = 10_000
"""Calls that are kept."""
MOST_CALLERS = 100
"""Callers without a subscription key that are named."""
OPERATION, FAULT = "frontsim.operation", "frontsim.fault"
"""Where the gateway writes them in a call's scope."""
_MOST_HEADERS, _LONGEST, _USUAL = 30, 400, 4_000  # of each of which so many characters; of all together
_KEY, _SUBSCRIPTION_KEY = "x-api-key", b"ocp-apim-subscription-key"
_SHORTEST_KEY = 16
_SHOWN_OF_KEY = 4


class CallLog:
    """Notes every call when it is over; an ASGI middleware.

    Args:
        app: gets the call.
        clock: simulator time.
        say_keyless: called once with each caller that sends no subscription key; None where none is wanted.
    """

    def __init__(self, app: ASGIApp, *, clock: Clock, say_keyless: Callable[[str], None] | None = None) -> None:
        self._app = app
        self._clock = clock
        self._say_keyless = say_keyless
        self._calls: deque[ApiCall] = deque(maxlen=KEPT)
        self._count = self._first = 0
        self._looked_at: set[bytes] = set()
        self.without_key: list[str] = []
        """The callers that sent no subscription key, by their User-Agent."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a call on, and note it."""
        status: int | None = None
        size = 0
        at, began, target = self._clock.now(), stopwatch(), _target(scope)

        async def count(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
            elif message["type"] == "http.response.body":
                size += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive, count)
        finally:
            self._count += 1
            if self._say_keyless is not None and OPERATION in scope:
                self._look_for_key(scope, self._say_keyless)
            self._calls.append(
                ApiCall(
                    number=self._count,
                    at=at,
                    method=scope["method"],
                    target=target,
                    operation=scope.get(OPERATION, ""),
                    status=status,
                    duration_ms=round((stopwatch() - began) * 1000),
                    answer_bytes=size,
                    fault=scope.get(FAULT, ""),
                    raw_headers=_kept(scope["headers"]),
                )
            )

    @property
    def dropped(self) -> int:
        """How many calls are no longer kept."""
        return self._count - self._first - len(self._calls)

    def after(self, number: int) -> Sequence[ApiCall]:
        """The calls with higher numbers that are kept, newest first; `without_secrets` makes them fit to be shown."""
        new = min(max(0, self._count - number), len(self._calls))
        return list(islice(reversed(self._calls), new))

    def _look_for_key(self, scope: Scope, say: Callable[[str], None]) -> None:
        headers = dict(scope["headers"])
        agent = headers.get(b"user-agent", b"")
        if headers.get(_SUBSCRIPTION_KEY) or agent in self._looked_at or _query(Request(scope), "subscription-key"):
            return
        if len(self.without_key) >= MOST_CALLERS:
            return
        self._looked_at.add(agent)
        request = Request(scope)
        caller = printable(masked(request.headers.get("user-agent", "")[:_LONGEST])) or "a caller without a User-Agent"
        if caller in self.without_key:
            return
        self.without_key.append(caller)
        say(caller)

    def forget(self) -> None:
        """Forget all calls; their numbers go on."""
        self._calls.clear()
        self._first = self._count
        self.without_key.clear()
        self._looked_at.clear()


def _kept(headers: Sequence[tuple[bytes, bytes]]) -> Sequence[tuple[bytes, bytes]]:
    """As much of the headers as is kept: mostly all, as they came, because a copy would cost each call."""
    if len(headers) <= _MOST_HEADERS and sum([len(name) + len(value) for name, value in headers]) <= _USUAL:
        return headers
    return [(name[:_LONGEST], value[:_LONGEST]) for name, value in headers[:_MOST_HEADERS]]


def without_secrets(call: ApiCall) -> ApiCall:
    """The call as it may be shown."""
    headers = [_masked_header(name.decode("latin-1"), value.decode("latin-1")) for name, value in call.raw_headers]
    return call._replace(target=masked(call.target), headers=headers)


def _target(scope: Scope) -> str:
    """The path and the query as they came; the gateway changes the scope."""
    query = scope["query_string"][:_LONGEST].decode("latin-1")
    return f"{scope['path'][:_LONGEST]}{'?' if query else ''}{query}"


def _masked_header(name: str, value: str) -> tuple[str, str]:
    """The beginning of a long key, which shows whose it is; nothing of other secrets."""
    if name == _KEY and len(value) >= _SHORTEST_KEY:
        return name, f"{value[:_SHOWN_OF_KEY]}{MASK}"
    return name, masked(f"{name}: {value}").removeprefix(f"{name}: ")


PREFIX = "/restapi/v2"
_DISTINCT = len("/api/stock")  # so many characters of a path, in which no parameter stands


_KEYLESS = frozenset({"deleteWebhook", "getWebhookTypeSchema"})
"""Operations for which the vendor's OpenAPI declares no x-api-key, perhaps by omission: clients generated from it send
none there."""


class Keys:
    """The keys that a caller must send.

    Args:
        auth: `off`; `lenient` wants an `x-api-key` of any value where the vendor's OpenAPI declares one; `strict` wants
            both keys right.
        api_key: the right `x-api-key`.
        subscription_key: the right `Ocp-Apim-Subscription-Key`.
    """

    def __init__(self, *, auth: str, api_key: str, subscription_key: str) -> None:
        self._auth = auth
        self._api_key = api_key
        self._subscription_key = subscription_key

    def refusal(self, request: Request, operation: str) -> Response | None:
        """The answer to a caller with wrong keys; None for the right ones."""
        if self._auth == "off" or (self._auth == "lenient" and operation in _KEYLESS):
            return None
        if self._auth == "strict":
            given = request.headers.get("ocp-apim-subscription-key") or _query(request, "subscription-key")
            if not given or not _same(given, self._subscription_key):
                # as the caller sees it, without characters that could end the quoted realm
                host = re.sub(r"[^\w.:\[\]-]", "", request.headers.get("host", ""), flags=re.ASCII)
                return no_subscription_key(f"{request.scope['scheme']}://{host}/restapi/V2", given=bool(given))
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
        self._alike: dict[tuple[str, str, int], list[Route]] = {}
        for route in routes:
            for method in route.methods or ():
                self._alike.setdefault(_shape(method, route.path), []).append(route)
        self._keys = keys
        self._faults = CallFaults(rules=rules, clock=clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        route = self._find(scope)
        if route is None:
            await no_operation()(scope, receive, send)
            return
        scope[OPERATION] = route.name
        request = Request(scope, receive)
        refused = self._keys.refusal(request, route.name)
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
        path = scope["path"] = operation_path(scope["path"])
        for route in self._alike.get(_shape(scope["method"], path), ()):
            match, found = route.matches(scope)
            if match is Match.FULL:
                scope.update(found)
                return route
        return None


def _shape(method: str, path: str) -> tuple[str, str, int]:
    """Groups the paths, so that a few patterns are tried and not fifty: by method, first name and length."""
    return method, path[:_DISTINCT], path.count("/")


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
