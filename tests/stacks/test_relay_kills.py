"""`frontsim relay` as a process: killed at any moment, and locked."""

import os
import signal
import subprocess
import sys
from collections import Counter
from contextlib import contextmanager

import pytest

from tests.support.fixtures import receiver, shared_sim, sim
from tests.support.recorder import OK

pytestmark = pytest.mark.long

__all__ = ["receiver", "shared_sim", "sim"]
KILLS = 3


@pytest.fixture
def relaying(sim, receiver, tmp_path):
    """`with relaying(...) as process:` runs the command against the simulator, with one state file."""
    environment = os.environ | {"FRONTSIM_BASE_URL": sim.base_url, "FRONTSIM_CONFIG": ""}

    @contextmanager
    def run(*options):
        words = ["relay", "--to", receiver.url, "--state", str(tmp_path / "state.json"), "--every", "0.2s", *options]
        process = subprocess.Popen(
            [sys.executable, "-m", "frontsim", *words], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        try:
            yield process
        finally:
            process.kill()
            process.communicate()

    return run


def is_relaying(process):
    """Its last line before the first poll."""
    return any(b"what was relayed is noted in" in line for line in process.stderr)


def test_a_kill_loses_nothing(sim, receiver, relaying):
    """SIGKILL while deliveries are under way: each event comes at least once, and twice at most once for each kill."""
    sim.subscribes("http://127.0.0.1:1/hook")
    with relaying() as process:
        assert is_relaying(process)
    raised, calls = [], 0
    for _ in range(KILLS):
        with relaying() as process:
            raised += sim.raises(count=8)
            calls = len(receiver.calls)
            receiver.gets(calls + 3)
            process.send_signal(signal.SIGKILL)
            process.wait()
    with relaying():
        receiver.until(lambda: set(raised) <= {call.event_id for call in receiver.calls}, "each event")
    times = Counter(call.event_id for call in receiver.calls)
    assert set(raised) == times.keys()
    assert sum(times.values()) - len(times) <= KILLS


def test_a_kill_between_delivery_and_state_brings_the_event_again(sim, receiver, relaying):
    """The receiver has it, and the state does not know: at least once means this one twice."""
    sim.subscribes("http://127.0.0.1:1/hook")
    with relaying() as process:
        assert is_relaying(process)

        def dies(_):
            os.kill(process.pid, signal.SIGKILL)
            return OK

        receiver.respond = dies
        (raised,) = sim.raises()
        receiver.gets(1)
        process.wait()
    receiver.respond = lambda _: OK
    with relaying():
        receiver.gets(2)
    assert [raised] * 2 == [call.event_id for call in receiver.calls]


def test_a_second_relay_refuses(relaying):
    with relaying() as first:
        assert is_relaying(first)
        with relaying() as second:
            assert 3 == second.wait()
            assert b"end the other relay first" in second.stderr.read()
