"""Unencrypted HTTP for observers: the standard library's client, as a transport of httpx.

A look may have tens of megabytes, and a run takes some 50 looks. The standard library reads 57 MB with 39 ms of
processor time, httpx's own transport with 118 ms. All else (redirects, headers, credentials) stays with httpx.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException, HTTPResponse

import httpx

_PIECE = 1024 * 1024
_PORT = 80


class PlainHttp(httpx.BaseTransport):
    """Sends requests without a body, one at a time. Keeps one connection for each host."""

    def __init__(self) -> None:
        self._idle: dict[tuple[str, int], HTTPConnection] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The answer, whose body is read as its stream is. Raises httpx.TransportError."""
        where = (request.url.raw_host.decode("ascii"), request.url.port or _PORT)
        timeout_s = request.extensions.get("timeout", {}).get("read")
        idle = self._idle.pop(where, None)
        if idle is not None and idle.sock is not None:
            idle.sock.settimeout(timeout_s)
            try:
                return self._answer(idle, request, where)
            except TimeoutError as error:
                idle.close()
                raise httpx.ReadTimeout(str(error)) from error
            except (OSError, HTTPException):  # the server may have closed it meanwhile
                idle.close()
        connection = HTTPConnection(*where, timeout=timeout_s)
        with _as_transport_error(httpx.ConnectTimeout, httpx.ConnectError):
            connection.connect()
        try:
            with _as_transport_error(httpx.ReadTimeout, httpx.ReadError):
                return self._answer(connection, request, where)
        except BaseException:
            connection.close()
            raise

    def _answer(self, connection: HTTPConnection, request: httpx.Request, where: tuple[str, int]) -> httpx.Response:
        connection.request(request.method, request.url.raw_path.decode("ascii"), headers=dict(request.headers))
        answer = connection.getresponse()
        body = _Body(connection, answer, lambda: self._idle.update({where: connection}))
        return httpx.Response(answer.status, headers=answer.getheaders(), stream=body)

    def close(self) -> None:
        """Close the connections."""
        while self._idle:
            self._idle.popitem()[1].close()


class _Body(httpx.SyncByteStream):
    """The body of an answer. `keep` is called at its end, if the connection can be used again."""

    def __init__(self, connection: HTTPConnection, answer: HTTPResponse, keep: Callable[[], None]) -> None:
        self._connection = connection
        self._answer = answer
        self._keep = keep
        self._is_over = False

    def __iter__(self) -> Iterator[bytes]:
        with _as_transport_error(httpx.ReadTimeout, httpx.ReadError):
            while piece := self._answer.read(_PIECE):
                yield piece
        if self._answer.length:
            raise httpx.RemoteProtocolError(f"the connection ended {self._answer.length:,} bytes before the body did")
        self._is_over = True

    def close(self) -> None:
        if self._is_over and not self._answer.will_close:
            self._keep()
        else:
            self._connection.close()


@contextmanager
def _as_transport_error(timeout: type[httpx.TimeoutException], failure: type[httpx.NetworkError]) -> Iterator[None]:
    try:
        yield
    except TimeoutError as error:
        raise timeout(str(error)) from error
    except OSError as error:
        raise failure(str(error)) from error
    except HTTPException as error:
        raise httpx.RemoteProtocolError(str(error) or type(error).__name__) from error
