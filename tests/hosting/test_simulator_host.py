"""The process that hosts simulators: one for each connection, until the connection or the caller ends."""

import pickle
import socket
import subprocess
import sys
from collections.abc import Iterator
from threading import Thread

import httpx
import pytest

from frontsim.bundled import module_environment
from frontsim.hosting.simulator_host import host
from frontsim.settings import Settings
from tests.support.patience import PATIENCE_S

pytestmark = pytest.mark.slow


@pytest.fixture
def caller() -> Iterator[socket.socket]:
    """The caller's end of the connection to a host, which ends with it."""
    ours, theirs = socket.socketpair()
    thread = Thread(target=host, args=(theirs,))
    with theirs:
        thread.start()
        with ours:
            yield ours
        thread.join(PATIENCE_S)
    assert not thread.is_alive()


def connection_to(caller: socket.socket) -> socket.socket:
    ours, theirs = socket.socketpair()
    with theirs:
        socket.send_fds(caller, [b"\0"], [theirs.fileno()])
    ours.settimeout(PATIENCE_S)
    return ours


def test_a_simulator_ends_with_its_connection(caller: socket.socket):
    """Settings in, two URLs out, and an end of input when it has stopped."""
    with connection_to(caller) as connection:
        connection.sendall(pickle.dumps(Settings(port=0, ephemeral=True)))
        base_url, control_url = pickle.loads(connection.recv(1000))
        assert base_url.endswith("/restapi/V2")
        assert httpx.get(f"{control_url}/health", trust_env=False, timeout=PATIENCE_S).is_success
        connection.shutdown(socket.SHUT_WR)
        assert b"" == connection.recv(1)
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{control_url}/health", trust_env=False, timeout=PATIENCE_S)


def test_a_caller_that_leaves_before_its_settings_is_forgotten(caller: socket.socket):
    """Ctrl-C comes at any moment. Also a caller that stays silent does not keep the host."""
    connection_to(caller).close()
    silent = connection_to(caller)
    caller.shutdown(socket.SHUT_WR)
    assert b"" == silent.recv(1)
    silent.close()


def test_it_ends_at_once_when_its_simulators_have():
    """Python's own end takes a tenth of a second, for which verify would wait at its end."""
    program = (
        "import atexit, os, frontsim.hosting.simulator_host as it; atexit.register(os.write, 2, b'late'); it.main()"
    )
    ours, theirs = socket.socketpair()
    with ours, theirs:
        command, environment = [sys.executable, "-P", "-c", program], module_environment()
        process = subprocess.Popen(command, stdin=theirs.fileno(), stderr=subprocess.PIPE, env=environment)
    assert (None, b"") == process.communicate(timeout=PATIENCE_S)
    assert 0 == process.returncode
