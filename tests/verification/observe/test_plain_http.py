"""The standard library's client behind httpx: what a server sends, or how it fails, in httpx's words."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from frontsim.verification.observe.plain_http import PlainHttp

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]"


@contextmanager
def server(*connections: list[bytes]) -> Iterator[tuple[str, list[bytes]]]:
    """Answers the requests of each connection in turn, then closes it. Gives its URL and the requests."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            for answers in connections:
                with listener.accept()[0] as connection:
                    for answer in answers:
                        asked.append(connection.recv(65_536))
                        connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", asked
        thread.join(10)


def client(timeout_s: float = 10.0) -> httpx.Client:
    return httpx.Client(trust_env=False, timeout=timeout_s, mounts={"http://": PlainHttp()})


def test_a_connection_is_used_again():
    """Query, headers and credentials arrive; a redirect is followed."""
    moved = b"HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n"
    with server([moved, OK, OK]) as (url, asked), client() as http:
        at = url.replace("//", "//me:secret@")
        assert b"[]" == http.get(f"{at}/effects?since=1", headers={"X-Key": "k"}, follow_redirects=True).content
        assert b"[]" == http.get(url).content
    assert asked[0].startswith(b"GET /effects?since=1 HTTP/1.1\r\n")
    lines = asked[0].lower().split(b"\r\n")
    assert 1 == sum(line.startswith(b"host:") for line in lines)
    assert 1 == sum(line.startswith(b"accept-encoding:") for line in lines)
    assert b"x-key: k" in lines
    assert any(line.startswith(b"authorization: basic ") for line in lines)
    assert asked[1].startswith(b"GET /there ")
    assert asked[2].startswith(b"GET / ")


@pytest.mark.parametrize(
    "answer",
    [
        OK,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n[\r\n1\r\n]\r\n0\r\n\r\n",
        b"HTTP/1.0 200 OK\r\n\r\n[]",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n[]",
    ],
)
def test_a_server_may_close_the_connection_after_each_answer(answer):
    """Also without a word: the next request takes another one."""
    with server([answer], [answer], [answer]) as (url, asked), client() as http:
        assert [b"[]"] * 3 == [http.get(url).content for _ in range(3)]
    assert 3 == sum(map(bool, asked))


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n[]",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n[]",
        b"",
        b"what?\r\n\r\n",
    ],
)
def test_a_body_that_is_not_whole_is_an_error(answer):
    """Never a shorter list."""
    with server([answer]) as (url, _), client() as http, pytest.raises(httpx.TransportError):
        http.get(url)


def test_a_server_that_does_not_answer_is_late():
    with socket.create_server(("127.0.0.1", 0)) as listener, client(0.1) as http, pytest.raises(httpx.ReadTimeout):
        http.get(f"http://127.0.0.1:{listener.getsockname()[1]}")


def test_where_nothing_listens_there_is_no_connection(free_port):
    with client() as http, pytest.raises(httpx.ConnectError, match="refused"):
        http.get(f"http://127.0.0.1:{free_port()}")


def test_an_answer_that_is_not_read_to_its_end_costs_the_connection():
    with server([OK], [OK]) as (url, asked), client() as http:
        with http.stream("GET", url):
            pass
        assert b"[]" == http.get(url).content
    assert 2 == sum(map(bool, asked))
