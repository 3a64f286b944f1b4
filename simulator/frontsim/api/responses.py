"""The simulator's answers: JSON, the gateway's bodies, one table from error to status, and the caller's connection.

The gateway (Azure API Management) answers in front of the API; its bodies are known exactly (seen).
Behind it is ASP.NET Core, whose error bodies are open: `application/problem+json` is inferred.

The vendor's gateway answers its own paths, and knows no 405; this surface is ours, so it can say more.

`frontsim.hosting.serving` puts them there.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Any

import orjson
from starlette.responses import Response
from starlette.routing import Match, Mount, Route
from starlette.types import Receive, Scope, Send

from frontsim import errors
from frontsim.errors import BadInput, Busy, FrontsimError

MOST_FIELDS = 100
"""Fields that a refusal names one by one; of more, only how many."""
_NAME, _TEXT, _DETAIL = 120, 1_000, 4_000  # characters: what came may be of any size

STATUS: Mapping[type[FrontsimError], int] = {
    errors.BadInput: 400,
    errors.UnknownEventType: 400,
    errors.InvalidPayload: 422,
    errors.UnsupportedMediaType: 415,
    errors.BodyTooLarge: 413,
    errors.NotFound: 404,
    errors.UnknownWebhook: 404,
    errors.UnknownEvent: 404,
    errors.UnknownFaultRule: 404,
    errors.UnknownLease: 404,
    errors.Unauthorized: 401,
    errors.Forbidden: 403,
    errors.Busy: 503,
    errors.Unusable: 503,
    errors.StoreFailed: 503,
}
"""The status of each error; a test proves that each has one."""

_TITLES = {
    400: "One or more validation errors occurred.",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    413: "Payload Too Large",
    415: "Unsupported Media Type",
    422: "One or more validation errors occurred.",
    503: "Service Unavailable",
}

_MISSING_KEY = (
    b'{ "statusCode": 401, "message": "Access denied due to missing subscription key. '
    b'Make sure to include subscription key when making requests to an API." }'
)
_WRONG_KEY = (
    b'{ "statusCode": 401, "message": "Access denied due to invalid subscription key. '
    b'Make sure to provide a valid key for an active subscription." }'
)
_NOT_FOUND = b'{ "statusCode": 404, "message": "Resource not found" }'


def json(value: object, status: int = 200) -> Response:
    """Any value that orjson can write."""
    return Response(orjson.dumps(value), status, media_type="application/json; charset=utf-8")


def no_operation() -> Response:
    """The gateway: no such path, or no such method there (404, not 405)."""
    return Response(_NOT_FOUND, 404, media_type="application/json")


def no_subscription_key(api_url: str, *, given: bool) -> Response:
    """The gateway: the subscription key is missing, or `given` but wrong.

    Args:
        api_url: the API's base URL as the caller sees it, which the gateway names as realm.
        given: whether a key came.
    """
    realm = f'AzureApiManagementKey realm="{api_url}",name="Ocp-Apim-Subscription-Key",type="header"'
    body = _WRONG_KEY if given else _MISSING_KEY
    return Response(body, 401, {"WWW-Authenticate": realm}, media_type="application/json")


def api_error(status: int, retry_after_s: int) -> Response:
    """The answer of the `api-error` fault: the gateway's own body where it has one (429, 403)."""
    seconds = retry_after_s or (1 if status in (403, 429) else 0)  # these two always name a time (seen)
    hours, rest = divmod(seconds, 3600)
    messages = {
        403: f"Out of call volume quota. Quota will be replenished in {hours:02}:{rest // 60:02}:{rest % 60:02}.",
        404: "Resource not found",
        429: f"Rate limit is exceeded. Try again in {seconds} seconds.",
        500: "Internal server error",
    }
    text = messages.get(status, "The service did not answer as it should (a fault rule asked for this).")
    body = f'{{ "statusCode": {status}, "message": "{text}" }}'
    headers = {"Retry-After": str(seconds)} if seconds else {}
    return Response(body, status, headers, media_type="application/json")


def problem(status: int, detail: str, fields: Mapping[str, list[str]] | None = None) -> Response:
    """An error of the API itself, as ASP.NET Core writes it (inferred); what is too long is cut."""
    body: dict[str, Any] = {
        "type": f"https://www.rfc-editor.org/rfc/rfc9110#status.{status}",
        "title": _TITLES.get(status, "Error"),
        "status": status,
        "detail": _cut(detail, _DETAIL),
        "traceId": f"00-{os.urandom(16).hex()}-{os.urandom(8).hex()}-00",
    }
    if fields:
        body["errors"] = _first(fields)
    return Response(orjson.dumps(body), status, media_type="application/problem+json; charset=utf-8")


def _first(fields: Mapping[str, list[str]]) -> Mapping[str, list[str]]:
    """The first of the fields that are wrong, and how many more there are."""
    named: dict[str, list[str]] = {}
    for name, texts in islice(fields.items(), MOST_FIELDS):
        named.setdefault(_cut(name, _NAME), []).extend(_cut(text, _TEXT) for text in texts)
    if len(fields) > MOST_FIELDS:
        named.setdefault("", []).append(f"{len(fields) - MOST_FIELDS:,} more fields are wrong")
    return named


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def refusal(error: FrontsimError, *, bad_input: int = 400) -> Response:
    """The answer to an error. `bad_input` is the status of plain bad input: the control surface says 422."""
    status = STATUS[type(error)]
    if status == STATUS[BadInput]:
        status = bad_input
    answer = problem(status, str(error), error.fields if isinstance(error, BadInput) else None)
    if isinstance(error, Busy):
        answer.headers["Retry-After"] = str(error.retry_after_s)
    return answer


_CUT = 100  # characters of the request that are shown


class NotFoundRoutes:
    """An ASGI app that refuses every request; its `routes` stand behind all others of the surface.

    Args:
        prefix: the path of the surface, without a slash at its end.
        served: the routes that exist.
    """

    def __init__(self, prefix: str, served: Sequence[Route]) -> None:
        self._served = served
        self.routes = [Route(prefix, self), Mount(prefix, self)]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """405 with what the path takes, or 404 with every call."""
        asked = f"{scope['method'][:_CUT]} {scope['path'][:_CUT]}"
        here = [route for route in self._served if route.matches({**scope, "root_path": ""})[0] is Match.PARTIAL]
        if here:
            allowed = ", ".join(sorted({method for route in here for method in route.methods or ()}))
            answer = problem(405, f"expected one of {allowed} at {here[0].path}, got {asked}")
            answer.headers["Allow"] = allowed
        else:
            answer = problem(404, f"expected one of {', '.join(_calls(self._served))}, got {asked}")
        await answer(scope, receive, send)


def _calls(served: Sequence[Route]) -> list[str]:
    """`GET /_sim/stats` and so on; without HEAD, which every GET route takes."""
    return [f"{method} {route.path}" for route in served for method in sorted((route.methods or set()) - {"HEAD"})]


RESET = "frontsim.reset"
"""The name of a function that resets the connection."""
ENDS_WITH_CALLER = "frontsim.ends-with-caller"
"""Marks a call that ends when the caller closes its side. Others are answered: the caller may still read."""


async def reset(scope: Scope, receive: Receive) -> None:
    """Reset the caller's connection, and wait until it is gone: only then may the app end without an answer."""
    reset_connection: Callable[[], None] = scope["extensions"][RESET]
    reset_connection()
    await gone(receive)


def end_with_caller(scope: Scope) -> None:
    """End this call when the caller closes its side: a call without an end has no reader then."""
    scope.setdefault("extensions", {})[ENDS_WITH_CALLER] = True


async def gone(receive: Receive) -> None:
    """Wait until the caller is gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
