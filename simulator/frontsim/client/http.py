"""One HTTP call to an API, sent once, and how it ended (the tree of ends: `client.errors`); the vendor's webhook API.

Nothing here tries again: `client.errors` does, and its callers decide which calls may be repeated. The vendor's
answers are only partly published, so we check what we must read, and keep the rest as it came.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cache
from ipaddress import ip_address
from ssl import SSLContext
from typing import Any, Self, TypedDict, Unpack
from urllib.parse import quote

import httpx
import orjson

from frontsim.client.bounded import ACCEPT_ENCODING, BoundedReader, TooMuch, TooSlow, WholeAnswer, lines_of
from frontsim.client.errors import (
    Ambiguous,
    ApiError,
    UnexpectedAnswer,
    Unreachable,
    error_text,
    excerpt,
    is_call_error,
    reason_of,
    retry_after_s,
)
from frontsim.client.models import EventEntry, WebhookView
from frontsim.errors import BadInput

__tracebackhide__ = is_call_error

CONNECT_TIMEOUT_S = 10.0
"""Seconds until a connection must stand: an API that answers at all does so much faster."""

_NOT_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.LocalProtocolError,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)

TIMEOUT_S = 60.0
"""Seconds of silence until an answer is given up. A resend is answered after the receiver was (open at the vendor):
30 s for the receiver, and as much again."""
_WHOLE = 5
"""The whole answer may take so many times as long: a trickle is no silence."""
MOST_BYTES, MOST_VALUES = 256 * 1024 * 1024, 5_000_000
"""Of an answer: a log of 200,000 events has some 100 MB."""

Query = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Answer:
    """A 2xx: `call` names what was asked, for messages."""

    call: str
    status: int
    content: bytes

    def json(self) -> Any:
        """The body's JSON.

        Raises:
            UnexpectedAnswer: it is not JSON.
        """
        try:
            return orjson.loads(self.content)
        except orjson.JSONDecodeError:
            text = excerpt(self.content)
            raise UnexpectedAnswer(self.call, expected="a body of JSON", got=text) from None

    def array(self, *, of: str) -> list[Any]:
        """The body's JSON array, bare as the vendor's guide shows it; `of` says what it should hold.

        Raises:
            UnexpectedAnswer: it is something else.
        """
        value = self.json()
        if not isinstance(value, list):
            raise UnexpectedAnswer(self.call, expected=f"an array of {of}", got=value)
        return value

    def object(self, *, of: str) -> dict[str, Any]:
        """The body's JSON object.

        Raises:
            UnexpectedAnswer: it is something else.
        """
        value = self.json()
        if not isinstance(value, dict):
            raise UnexpectedAnswer(self.call, expected=f"an object ({of})", got=value)
        return value


class HttpApi:
    """Calls to one API over a pool of connections. It follows no redirects: a 3xx is an `ApiError`.

    Args:
        root: the URL that every path is put behind, without a slash at its end.
        headers: sent with every call.
        timeout_s: seconds of silence until an answer is given up.
        transport: replaces the network, for tests.

    Raises:
        BadInput: the root is not an http or https URL with a host, or a header has characters that HTTP
            cannot carry.
    """

    def __init__(
        self,
        root: str,
        *,
        headers: Mapping[str, str],
        timeout_s: float,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        url = read_url(root)
        for name, value in headers.items():
            if not (value.isascii() and value.isprintable()):
                raise BadInput(f"{name}: expected printable ASCII characters, got something else")
        self._root = str(url.copy_with(username="", password="")).rstrip("/")
        verify = url.scheme == "https" or _without_tls()
        is_local = is_loopback(url.host)
        if transport is None and is_local:
            transport = httpx.HTTPTransport(verify=verify, trust_env=False)
        self._transport = transport if is_local and not url.userinfo else None
        self._timeout_s = timeout_s
        self._reader = BoundedReader(MOST_BYTES, MOST_VALUES)
        self._client = httpx.Client(
            auth=(url.username, url.password) if url.userinfo else None,
            headers={"Accept": "application/json", "Accept-Encoding": ACCEPT_ENCODING, **headers},
            timeout=httpx.Timeout(timeout_s, connect=min(timeout_s, CONNECT_TIMEOUT_S)),
            transport=transport,
            verify=verify,
            trust_env=not is_local,  # a proxy for the outside cannot reach this machine
        )

    def call(self, method: str, path: str, *, query: Query = (), body: object = None, more_s: float = 0) -> Answer:
        """Send one request and read its whole answer.

        Args:
            method: the HTTP method.
            path: behind the root, percent-encoded.
            query: names and values; a name may come again.
            body: sent as JSON unless it is None.
            more_s: seconds of silence beyond the timeout, for a call that waits on purpose.

        Raises:
            BadInput: a value cannot be sent: a lone surrogate, an integer of more than 64 bits.
            Unreachable, Ambiguous, ApiError: as `client.errors` says.
        """
        request = self._request(method, path, query, body)
        timeout = request.extensions["timeout"]
        request.extensions["timeout"] = {**timeout, "read": timeout["read"] + more_s}
        name = self._named(method, path)
        with _ends_named(name):
            answer = self._reader.read(self._send, request, limit_s=_WHOLE * self._timeout_s + more_s)
        return _accepted(name, answer)

    @contextmanager
    def open(self, path: str, *, headers: Mapping[str, str]) -> Iterator[Iterator[str]]:
        """The lines of an answer that does not end by itself; silence has no timeout.

        Raises:
            Unreachable, ApiError: it did not open.
            Ambiguous: it broke off.
        """
        request = self._request("GET", path, (), None)
        request.headers.update(headers)
        request.extensions["timeout"] = {**request.extensions["timeout"], "read": None}
        name = self._named("GET", path)
        with _ends_named(name):
            response = self._client.send(request, stream=True)
            try:
                if not response.is_success:
                    limit_s = _WHOLE * self._timeout_s
                    _accepted(name, self._reader.read(lambda _: response, request, limit_s=limit_s))
                yield lines_of(response)
            finally:
                response.close()

    def close(self) -> None:
        self._client.close()

    def _send(self, request: httpx.Request) -> httpx.Response:
        """Send a request, and give its answer as soon as its headers have come.

        httpx's client cares for cookies, proxies and authentication. A simulator on this machine needs none of them,
        and past the client a call takes three quarters of the processor time. A closed client refuses each call.
        """
        if self._transport is None or self._client.is_closed:
            return self._client.send(request, stream=True)
        return self._transport.handle_request(request)

    def _request(self, method: str, path: str, query: Query, body: object) -> httpx.Request:
        headers = {} if body is None else {"Content-Type": "application/json"}
        try:
            content = None if body is None else orjson.dumps(body)
            url = self._root + path
            return self._client.build_request(method, url, params=list(query) or None, content=content, headers=headers)
        except (TypeError, UnicodeEncodeError) as error:
            raise BadInput(f"{method} {path}: expected values that JSON and UTF-8 can carry, got {error}") from None

    def _named(self, method: str, path: str) -> str:
        """A call as messages name it: without its query."""
        return f"{method} {self._root}{path.partition('?')[0]}"


class ApiClient:
    """A client of one API; as a context manager it closes its connections at the end."""

    def __init__(self, http: HttpApi) -> None:
        self._http = http

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()


def read_url(text: str) -> httpx.URL:
    """An http or https URL with a host, and neither query nor fragment.

    Raises:
        BadInput: it is something else; the text says what was expected.
    """
    try:
        url = httpx.URL(text.strip())
    except (httpx.InvalidURL, UnicodeError):
        url = httpx.URL("")
    if url.scheme not in ("http", "https") or not _can_be_looked_up(url) or url.query or url.fragment:
        raise BadInput(f"expected a URL such as http://127.0.0.1:8400/restapi/V2, got {text!r}")
    return url


def path_part(text: str) -> str:
    """One part of a path: whatever an id holds, it stays one part, and a call stays the one that was meant.

    Raises:
        BadInput: it is empty, or would lead to another path.
    """
    try:
        part = quote(text, safe="")
    except UnicodeEncodeError:
        part = ""
    if text.strip() in ("", ".", "..") or not part:
        raise BadInput(f"expected an id, got {text!r}")
    return part


def _can_be_looked_up(url: httpx.URL) -> bool:
    """DNS takes labels of 1 to 63 characters; an address needs no DNS."""
    name = url.raw_host.decode("ascii").removesuffix(".")
    return ":" in name or ("%" not in name and all(1 <= len(label) <= 63 for label in name.split(".")))


@contextmanager
def _ends_named(name: str) -> Iterator[None]:
    """Turn httpx's errors into the two that matter: something was sent, or nothing."""
    try:
        yield
    except _NOT_SENT as error:
        raise Unreachable(f"{name}: expected an API there, but nothing was sent ({reason_of(error)})") from error
    except httpx.HTTPError as error:
        raise Ambiguous(
            f"{name}: sent, but no whole answer came, so it may have been done ({reason_of(error)})"
        ) from error
    except TooSlow:
        raise Ambiguous(f"{name}: sent, but no whole answer came in time, so it may have been done") from None
    except TooMuch as error:
        raise UnexpectedAnswer(name, expected="an answer that fits in memory", got=str(error)) from None


def _accepted(name: str, response: WholeAnswer) -> Answer:
    if response.is_success:
        return Answer(name, response.status_code, response.body)
    said = error_text(response.body)
    call = f"{name}: expected a 2xx, got {response.status_code}"
    raise ApiError(
        f"{said} ({call})" if said else call,
        status=response.status_code,
        body=excerpt(response.body),
        retry_after_s=retry_after_s(response.headers),
    )


@cache
def _without_tls() -> SSLContext:
    """For plain HTTP, one for all: reading the authorities takes 10 ms, and a context without them still 0.7 ms."""
    return httpx.create_ssl_context(verify=False)


def is_loopback(host: str) -> bool:
    """Decides whether a name or an address is this machine's own, without looking it up."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


When = date | str
"""A bound of a query: a date or date-time, or its text. Without an offset it is the vendor's local time."""


class WebhookChanges(TypedDict, total=False):
    """Holds the fields of a webhook that may change; those left out stay as they are."""

    event: str
    url: str
    store_id: int | None


class FrontSystems(ApiClient):
    """The vendor's webhook API, real or mock. Safe to use from several threads; a context manager.

    Args:
        base_url: `.../restapi/V2` or `.../api`, with or without a slash at its end.
        api_key: the `x-api-key`.
        subscription_key: the `Ocp-Apim-Subscription-Key`.
        timeout_s: seconds of silence until an answer is given up.
        transport: replaces the network, for tests.

    Raises:
        BadInput: the base URL or a key cannot be used.
    """

    def __init__(
        self,
        base_url: str,
        *,
        api_key: str,
        subscription_key: str,
        timeout_s: float = TIMEOUT_S,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        keys = {"x-api-key": api_key, "Ocp-Apim-Subscription-Key": subscription_key}
        url = read_url(base_url)
        path = url.path.rstrip("/")
        root = str(url.copy_with(path=path if path.lower().endswith("/api") else f"{path}/api"))
        super().__init__(HttpApi(root, headers=keys, timeout_s=timeout_s, transport=transport))

    def list_webhooks(self) -> list[WebhookView]:
        """Every webhook (published; that the body is an array is inferred)."""
        answer = self._http.call("GET", "/Webhooks")
        return [WebhookView.read(item) for item in answer.array(of="webhooks")]

    def create_webhook(self, event: str, url: str, *, store_id: int | None = None) -> WebhookView:
        """Subscribe a URL to one type, of one store or of all (published; the answer's body is inferred)."""
        body: dict[str, object] = {"event": event, "url": url}
        if store_id is not None:
            body["storeId"] = store_id
        return WebhookView.read(self._http.call("POST", "/Webhooks", body=body).json())

    def get_webhook(self, webhook_id: str) -> WebhookView:
        return WebhookView.read(self._http.call("GET", f"/Webhooks/{path_part(webhook_id)}").json())

    def update_webhook(self, webhook_id: str, **changes: Unpack[WebhookChanges]) -> WebhookView:
        """Change a webhook: read it, then PUT it whole.

        The PUT is published to take a whole WebhookViewModel; what becomes of a field that it lacks is open.
        """
        model = dict(self.get_webhook(webhook_id).raw)
        names = {"event": "event", "url": "url", "store_id": "storeId"}
        model.update({names[name]: value for name, value in changes.items()})
        answer = self._http.call("PUT", f"/Webhooks/{path_part(webhook_id)}", body=model)
        return WebhookView.read(answer.json())

    def delete_webhook(self, webhook_id: str) -> None:
        self._http.call("DELETE", f"/Webhooks/{path_part(webhook_id)}")

    def webhook_types(self) -> list[str]:
        """The types that can be subscribed to (published; the shape, an array of strings, is open)."""
        answer = self._http.call("GET", "/WebhooksTypes")
        names = answer.array(of="strings")
        if not all(isinstance(name, str) for name in names):
            raise UnexpectedAnswer(answer.call, expected="an array of strings", got=names)
        return names

    def type_schema(self, event: str) -> Any:
        """The schema of a type's payload, as it came (published; its dialect is open)."""
        return self._http.call("GET", f"/WebhooksTypes/{path_part(event)}/schema").json()

    def list_events(
        self,
        webhook_id: str,
        *,
        from_: When,
        to: When,
        success: bool | None = None,
        statuses: Sequence[str] = (),
        include_payload: bool = False,
        include_runs: bool = False,
    ) -> list[EventEntry]:
        """The log of a webhook between two moments (published).

        `success` None lists both. Whether a bound is inclusive, and the order, are open at the vendor; the
        mock takes `from` inclusive and `to` exclusive, oldest first.
        """
        query = [("from", _when(from_)), ("to", _when(to))]
        query += [("statuses", status) for status in statuses]
        query += [] if success is None else [("success", _flag(success))]
        query += [("includePayload", _flag(include_payload)), ("includeRuns", _flag(include_runs))]
        answer = self._http.call("GET", f"/WebhooksEvents/{path_part(webhook_id)}", query=query)
        return [EventEntry.read(item) for item in answer.array(of="events")]

    def get_event(self, webhook_id: str, webhook_event_id: str) -> EventEntry:
        """One logged event with its payload (published)."""
        path = f"/WebhooksEvents/{path_part(webhook_id)}/{path_part(webhook_event_id)}"
        return EventEntry.read(self._http.call("GET", path).json())

    def deliver(self, webhook_id: str, webhook_event_id: str) -> EventEntry:
        """Resend an event once; the entry as it is afterwards (published; that it waits for the run is open).

        A 200 says only that the resend was made: whether it was received is the entry's `success`.
        """
        path = f"/WebhooksEvents/{path_part(webhook_id)}/deliver/{path_part(webhook_event_id)}"
        return EventEntry.read(self._http.call("POST", path).json())


def _when(moment: When) -> str:
    return moment if isinstance(moment, str) else moment.isoformat()


def _flag(value: bool) -> str:  # noqa: FBT001 - one flag is all that there is to convert
    return "true" if value else "false"


EVER = ("2000-01-01", "2199-12-31")
"""A window that leaves nothing out."""


class LogFilter(TypedDict, total=False):
    """Which events, None for all, and what each carries."""

    success: bool | None
    with_payloads: bool
    with_runs: bool


def read_log(
    api: FrontSystems,
    webhook_ids: Iterable[str],
    *,
    since: When = EVER[0],
    **which: Unpack[LogFilter],
) -> Iterator[EventEntry]:
    """The events since a moment, webhook by webhook, oldest first for each. Raises CallError."""
    for webhook_id in webhook_ids:
        yield from api.list_events(
            webhook_id,
            from_=since,
            to=EVER[1],
            success=which.get("success"),
            include_payload=which.get("with_payloads", False),
            include_runs=which.get("with_runs", False),
        )
