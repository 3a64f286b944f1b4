import contextlib
import os
import pty
import re
import signal
import subprocess
import sys
from dataclasses import replace

import orjson
import pytest

from frontsim.cli.commands.explore import _keep_test
from frontsim.cli.commands.verify import replay_found
from frontsim.masking import CommandLine
from frontsim.report.model import FoundSchedule
from tests.support.forked import popen
from tests.support.patience import PATIENCE_S
from tests.support.receiver import serving

pytestmark = pytest.mark.slow
FRONTSIM = [sys.executable, "-m", "frontsim.cli.main"]
ONE_TYPE = ("--events", "SaleCreated", "--no-shrink")


@pytest.fixture
def explore(run, tmp_path):
    """Runs `frontsim explore`, and gives the files that it wrote."""

    def go(*args):
        done = run("explore", *args, "--save", str(tmp_path / "found"))
        return done, sorted((tmp_path / "found").glob("*.toml"))

    return go


@pytest.mark.long
def test_nothing_found_is_0(explore, receiver):
    """With the number of schedules and the seed that repeats them."""
    done, files = explore(*receiver(), *ONE_TYPE, "--budget", "1s", "--seed", "5")
    assert (0, []) == (done.exit_code, files), done.output
    assert re.search(r"VERIFIED: .*: \d+ schedules, [\d,]+ pairs covered, 0 found; seed 5", done.stdout)


@pytest.mark.long
def test_found_is_1_and_there_is_a_file(explore, receiver, tmp_path):
    """The file is told at once, and the JSON has the story and the command that replays it."""
    options = [*receiver("no-dedupe"), *ONE_TYPE, "--seed", "5", "--json", str(tmp_path / "o.json")]
    done, files = explore(*options, "--corpus", str(tmp_path / "corpus"))
    assert 1 == done.exit_code, done.output
    assert done.stdout.startswith("found     duplicated (books-a-repeat-once) in ")
    assert files
    assert [each.name for each in files] == [each.name for each in (tmp_path / "corpus").iterdir()]
    found = orjson.loads((tmp_path / "o.json").read_bytes())["explored"]["found"]
    assert [str(each) for each in files] == [each["file"] for each in found]
    assert found[0]["story"]


@pytest.mark.long
def test_a_finding_becomes_a_test_on_request(receiver, tmp_path):
    """It fails as long as the receiver has the bug, and passes without."""
    wrong, found = receiver("no-dedupe"), tmp_path / "found"
    command = [*FRONTSIM, "explore", *wrong, "--no-shrink", "--seed", "5", "--budget", "20s", "--save", str(found)]
    done = subprocess.run([*command, "--pytest"], capture_output=True, text=True, check=False)
    assert 1 == done.returncode, done.stderr
    test = next(iter(found.glob("test_*.py")))
    assert f"test      {test}" in " ".join(done.stdout.split("\n"))
    pytest_of = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(test)]
    failed = subprocess.run(pytest_of, capture_output=True, text=True, check=False)
    assert 1 == failed.returncode, failed.stdout
    assert "VIOLATED: " in failed.stdout
    with serving("reference", tmp_path / "right.db") as url:
        test.write_text(test.read_text().replace(wrong[1].removesuffix("/hook"), url))
        passed = subprocess.run(pytest_of, capture_output=True, text=True, check=False)
    assert 0 == passed.returncode, passed.stdout


def test_a_test_has_no_secret_and_overwrites_nothing(tmp_path):
    replay = CommandLine(("frontsim", "verify", "--receiver", "http://u:hunter2@shop/", "--scenario", "found-1-1.toml"))
    found = FoundSchedule(
        "found-1-1", str(tmp_path / "found-1-1.toml"), "lost", "c", "SaleCreated", "d", "", ("One is sent.",), replay
    )
    assert "no test" in _keep_test(found)
    assert [] == list(tmp_path.iterdir())
    plain = replace(found, replay=CommandLine(("frontsim", "verify", "--receiver", "http://shop/", "--seed", "7")))
    assert f"test      {tmp_path / 'test_found_1_1.py'}" == _keep_test(plain)
    assert "no test" in _keep_test(plain)
    assert '"http://shop/",' in (tmp_path / "test_found_1_1.py").read_text()
    assert "no test" in _keep_test(replace(plain, file=""))


@pytest.mark.long
def test_verify_explores_after_its_scenarios(verify, receiver, tmp_path, monkeypatch):
    """One verdict and one report for both: the scenario holds, and what is drawn does not."""
    monkeypatch.chdir(tmp_path)
    options = [*receiver("no-dedupe"), "--scenario", "steady", "--seed", "5", "--json", "o.json", "--html", "o.html"]
    done = verify(*options, "--explore", "20s")
    assert 1 == done.exit_code, done.output
    told = orjson.loads((tmp_path / "o.json").read_bytes())
    names = [each["name"] for each in told["scenarios"]]
    assert ["steady", "exploration"] == names[:2]
    assert [each["verdict"] for each in told["scenarios"][:3]] == ["verified", "verified", "violated"]
    assert f"{names[2]}.toml" == told["explored"]["found"][0]["file"]
    assert names[2] == told["causes"][0]["scenarios"][0]
    assert re.search(r"VIOLATED: .*: 3 scenarios: 2 verified, 1 violated; explored \d+ schedules", done.stdout)


@pytest.mark.parametrize(
    ("args", "told"),
    [
        ((), "expected --receiver URL"),
        (("--receiver", "http://127.0.0.1:9/hook"), "add one way to see what the receiver booked"),
        (("--receiver", "http://127.0.0.1:9/hook", "--observe-cmd", "true"), "nothing listens on 127.0.0.1 port 9"),
        (("--budget", "soon"), "expected a time such as 60, 60s, 5m"),
        (("--save", __file__), "is a file"),
    ],
)
def test_wrong_usage_is_3(run, args, told):
    """The text says what was expected."""
    done = run("explore", *args)
    assert 3 == done.exit_code
    assert told in done.stderr


def test_the_replay_is_a_verify_of_the_file():
    """Options that only a search takes are left out, and so are secrets."""
    typed = ["explore", "--receiver", "http://u:p@r/h", "--budget", "9", "--corpus=c", "--no-shrink", "--save", "d"]
    again = "frontsim verify --receiver 'http://***@r/h' --scenario found-5-1.toml --seed 5"
    assert again == str(replay_found(typed, 5)("found-5-1.toml"))


@pytest.mark.long
def test_ctrl_c_keeps_what_was_found(receiver, tmp_path):
    """The exit code is that of the finding."""
    command = [*FRONTSIM, "explore", *receiver("no-dedupe"), *ONE_TYPE, "--save", str(tmp_path), "--seed", "5"]
    with popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        assert child.stdout.readline().startswith("found ")
        child.send_signal(signal.SIGINT)
        out, _ = child.communicate(timeout=PATIENCE_S)
    assert 1 == child.returncode
    assert "VIOLATED" in out
    assert list(tmp_path.glob("found-5-*.toml"))


@pytest.mark.long
def test_a_terminal_shows_what_was_tried(receiver, tmp_path):
    """The line says how many schedules and pairs, and how much of the time is over; it leaves nothing behind."""
    master, slave = pty.openpty()
    command = [*FRONTSIM, "explore", *receiver(), *ONE_TYPE, "--save", str(tmp_path), "--budget", "2s"]
    with popen(command, stdout=slave, stderr=subprocess.DEVNULL, env={**os.environ, "TERM": "xterm"}) as child:
        os.close(slave)
        shown = b""
        with contextlib.suppress(OSError):
            while piece := os.read(master, 65_536):
                shown += piece
        child.wait(PATIENCE_S)
    os.close(master)
    assert re.search(rb"\d+ schedules, [\d,]+ pairs, \d+ s of 2 s", shown)
