"""One HTTP call to an API, sent once, and how it ended (the tree of ends: `client.errors`).

Nothing here tries again: `client.retry` does, and its callers decide which calls may be repeated. The vendor's
answers are only partly published, so we check what we must read, and keep the rest as it came.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Self
from urllib.parse import quote, urlencode

import httpx
import orjson

from frontsim.client.errors import (
    Ambiguous,
    ApiError,
    UnexpectedAnswer,
    Unreachable,
    error_text,
    excerpt,
    retry_after_s,
)
from frontsim.client.loopback import LoopbackConnections
from frontsim.errors import BadInput

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

    httpx makes the calls, but for those over plain HTTP to this machine: they are many, and go over `client.loopback`.

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
        self._path = url.raw_path.decode("ascii").rstrip("/")
        self._timeout_s, connect_s = timeout_s, min(timeout_s, CONNECT_TIMEOUT_S)
        is_loopback = _is_loopback(url.host)
        fixed = {"Accept": "application/json", **headers}
        self._loopback = (
            LoopbackConnections(url, headers=fixed, connect_s=connect_s)
            if is_loopback and url.scheme == "http" and transport is None
            else None
        )
        self._client = httpx.Client(
            auth=(url.username, url.password) if url.userinfo else None,
            headers=fixed,
            timeout=httpx.Timeout(timeout_s, connect=connect_s),
            transport=transport,
            verify=url.scheme == "https",  # reading the authorities takes 10 ms, and plain HTTP needs none
            trust_env=not is_loopback,  # a proxy for the outside cannot reach this machine
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
        name = self._named(method, path)
        with _only_what_can_be_sent(f"{method} {path}"):
            content = None if body is None else orjson.dumps(body)
            target = f"{self._path}{path}{'?' if query else ''}{urlencode(query)}".encode()
        if self._loopback is None:
            request = self._request(method, path, query, content)
            timeout = request.extensions["timeout"]
            request.extensions["timeout"] = {**timeout, "read": timeout["read"] + more_s}
            with _ends_named(name):
                response = self._client.send(request)
            return _accepted(name, response.status_code, response.headers, response.content)
        with _ends_named(name):
            found = self._loopback.exchange(method, target, content, timeout_s=self._timeout_s + more_s)
        return _accepted(name, found.status, found.headers, found.content)

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
                    response.read()
                    _accepted(name, response.status_code, response.headers, response.content)
                yield response.iter_lines()
            finally:
                response.close()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
        if self._loopback:
            self._loopback.close()

    def _request(self, method: str, path: str, query: Query, content: bytes | None) -> httpx.Request:
        headers = {} if content is None else {"Content-Type": "application/json"}
        url = self._root + path
        return self._client.build_request(method, url, params=list(query) or None, content=content, headers=headers)

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
        """Close the connections."""
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
    """Whether its host is an address, or a name as DNS takes it: labels of 1 to 63 characters."""
    name = url.raw_host.decode("ascii").removesuffix(".")
    return ":" in name or ("%" not in name and all(1 <= len(label) <= 63 for label in name.split(".")))


@contextmanager
def _ends_named(name: str) -> Iterator[None]:
    """Turn httpx's errors into the two that matter: something was sent, or nothing."""
    try:
        yield
    except _NOT_SENT as error:
        raise Unreachable(f"{name}: expected an API there, but nothing was sent ({_reason(error)})") from error
    except httpx.HTTPError as error:
        raise Ambiguous(
            f"{name}: sent, but no whole answer came, so it may have been done ({_reason(error)})"
        ) from error


@contextmanager
def _only_what_can_be_sent(call: str) -> Iterator[None]:
    try:
        yield
    except (TypeError, UnicodeEncodeError) as error:
        raise BadInput(f"{call}: expected values that JSON and UTF-8 can carry, got {error}") from None


def _accepted(name: str, status: int, headers: Mapping[str, str], content: bytes) -> Answer:
    if 200 <= status < 300:
        return Answer(name, status, content)
    said = error_text(content)
    call = f"{name}: expected a 2xx, got {status}"
    raise ApiError(
        f"{said} ({call})" if said else call,
        status=status,
        body=excerpt(content),
        retry_after_s=retry_after_s(httpx.Headers(headers)),
    )


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
