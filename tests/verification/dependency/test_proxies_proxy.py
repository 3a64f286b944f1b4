"""Bytes through a proxy, whole and broken, on real sockets."""

import gc
import logging
import socket
import socketserver
import struct
import threading
from contextlib import suppress

import pytest

from frontsim.clock import stopwatch
from frontsim.verification.dependency.breakage import Breakage, DependencyAddress, DependencyFault
from frontsim.verification.dependency.proxies import open_dependencies
from tests.support.served import served

HANGS_AFTER_S = 10


class Echo(socketserver.BaseRequestHandler):
    """Answers each piece with the same bytes."""

    def handle(self):
        while data := self.request.recv(65536):
            self.server.seen.append(data)
            self.request.sendall(data)


@pytest.fixture
def echo():
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Echo)
    server.daemon_threads = True
    server.seen = []
    with served(server):
        yield server


@pytest.fixture
def dependencies(echo):
    with open_dependencies([DependencyAddress("db", "localhost", echo.server_address[1])]) as opened:
        yield opened


@pytest.fixture
def connect(dependencies):
    opened = []

    def connect():
        opened.append(socket.create_connection(("127.0.0.1", dependencies.port("db")), timeout=HANGS_AFTER_S))
        return opened[-1]

    yield connect
    for each in opened:
        each.close()


def asked(connection, data=b"hello"):
    """Return the answer; b"" when the connection is closed or reset."""
    try:
        connection.sendall(data)
        return connection.recv(65536)
    except ConnectionError:
        return b""


def test_bytes_pass_both_ways(connect, dependencies):
    connection = connect()
    assert [b"a", b"b"] == [asked(connection, each) for each in (b"a", b"b")]
    assert (1, 2) == (dependencies.connections, dependencies.answers("db"))


def test_a_megabyte_passes_unchanged(connect):
    """More than the proxy holds at once."""
    connection, sent, received = connect(), bytes(range(256)) * 8192, bytearray()
    sender = threading.Thread(target=connection.sendall, args=(sent,))
    sender.start()
    while len(received) < len(sent):
        received += connection.recv(65536)
    sender.join()
    assert sent == received


def test_the_end_of_a_connection_passes(connect):
    connection = connect()
    asked(connection)
    connection.shutdown(socket.SHUT_WR)
    assert b"" == connection.recv(1)


def test_down_cuts_what_is_open_and_what_is_new(connect, dependencies):
    before = connect()
    asked(before)
    dependencies.break_(Breakage(DependencyFault.DOWN))
    assert b"" == asked(before)
    with suppress(ConnectionResetError):  # the reset may come before connect() returns
        assert b"" == asked(connect())
    assert 2 == dependencies.hits
    dependencies.mend()
    assert b"hello" == asked(connect())


def test_a_lost_answer_was_asked_for(connect, dependencies, echo):
    """The request arrives, its answer does not."""
    dependencies.break_(Breakage(DependencyFault.LOST_ANSWER, after=1, times=1))
    connection = connect()
    assert [b"one", b""] == [asked(connection, b"one"), asked(connection, b"two")]
    assert [b"one", b"two"] == echo.seen
    assert 1 == dependencies.hits


@pytest.mark.parametrize(
    "breakage",
    [
        Breakage(DependencyFault.STALL),
        Breakage(DependencyFault.HELD_ANSWER),
        Breakage(DependencyFault.SLOW, delay_s=3600),
    ],
    ids=lambda breakage: breakage.fault,
)
@pytest.mark.parametrize("is_first", [True, False], ids=["connected during the fault", "connected before it"])
def test_what_is_held_passes_when_the_fault_ends(breakage, is_first, connect, dependencies):
    if is_first:
        dependencies.break_(breakage)
    connection = connect()
    if not is_first:
        asked(connection)
        dependencies.break_(breakage)
    connection.sendall(b"held")
    connection.settimeout(0.05)
    with pytest.raises(TimeoutError):
        connection.recv(1)
    connection.settimeout(HANGS_AFTER_S)
    dependencies.mend()
    assert b"held" == connection.recv(10)


def test_a_dependency_that_is_gone_resets(connect, echo):
    echo.shutdown()
    echo.server_close()
    with suppress(ConnectionResetError):  # it may come while we connect
        assert b"" == asked(connect())


@pytest.mark.parametrize(
    "hostile", [b"*" + 5_000 * b"9" + b"\r\n", b"\0\0\0\x08\x04\xd2\x16\x2f", b"AMQP\0\0\x09\x01\xff", b"*1\r\n$-5\r\n"]
)
def test_what_a_client_sends_is_passed_on_whatever_it_is(connect, hostile, caplog):
    """A reader that cannot read it reads no further, and leaves no error behind."""
    connection = connect()
    received = asked(connection, hostile)
    while len(received) < len(hostile):
        received += connection.recv(65536)
    assert hostile == received
    assert [] == [record for record in caplog.records if record.levelno > logging.DEBUG]


def test_both_sides_that_fail_at_once_leave_no_error_behind(dependencies, connect, caplog):
    """asyncio warns of a task whose error is not looked at."""
    for _ in range(20):
        connection = connect()
        connection.sendall(b"hello" * 10_000)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
    dependencies.break_(Breakage(DependencyFault.DOWN))
    gc.collect()
    dependencies.mend()
    assert [] == [record for record in caplog.records if record.levelno > logging.DEBUG]


def test_a_connection_beside_a_flood_of_small_messages_is_served(connect):
    """The flood is read a few thousand bytes at a time."""
    flood, beside = connect(), connect()
    over = threading.Event()

    def drain():
        with suppress(OSError):
            while flood.recv(1 << 20):
                pass

    def send():
        with suppress(OSError):
            flood.sendall(b"AMQP\0\0\x09\x01")
            while not over.is_set():
                flood.sendall(8_192 * b"\x08\0\0\0\0\0\0\xce")

    threads = [threading.Thread(target=each) for each in (drain, send)]
    for thread in threads:
        thread.start()
    took = []
    for _ in range(20):
        began = stopwatch()
        assert b"hello" == asked(beside)
        took.append(stopwatch() - began)
    over.set()
    flood.shutdown(socket.SHUT_RDWR)
    for thread in threads:
        thread.join()
    assert sorted(took)[10] < 1  # it took 0.3 s to 2 s on a busy machine
