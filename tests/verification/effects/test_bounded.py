"""Reading what others send or print: it ends, whatever they do, and takes no more memory than is allowed."""

import gzip
import itertools
import queue
import socket
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from frontsim.verification.effects import bounded
from frontsim.verification.effects.bounded import TooMuch, TooSlow
from tests.support.patience import PATIENCE_S

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


def get(url: str, *, limit_s: float = LONG_S) -> bounded.UrlAnswer:
    with closing(httpx.Client(trust_env=False, timeout=PATIENCE_S)) as client:
        return bounded.get(client, url, limit_s=limit_s)


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


def test_an_answer_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """No more is read than may be kept."""
    monkeypatch.setattr(bounded, "MOST_BYTES", 1_000_000)
    with (
        server(lambda _: itertools.chain([HEAD + b"\r\n"], itertools.repeat(b"x" * 65_536))) as url,
        pytest.raises(TooMuch),
    ):
        get(url)


@pytest.mark.slow
def test_a_gzip_bomb(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few bytes become very many: they are decompressed a piece at a time."""
    monkeypatch.setattr(bounded, "MOST_BYTES", 1_000_000)
    bomb = gzip.compress(bytes(50_000_000))
    with server(whole(bomb, b"Content-Encoding: gzip\r\n")) as url, pytest.raises(TooMuch):
        get(url)

    assert 65_536 == max(len(piece) for piece in bounded._decoded([bomb], "gzip"))


@pytest.mark.parametrize(
    ("encoding", "body"), [("gzip", gzip.compress(b"[1]" * 99, mtime=0)), ("deflate", zlib.compress(b"[1]" * 99))]
)
def test_an_answer_that_is_compressed(encoding: str, body: bytes) -> None:
    """Some servers compress whether they are asked to or not."""
    with server(whole(body, b"Content-Encoding: %b\r\n" % encoding.encode())) as url:
        assert bounded.UrlAnswer(200, b"[1]" * 99) == get(url)


@pytest.mark.parametrize(("encoding", "body"), [("br", b"x"), ("gzip, gzip", b"x"), ("gzip", b"not that")])
def test_an_answer_that_cannot_be_decompressed(encoding: str, body: bytes) -> None:
    with (
        server(whole(body, b"Content-Encoding: %b\r\n" % encoding.encode())) as url,
        pytest.raises(httpx.DecodingError),
    ):
        get(url)


def test_a_short_text_of_many_values(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each takes some hundred bytes of memory."""
    monkeypatch.setattr(bounded, "MOST_VALUES", 1_000)
    with pytest.raises(TooMuch, match="1,000 values"):
        bounded.run("yes '[]' | head -n 600", limit_s=LONG_S)


def test_a_command() -> None:
    """What it prints, and how it ends."""
    assert bounded.CommandOutput(3, b"a\nb\n", b"oh\n") == bounded.run(
        "echo a; echo b; echo oh >&2; exit 3", limit_s=LONG_S
    )


def test_a_command_that_prints_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is killed when it has printed more than may be kept."""
    monkeypatch.setattr(bounded, "MOST_BYTES", 1_000_000)
    with pytest.raises(TooMuch):
        bounded.run("yes", limit_s=LONG_S)


@pytest.mark.parametrize(
    "command",
    [
        "while :; do echo; sleep 0.02; done",
        "while :; do echo; sleep 0.02; done >&2",
        "sleep 1000",
        "exec >&- 2>&-; sleep 1000",
    ],
)
def test_a_command_that_does_not_end(command: str) -> None:
    """Whether it prints, and even when it closes its output: its time is over."""
    with pytest.raises(TooSlow):
        bounded.run(command, limit_s=SHORT_S)


def test_of_the_errors_the_beginning_is_kept() -> None:
    """A command may report as many as it likes."""
    assert b"x" * 4096 == bounded.run("head -c 1000000 /dev/zero | tr '\\0' x >&2", limit_s=LONG_S).errors


@pytest.mark.slow
def test_children_that_outlive_a_command_are_killed() -> None:
    """They hold its output open, and are not waited for."""
    output = bounded.run("sleep 1000 & echo $!", limit_s=LONG_S)
    with suppress(psutil.NoSuchProcess):
        psutil.Process(int(output.text)).wait(PATIENCE_S)


@pytest.mark.slow
def test_children_of_a_command_that_is_too_slow_are_killed(tmp_path: Path) -> None:
    """With its whole group."""
    file = tmp_path / "pid"
    with pytest.raises(TooSlow):
        bounded.run(f"sleep 1000 & echo $! > '{file}'; wait", limit_s=SHORT_S)
    with suppress(psutil.NoSuchProcess):
        psutil.Process(int(file.read_text())).wait(PATIENCE_S)


def test_an_answer_that_comes_after_its_time_leaves_no_connection_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its client may have been closed while it was connecting."""
    connect, may_connect, connected = socket.create_connection, threading.Event(), queue.SimpleQueue()

    def connect_late(*args: Any, **options: Any) -> socket.socket:
        assert may_connect.wait(PATIENCE_S)
        link = connect(*args, **options)
        connected.put((threading.current_thread(), link))
        return link

    monkeypatch.setattr(socket, "create_connection", connect_late)
    with server(whole(b"[]")) as url:
        with closing(httpx.Client(trust_env=False)) as client, pytest.raises(TooSlow):
            bounded.get(client, url, limit_s=SHORT_S)
        may_connect.set()
        thread, link = connected.get(timeout=PATIENCE_S)
        thread.join(PATIENCE_S)
    assert -1 == link.fileno()
