"""One HTTP call to an API, and how it ended: nothing is ever sent twice, and no end is guessed.

    CallError                   a call did not give what it was for
    ├── Unreachable             certainly not done: no address, no connection, no TLS; nothing was sent
    ├── Ambiguous               sent, at least in part, but no whole answer came: it may have been done
    ├── ApiError                answered, but not with a 2xx; `retry_after_s` says when to come back
    └── UnexpectedAnswer        answered with a 2xx, so done, but the body is not what we can read

The vendor's answers are only partly published. What we must read is checked, and an answer that differs is
shown as expected and got; what we need not read is kept as it came.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

import httpx
import orjson

from frontsim.client.error_body import EXCERPT, excerpt, retry_after_s, said_in
from frontsim.errors import BadInput, FrontsimError

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

Query = Sequence[tuple[str, str]]


class CallError(FrontsimError):
    """A call did not give what it was for; `str()` of it names the call and is fit to be shown."""


class Unreachable(CallError):
    """Nothing of the call arrived anywhere, so it was certainly not done."""


class Ambiguous(CallError):
    """The call was sent, at least in part, and no whole answer came: it may have been done."""


class ApiError(CallError):
    """The API answered, but not with a 2xx.

    Args:
        message: the call, the status and an excerpt of the body.
        status: the HTTP status.
        body: the body as text, cut to 300 characters.
        retry_after_s: seconds that the API asks to wait, None if it names none.
    """

    def __init__(self, message: str, *, status: int, body: str, retry_after_s: float | None) -> None:
        super().__init__(message)
        self.status = status
        self.body = body
        self.retry_after_s = retry_after_s


class UnexpectedAnswer(CallError):
    """The call was done (2xx), but its answer is not of the form that we can read."""

    def __init__(self, where: str, *, expected: str, got: object) -> None:
        super().__init__(f"{where}: expected {expected}, got {_shown(got)}")


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
    """Calls to one API over a pool of connections. Redirects are not followed: a 3xx is an `ApiError`.

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
        self._root = url.copy_with(username="", password="")
        self._http = httpx.Client(
            auth=(url.username, url.password) if url.userinfo else None,
            headers={"Accept": "application/json", **headers},
            timeout=httpx.Timeout(timeout_s, connect=min(timeout_s, CONNECT_TIMEOUT_S)),
            transport=transport,
            trust_env=not _is_loopback(url.host),  # a proxy for the world is no way to this machine
        )

    def call(self, method: str, path: str, *, query: Query = (), body: object = None, more_s: float = 0) -> Answer:
        """Send one request and read its whole answer.

        Args:
            method: the HTTP method.
            path: behind the root, percent-encoded.
            query: names and values; a name may come again.
            body: sent as JSON unless it is None.
            more_s: seconds of silence to allow beyond the timeout, for a call that waits on purpose.

        Raises:
            BadInput: a value cannot be sent: a lone surrogate, an integer of more than 64 bits.
            Unreachable, Ambiguous, ApiError: as in the module's tree.
        """
        request = self._request(method, path, query, body)
        timeout = request.extensions["timeout"]
        request.extensions["timeout"] = {**timeout, "read": timeout["read"] + more_s}
        with _ends_named(request):
            response = self._http.send(request)
        return _accepted(request, response)

    @contextmanager
    def open(self, path: str, *, headers: Mapping[str, str]) -> Iterator[Iterator[str]]:
        """The lines of an answer that does not end by itself; silence is not given up.

        Raises:
            Unreachable, ApiError: it did not open.
            Ambiguous: it broke off.
        """
        request = self._request("GET", path, (), None)
        request.headers.update(headers)
        request.extensions["timeout"] = {**request.extensions["timeout"], "read": None}
        with _ends_named(request):
            response = self._http.send(request, stream=True)
            try:
                if not response.is_success:
                    response.read()
                    _accepted(request, response)
                yield response.iter_lines()
            finally:
                response.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _request(self, method: str, path: str, query: Query, body: object) -> httpx.Request:
        url = self._root.copy_with(raw_path=self._root.raw_path.rstrip(b"/") + path.encode("ascii"))
        headers = {} if body is None else {"Content-Type": "application/json"}
        try:
            content = None if body is None else orjson.dumps(body)
            return self._http.build_request(method, url, params=list(query) or None, content=content, headers=headers)
        except (TypeError, UnicodeEncodeError) as error:
            raise BadInput(f"{method} {path}: expected values that JSON and UTF-8 can carry, got {error}") from None


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


def _can_be_looked_up(url: httpx.URL) -> bool:
    """Whether its host is an address, or a name as DNS takes it: labels of 1 to 63 characters."""
    name = url.raw_host.decode("ascii").removesuffix(".")
    return ":" in name or ("%" not in name and all(1 <= len(label) <= 63 for label in name.split(".")))


@contextmanager
def _ends_named(request: httpx.Request) -> Iterator[None]:
    """Turn httpx's errors into the two that matter: was anything sent, or not."""
    try:
        yield
    except _NOT_SENT as error:
        raise Unreachable(
            f"{_named(request)}: expected an API there, but nothing was sent ({_reason(error)})"
        ) from error
    except httpx.HTTPError as error:
        raise Ambiguous(
            f"{_named(request)}: sent, but no whole answer came, so it may have been done ({_reason(error)})"
        ) from error


def _accepted(request: httpx.Request, response: httpx.Response) -> Answer:
    if response.is_success:
        return Answer(_named(request), response.status_code, response.content)
    said = said_in(response.content)
    raise ApiError(
        f"{_named(request)}: expected a 2xx, got {response.status_code}{': ' if said else ''}{said}",
        status=response.status_code,
        body=excerpt(response.content),
        retry_after_s=retry_after_s(response.headers),
    )


def _named(request: httpx.Request) -> str:
    return f"{request.method} {request.url.copy_with(query=None)}"


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _shown(value: object) -> str:
    if isinstance(value, str):
        return repr(value) if len(value) <= EXCERPT else f"{value[:EXCERPT]!r}..."
    return excerpt(orjson.dumps(value, default=repr))
