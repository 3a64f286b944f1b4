import os
import sys
import time
from contextlib import closing

import psutil
import pytest

from frontsim.errors import Unusable
from frontsim.hosting.user_program import ReceiverProcess, _ReceiverOutput
from tests.support.ports import free_port

pytestmark = pytest.mark.slow

LISTEN = "import socket,time; s=socket.create_server(('127.0.0.1', {port})); time.sleep(60)"


@pytest.fixture
def process():
    """A process that listens, run through a shell with a child of its own."""
    port = free_port()
    command = f'{sys.executable} -c "{LISTEN.format(port=port)}"; true'
    with closing(ReceiverProcess(command, f"http://127.0.0.1:{port}/hook", pause=time.sleep)) as made:
        yield made


def test_it_gets_variables_on_top_of_ours(tmp_path):
    """Such as where its dependencies are."""
    port, file = free_port(), tmp_path / "variables"
    command = f'echo "$WHERE $PATH" > {file}; exec {sys.executable} -c "{LISTEN.format(port=port)}"'
    url = f"http://127.0.0.1:{port}/hook"
    with closing(ReceiverProcess(command, url, pause=time.sleep, environment={"WHERE": "there"})) as process:
        process.start()
        assert f"there {os.environ['PATH']}\n" == file.read_text()


def children():
    return [each for each in psutil.Process(os.getpid()).children(recursive=True) if each.status() != "zombie"]


def test_a_kill_takes_the_whole_group(process):
    """The shell and what it started are dead when kill returns, and it can be started again at once."""
    before = len(children())
    process.start()
    assert process.is_running
    assert len(children()) > before
    process.restart()
    process.kill()
    assert not process.is_running
    assert len(children()) == before


def test_a_taken_port_raises_an_error(process):
    """Another program listens there: it would be mistaken for the receiver."""
    process.start()
    with (
        closing(ReceiverProcess("true", process.url, pause=time.sleep)) as second,
        pytest.raises(Unusable, match="something listens on "),
    ):
        second.start()


def test_what_is_closed_is_never_started_again(process):
    """A scenario that waited for the end of a run may try so while the run ends."""
    process.close()
    with pytest.raises(Unusable, match="the run has ended"):
        process.start()
    assert not process.is_running


def test_what_was_killed_is_not_killed_again(process, monkeypatch):
    """The system may have given its number to another program by then."""
    process.start()
    process.kill()
    monkeypatch.setattr(os, "killpg", lambda *killed: pytest.fail(f"killed {killed}"))
    process.kill()
    assert not process.is_running


def test_a_kill_of_nothing_is_nothing(process):
    """A process that was never started can be killed."""
    process.kill()
    assert not process.is_running


def test_only_the_end_of_the_output_is_kept():
    """A receiver may print for ever: it neither waits for us nor fills our disk or memory."""
    reading, writing = os.pipe()
    output = _ReceiverOutput(os.fdopen(reading, "rb"))
    with os.fdopen(writing, "wb") as pipe:
        pipe.write(b"x" * 1_000_000 + b"the end")
    assert b"x" * 393 + b"the end" == output.end()
