import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from frontsim.contract_suite.outcomes import ContractOutcome, SharedOutcomes
from frontsim.errors import Unusable

NAMES = ["steady", "storm"]
WORKER_THAT_HANGS = """
import sys, threading
from pathlib import Path
from frontsim.contract_suite.outcomes import SharedOutcomes

def play(names, pause, put):
    print("playing", flush=True)
    threading.Event().wait()

SharedOutcomes(["steady", "storm"], play, Path(sys.argv[1]), pause=threading.Event().wait).of("steady")
"""


@pytest.fixture
def worker(tmp_path):
    """`worker(play)` shares a folder with the other workers, and is closed at the end."""
    opened = []

    def start(play):
        opened.append(SharedOutcomes(NAMES, play, tmp_path, pause=threading.Event().wait))
        return opened[-1]

    yield start
    for each in opened:
        each.close()


@pytest.fixture
def counted():
    """Plays nothing, but keeps what it is asked for."""

    def play(names, _, put):
        for name in names:
            play.played.append(name)
            put(name, outcome(name))

    play.played = []
    return play


def outcome(name):
    return ContractOutcome("verified", "", {"a-clause": f"seen in {name}"}, {"another": "not exercised"})


def test_a_scenario_is_played_once_for_all_workers(worker, counted):
    """However many workers ask, each scenario is played once, in order, and all get the same outcome."""
    workers, found = [worker(counted) for _ in range(8)], []
    threads = [threading.Thread(target=lambda each=each: found.append(each.of("storm"))) for each in workers]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert counted.played == NAMES
    assert found == [outcome("storm")] * 8


def test_an_outcome_is_known_while_the_others_are_still_played(worker):
    """A test does not wait for the end of the run."""
    go_on = threading.Event()

    def play(names, _, put):
        for name in names:
            put(name, outcome(name))
            assert go_on.wait(60)

    leading = worker(play)
    assert outcome("steady") == leading.of("steady")
    go_on.set()
    assert outcome("storm") == leading.of("storm")


def test_a_scenario_that_no_test_was_known_to_need_is_played_too(worker, counted):
    """Asked for by a fixture of the user's own."""
    assert outcome("malformed") == worker(counted).of("malformed")
    assert [*NAMES, "malformed"] == counted.played


@pytest.mark.long
@pytest.mark.slow
def test_a_killed_worker_blocks_no_other(worker, counted, tmp_path):
    """kill -9 of the worker that plays: the next one plays at once what has no outcome."""
    command = [sys.executable, "-c", WORKER_THAT_HANGS, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert "playing\n" == process.stdout.readline()
        process.send_signal(signal.SIGKILL)
    assert (tmp_path / "run.lock").exists()
    assert outcome("steady") == worker(counted).of("steady")


def test_a_worker_that_ends_leaves_the_rest_to_another(worker, counted):
    """It stops in the middle of a scenario, and what it has played is not played again."""
    paused = threading.Event()

    def play(names, pause, put):
        put(names[0], outcome(names[0]))
        paused.set()
        pause(60)

    first = worker(play)
    first.of("steady")
    assert paused.wait(60)
    first.close()
    assert outcome("storm") == worker(counted).of("storm")
    assert ["storm"] == counted.played


@pytest.mark.parametrize("error", [Unusable("nothing listens there"), ZeroDivisionError("ours")])
def test_a_run_that_cannot_be_played_is_not_tried_again(worker, error):
    """Nothing listens at the receiver's URL: each test hears it, and it is found out once."""
    tried = []

    def play(*_):
        tried.append(1)
        raise error

    asked = worker(play)
    for name in ("steady", "storm", "steady"):
        with pytest.raises(type(error), match=str(error)):
            asked.of(name)
    assert [1] == tried


def test_a_failure_leaves_no_outcome_behind(worker, counted, tmp_path):
    """Another worker plays what a failed one could not."""

    def play(*_):
        raise Unusable("not yet there")

    with pytest.raises(Unusable):
        worker(play).of("steady")
    assert ["run.lock"] == [file.name for file in Path(tmp_path).iterdir()]
    assert outcome("steady") == worker(counted).of("steady")
