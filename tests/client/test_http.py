"""One HTTP call and how it ended."""

import gzip
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any

import httpx
import pytest

from frontsim.client.errors import Ambiguous, ApiError, UnexpectedAnswer, Unreachable
from frontsim.client.http import Answer, ApiClient, FrontSystems, HttpApi, path_part, read_url
from frontsim.errors import BadInput
from tests.support.scripted_transport import ScriptedTransport

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]"


class ScriptedServer:
    """A TCP peer that reads one request a connection, writes what it is told and closes."""

    def __init__(self, answers: list[bytes | None]) -> None:
        self.requests: list[bytes] = []
        self._answers = answers
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        for answer in self._answers:
            try:
                connection = self._listener.accept()[0]
            except OSError:  # no caller will come any more
                return
            with closing(connection):
                self.requests.append(connection.recv(65536))
                if answer is None:  # a reset in place of an answer
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                else:
                    connection.sendall(answer)

    def ends(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()


@contextmanager
def peer(*answers: bytes | None) -> Iterator[ScriptedServer]:
    one = ScriptedServer(list(answers))
    try:
        yield one
    finally:
        one.ends()


def exchange(root: str, **options: object) -> HttpApi:
    return HttpApi(root, **{"headers": {}, "timeout_s": 5.0, **options})


def answering(answer: Callable[[httpx.Request], httpx.Response]) -> HttpApi:
    return exchange("http://shop.example/base", transport=httpx.MockTransport(answer))


def test_a_call_that_is_answered() -> None:
    """A path is put behind the root, a body is sent as JSON, the headers go with every call."""
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(202, json={"a": 1})

    calls = exchange("http://shop.example/base/", headers={"x-api-key": "k"}, transport=httpx.MockTransport(answer))
    got = calls.call("POST", "/a%2Fb", query=[("statuses", "OK"), ("statuses", "Not found")], body={"n": 1})
    assert (202, {"a": 1}) == (got.status, got.object(of="it"))
    assert seen[0].url.raw_path == b"/base/a%2Fb?statuses=OK&statuses=Not+found"
    assert (b'{"n":1}', "application/json", "k") == (
        seen[0].content,
        seen[0].headers["content-type"],
        seen[0].headers["x-api-key"],
    )


def test_a_refused_connection_is_unreachable() -> None:
    """A refused connection is Unreachable: certainly not done."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port = listener.getsockname()[1]
    with closing(exchange(f"http://127.0.0.1:{port}")) as calls, pytest.raises(Unreachable, match="nothing was sent"):
        calls.call("POST", "/x")


@pytest.mark.parametrize(
    "answer",
    [None, b"", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n[]", b"HTTP/1.1 200", b"nonsense\r\n\r\n"],
    ids=["reset", "closed", "half a body", "half a head", "no HTTP"],
)
def test_sent_without_a_whole_answer(answer: bytes | None) -> None:
    """Whatever breaks behind the sending is Ambiguous, and the call is not sent a second time."""
    with (
        peer(answer) as one,
        closing(exchange(one.url)) as calls,
        pytest.raises(Ambiguous, match="may have been done"),
    ):
        calls.call("POST", "/x")
    assert 1 == len(one.requests)


def test_silence_is_ambiguous() -> None:
    """An answer that does not come within the timeout leaves open whether the call was done."""
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with closing(exchange(url, timeout_s=0.05)) as calls, pytest.raises(Ambiguous, match="timed out"):
            calls.call("POST", "/x")


@pytest.mark.parametrize("beginning", [b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\n\r\n["], ids=["head", "body"])
def test_a_trickle_is_ambiguous(beginning: bytes) -> None:
    """Each byte comes within the timeout, but there is no end: the whole answer has a time, too.

    On a busy machine a byte may be late; without that time, the call would never end.
    """
    over = threading.Event()

    def serve() -> None:
        link, _ = listener.accept()
        with link, suppress(OSError):
            link.recv(65536)
            link.sendall(beginning)
            while not over.wait(0.02):
                link.sendall(b" ")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with (
            closing(exchange(url, timeout_s=0.1)) as calls,
            pytest.raises(Ambiguous, match=r"came in time|timed out"),
        ):
            calls.call("POST", "/x")
        over.set()
        thread.join()


@pytest.mark.long
@pytest.mark.parametrize(
    ("content", "got"),
    [(bytes(300_000_000), "more than 256 MiB"), (b"[" + b"[]," * 6_000_000 + b"1]", "more than 5,000,000 values")],
    ids=["bomb", "values"],
)
def test_an_answer_that_does_not_fit_in_memory_was_done(content: bytes, got: str) -> None:
    """A megabyte of gzip may become a gigabyte, and each value in it takes some hundred bytes."""
    body = gzip.compress(content, 1)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body)
    with (
        peer(head + body) as one,
        closing(exchange(one.url)) as calls,
        pytest.raises(UnexpectedAnswer, match=f"expected an answer that fits in memory, got '{got}'"),
    ):
        calls.call("GET", "/x")


def test_a_redirect_is_not_followed() -> None:
    """A 3xx is no 2xx; where it points to is not asked."""
    with (
        peer(b"HTTP/1.1 302 Found\r\nLocation: /y\r\nContent-Length: 0\r\n\r\n") as one,
        closing(exchange(one.url)) as calls,
        pytest.raises(ApiError) as caught,
    ):
        calls.call("GET", "/x")
    assert (302, 1) == (caught.value.status, len(one.requests))


def test_an_error_of_the_api() -> None:
    """Status, body and Retry-After of an answer that is no 2xx are kept; the message names call and reason."""
    body = b'{ "statusCode": 429, "message": "Rate limit is exceeded. Try again in 57 seconds." }'
    with pytest.raises(ApiError) as caught:
        answering(lambda _: httpx.Response(429, content=body, headers={"Retry-After": "57"})).call("GET", "/x?")
    assert (429, 57.0) == (caught.value.status, caught.value.retry_after_s)
    assert body.decode() == caught.value.body
    assert str(caught.value) == (
        "Rate limit is exceeded. Try again in 57 seconds. (GET http://shop.example/base/x: expected a 2xx, got 429)"
    )


def test_secrets_stay_out_of_messages() -> None:
    """Neither keys, nor the query, nor a password in the URL are told."""
    with pytest.raises(ApiError) as caught:
        exchange(
            "http://user:hidden1@shop.example",
            headers={"x-api-key": "hidden2"},
            transport=httpx.MockTransport(lambda _: httpx.Response(401)),
        ).call("GET", "/x", query=[("token", "hidden3")])
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize(
    "values",
    [{"body": {"a": "\udcff"}}, {"body": 2**64}, {"query": [("from", "\udcff")]}],
    ids=["text", "number", "query"],
)
def test_values_that_cannot_be_sent(values: dict[str, Any]) -> None:
    """A value that neither JSON nor UTF-8 can carry is refused before anything is sent."""
    with pytest.raises(BadInput, match="POST /x: expected values"):
        answering(lambda _: httpx.Response(200)).call("POST", "/x", **values)


def test_a_header_that_http_cannot_carry() -> None:
    """A key with a line break is refused by name, without showing it."""
    with pytest.raises(BadInput, match="x-api-key: expected printable ASCII") as caught:
        exchange("http://shop.example", headers={"x-api-key": "hidden\r\nx: y"})
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "shop.example",
        "ftp://shop.example",
        "http://",
        "http://a/?q=1",
        "http://a/#f",
        "http://a b/",
        "http://a..b/",
        f"http://{'a' * 64}.example/",
        "http://[::1",
    ],
)
def test_urls_that_cannot_be_called(url: str) -> None:
    """A base URL is http or https, with a host, without query and fragment."""
    with pytest.raises(BadInput, match="expected a URL such as"):
        read_url(url)


def test_a_body_of_another_kind() -> None:
    """A 2xx whose body cannot be read was done: it is UnexpectedAnswer, with expected and got."""
    with pytest.raises(UnexpectedAnswer, match="GET /x: expected a body of JSON, got '<html> hi'"):
        Answer("GET /x", 200, b"<html>\n hi").json()
    with pytest.raises(UnexpectedAnswer, match=r"expected an array of events, got \{\"a\":1\}"):
        Answer("GET /x", 200, b'{"a":1}').array(of="events")
    with pytest.raises(UnexpectedAnswer, match=r"expected an object \(a rule\), got \[\]"):
        Answer("GET /x", 200, b"[]").object(of="a rule")


def test_an_open_answer() -> None:
    """Lines come as they arrive; a stream that breaks off is Ambiguous."""
    head = b"HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    with peer(head + b"4\r\na\nb\n\r\n0\r\n\r\n", head + b"2\r\nc\n\r\n") as one, closing(exchange(one.url)) as calls:
        with calls.open("/stream", headers={}) as lines:
            assert ["a", "b"] == list(lines)
        with pytest.raises(Ambiguous), calls.open("/stream", headers={}) as lines:
            list(lines)


def test_an_answer_that_does_not_open() -> None:
    """A stream that is refused says so like any call."""
    calls = answering(lambda _: httpx.Response(404, json={"message": "Resource not found"}))
    with pytest.raises(ApiError, match=r"Resource not found \(.* got 404\)"), calls.open("/stream", headers={}):
        pass


def test_a_proxy_is_no_way_to_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy in the environment is not asked for a loopback address."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with peer(OK) as one, closing(exchange(one.url)) as calls:
        assert [] == calls.call("GET", "/x").array(of="things")


def test_cookies_are_for_other_machines() -> None:
    """A call to a loopback address goes past httpx's client, which would keep cookies; a call to another does not."""
    seen: list[str | None] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers.get("cookie"))
        return httpx.Response(200, headers={"Set-Cookie": "a=b; Path=/"})

    for root in ("http://127.0.0.1:8400", "http://shop.example"):
        calls = exchange(root, transport=httpx.MockTransport(answer))
        for _ in range(2):
            calls.call("GET", "/")
    assert [None, None, None, "a=b"] == seen


def test_a_name_in_the_url_is_sent_to_this_machine_too() -> None:
    """The user's name and password in a URL are sent as basic authentication, wherever it leads."""
    with peer(OK) as one, closing(exchange(one.url.replace("//", "//u:p@"))) as calls:
        calls.call("GET", "/x")
    assert b"Authorization: Basic dTpw" in one.requests[0]


def front(record: ScriptedTransport) -> FrontSystems:
    url = "http://shop.example/restapi/V2"
    return FrontSystems(url, api_key="k", subscription_key="s", transport=httpx.MockTransport(record))


@pytest.mark.parametrize("given", ["", " ", ".", "..", "\udcff"])
def test_an_id_that_would_be_another_call(given: str) -> None:
    """DELETE Webhooks/.. is not a call that anybody meant."""
    record = ScriptedTransport()
    with pytest.raises(BadInput, match="expected an id"):
        front(record).delete_webhook(given)
    assert [] == record.lines


def test_an_id_stays_one_part_of_the_path() -> None:
    """Whatever an id holds, it is percent-encoded."""
    record = ScriptedTransport()
    front(record).delete_webhook("a/../b?c=æ")
    assert ["DELETE /restapi/V2/api/Webhooks/a%2F..%2Fb%3Fc%3D%C3%A6"] == record.lines


@pytest.mark.parametrize(("given", "part"), [("a/b", "a%2Fb"), ("..a", "..a"), (" a", "%20a"), ("æ?", "%C3%A6%3F")])
def test_a_part_of_a_path(given: str, part: str) -> None:
    """Nothing in an id separates, asks or leads upwards; what is harmless stays as it is."""
    assert part == path_part(given)


@pytest.mark.parametrize("root", ["http://shop.example", "http://127.0.0.1:8400"])
def test_connections_end_with_the_client(root: str) -> None:
    """As a context manager a client closes its connections."""
    api = HttpApi(root, headers={}, timeout_s=1, transport=httpx.MockTransport(ScriptedTransport({})))
    with ApiClient(api):
        api.call("GET", "/")
    with pytest.raises(RuntimeError, match="closed"):
        api.call("GET", "/")
