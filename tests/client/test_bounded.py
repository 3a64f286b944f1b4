"""Reading what others answer: it ends, whatever they do, and takes no more memory than is allowed."""

import gzip
import itertools
import socket
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from typing import Any

import httpx
import pytest

from frontsim.client import bounded
from frontsim.client.bounded import BoundedReader, TooMuch, TooSlow, WholeAnswer
from tests.support.patience import PATIENCE_S


class Stream(httpx.SyncByteStream):
    """A body that comes in these pieces."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = pieces

    def __iter__(self) -> Iterator[bytes]:
        yield from self._pieces


HEAD = b"HTTP/1.1 200 OK\r\n"
LONG_S = 60.0
SHORT_S = 0.3


@contextmanager
def server(answer: Callable[[threading.Event], Iterable[bytes]]) -> Iterator[str]:
    """Sends what `answer` yields, until the client has had enough; the event is set at the end of the test."""
    over = threading.Event()

    def serve() -> None:
        with suppress(OSError):
            link, _ = listener.accept()
            with link:
                link.recv(65_536)
                for piece in answer(over):
                    link.sendall(piece)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        over.set()
    thread.join()


def get(url: str, *, limit_s: float = LONG_S, most_bytes: int = bounded.MOST_BYTES) -> WholeAnswer:
    with closing(httpx.Client(trust_env=False, timeout=PATIENCE_S)) as client:
        send = partial(client.send, stream=True)
        return BoundedReader(most_bytes).read(send, client.build_request("GET", url), limit_s=limit_s, follow=True)


def whole(body: bytes, headers: bytes = b"") -> Callable[[threading.Event], Iterable[bytes]]:
    return lambda _: [HEAD + headers + b"Content-Length: %d\r\n\r\n" % len(body) + body]


@pytest.mark.parametrize("beginning", [HEAD + b"X: ", HEAD + b"\r\n["])
def test_an_answer_that_trickles(beginning: bytes) -> None:
    """Each byte comes soon after the last one, but there is no end: wherever the answer is, its time is over."""

    def trickle(over: threading.Event) -> Iterator[bytes]:
        yield beginning
        while not over.wait(0.02):
            yield b" "

    with server(trickle) as url, pytest.raises(TooSlow):
        get(url, limit_s=SHORT_S)


def test_an_answer_without_end() -> None:
    """No more is read than may be kept."""
    with (
        server(lambda _: itertools.chain([HEAD + b"\r\n"], itertools.repeat(b"x" * 65_536))) as url,
        pytest.raises(TooMuch, match="more than 1 MiB"),
    ):
        get(url, most_bytes=2**20)


def test_a_gzip_bomb() -> None:
    """A few bytes become very many: they are decompressed a piece at a time."""
    bomb = gzip.compress(bytes(50_000_000))
    with server(whole(bomb, b"Content-Encoding: gzip\r\n")) as url, pytest.raises(TooMuch):
        get(url, most_bytes=2**20)
    assert 65_536 == max(len(piece) for piece in bounded._decoded([bomb], "gzip"))


@pytest.mark.parametrize(
    ("encoding", "body"), [("gzip", gzip.compress(b"[1]" * 99, mtime=0)), ("deflate", zlib.compress(b"[1]" * 99))]
)
def test_an_answer_that_is_compressed(encoding: str, body: bytes) -> None:
    """Some servers compress whether they are asked to or not."""
    with server(whole(body, b"Content-Encoding: %b\r\n" % encoding.encode())) as url:
        assert b"[1]" * 99 == get(url).body


@pytest.mark.parametrize(("encoding", "body"), [("br", b"x"), ("gzip, gzip", b"x"), ("gzip", b"not that")])
def test_an_answer_that_cannot_be_decompressed(encoding: str, body: bytes) -> None:
    with (
        server(whole(body, b"Content-Encoding: %b\r\n" % encoding.encode())) as url,
        pytest.raises(httpx.DecodingError),
    ):
        get(url)


def test_a_connection_that_stands_after_its_time_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """A look-up of the host's name takes as long as the system lets it."""
    connect = socket.create_connection

    def connect_late(*args: Any, **options: Any) -> socket.socket:
        threading.Event().wait(3 * SHORT_S)
        return connect(*args, **options)

    monkeypatch.setattr(socket, "create_connection", connect_late)
    with server(lambda over: iter([b""] if over.wait(PATIENCE_S) else [])) as url, pytest.raises(TooSlow):
        get(url, limit_s=SHORT_S)


def test_a_kept_connection_is_known_in_its_next_call() -> None:
    """The watcher has to end a socket that another call opened."""
    slow = threading.Event()

    def serve() -> None:
        link, _ = listener.accept()
        with link, suppress(OSError):
            link.recv(65_536)
            link.sendall(HEAD + b"Content-Length: 2\r\n\r\n[]")
            link.recv(65_536)
            while not slow.wait(0.02):
                link.sendall(b"H")

    with socket.create_server(("127.0.0.1", 0)) as listener, closing(httpx.Client(trust_env=False)) as client:
        thread = threading.Thread(target=serve)
        thread.start()
        reader, send = BoundedReader(), partial(client.send, stream=True)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        assert b"[]" == reader.read(send, client.build_request("GET", url), limit_s=LONG_S).body
        with pytest.raises(TooSlow):
            reader.read(send, client.build_request("GET", url), limit_s=SHORT_S)
        slow.set()
        thread.join()


def test_of_a_refusal_the_beginning_is_read() -> None:
    """Its text is shown in part, so a page without end says as much as a short one."""
    head = b"HTTP/1.1 500 Oh\r\n\r\n"
    with server(lambda _: itertools.chain([head], itertools.repeat(b"x" * 65_536))) as url:
        assert 1_000_000 > len(get(url).body)


def test_a_stream_without_a_line_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream may last for ever, but not a line."""
    monkeypatch.setattr(bounded, "MOST_BYTES", 1_000_000)
    body = itertools.chain([b"a\r\nb", b"c\n"], itertools.repeat(b"x" * 65_536))
    lines = bounded.lines_of(httpx.Response(200, stream=Stream(body)))
    assert ["a", "bc"] == [next(lines), next(lines)]
    with pytest.raises(TooMuch):
        next(lines)
