"""The first hour: receivers on Flask, PHP and Node, from the commands of the README alone to the true verdict.

Each keeps its bookings as such a team does: by event id, by sale_id, of one type alone, or with the whole payload as a
JSON column; one is naive. No option beyond the README's two is given.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from frontsim.clock import stopwatch
from frontsim.hosting.user_program import is_listening
from tests.support.patience import PATIENCE_S
from tests.support.ports import free_port

pytestmark = pytest.mark.long

SOURCES = Path(__file__).parent / "first_hour"
HANGS_AFTER_S = 300  # not a measure of speed
COMMANDS = {
    "flask": [sys.executable, str(SOURCES / "shop.py"), "PORT", "BOOKS"],
    "php": ["php", "-S", "127.0.0.1:PORT", str(SOURCES / "shop.php")],
    "node": ["node", str(SOURCES / "shop.js"), "PORT", "BOOKS"],
}
FRONTSIM = [sys.executable, "-m", "frontsim"]
QUERY = "SELECT * FROM bookings"


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Callable[[str, str], str]]:
    """`started("php", "one-type")` starts a receiver and gives its URL; it skips where the language is missing."""
    running: list[subprocess.Popen[bytes]] = []

    def start(stack: str, books: str) -> str:
        if stack == "flask" and importlib.util.find_spec("flask") is None:
            pytest.skip("Flask is not installed")
        if stack != "flask" and shutil.which(stack) is None:
            pytest.skip(f"{stack} is not installed")
        port = free_port()
        words = [word.replace("PORT", str(port)).replace("BOOKS", books) for word in COMMANDS[stack]]
        environment = {**os.environ, "BOOKS": books, "PHP_CLI_SERVER_WORKERS": "4"}
        with (tmp_path / "receiver.log").open("wb") as log:
            running.append(
                subprocess.Popen(words, cwd=tmp_path, env=environment, stdout=log, stderr=log, start_new_session=True)
            )
        url, began_s = f"http://127.0.0.1:{port}", stopwatch()
        while not is_listening(f"{url}/hook"):
            assert running[-1].poll() is None, (tmp_path / "receiver.log").read_text()
            assert stopwatch() - began_s < PATIENCE_S
        return url

    yield start
    for process in running:
        os.killpg(process.pid, 9)
        process.wait()


def verified(folder: Path, stack: str, url: str, *more: str, path: str = "/hook") -> tuple[int, str]:
    """Exit code, and the last line, of the README's command for this receiver."""
    effects = ["--observe-sql", "sqlite:///shop.db", QUERY] if stack == "flask" else ["--observe-url", f"{url}/effects"]
    command = [*FRONTSIM, "verify", "--receiver", f"{url}{path}", *effects, *more]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=HANGS_AFTER_S)
    lines = (done.stdout + done.stderr).strip().splitlines()
    return done.returncode, lines[-1]


@pytest.mark.parametrize("stack", COMMANDS)
@pytest.mark.parametrize(
    ("books", "code", "begins"),
    [
        ("id", 0, "VERIFIED: "),
        ("json", 0, "VERIFIED: "),
        (
            "one-type",
            0,
            "VERIFIED for SaleCreated; 20 types are acknowledged and never booked: --events all demands them",
        ),
        (
            "sale_id",
            0,
            "VERIFIED for SaleCreated; 20 types are acknowledged and never booked: --events all demands them",
        ),
        ("naive", 1, "VIOLATED: "),
    ],
)
def test_the_true_verdict_comes_without_a_false_start(
    started: Callable[[str, str], str], tmp_path: Path, stack: str, books: str, code: int, begins: str
) -> None:
    found, last = verified(tmp_path, stack, started(stack, books))
    assert (code, True) == (found, last.startswith(begins)), last


@pytest.mark.parametrize("stack", COMMANDS)
@pytest.mark.parametrize(
    ("path", "books", "told"),
    [
        ("/hok", "id", "your receiver answered 404 to every event at /hok: check the path"),
        ("/hook", "405", "your receiver answered 405 to every event at /hook: check the path: it takes no POST there"),
        ("/hook", "401", "your receiver answered 401 to every event at /hook: check its key: "),
        (
            "/hook",
            "403",
            "your receiver answered 403 to every event at /hook: check its key, its list of allowed hosts ",
        ),
        ("/hook", "400", "your receiver answered 400 to every event at /hook: check what it expects in the body "),
        ("/hook", "500", "your receiver answered 500 to every event at /hook: its own log may say why"),
    ],
)
def test_a_wrong_set_up_gets_the_line_that_mends_it(
    started: Callable[[str, str], str], tmp_path: Path, stack: str, path: str, books: str, told: str
) -> None:
    found, last = verified(tmp_path, stack, started(stack, books), path=path)
    assert (2, True) == (found, last.startswith(f"UNKNOWN: {told}")), last


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://127.0.0.1:1", "nothing listens on 127.0.0.1 port 1"),
        ("http://nowhere.invalid", "nowhere.invalid"),
        ("https://127.0.0.1:PORT", "TLS"),
    ],
)
def test_what_no_event_reaches_is_an_error(
    started: Callable[[str, str], str], tmp_path: Path, url: str, told: str
) -> None:
    port = started("flask", "id").rpartition(":")[2]
    found, last = verified(tmp_path, "flask", url.replace("PORT", port))
    assert (3, True) == (found, told in last), last


def test_a_job_that_does_not_start_is_one_line(tmp_path: Path) -> None:
    command = [*FRONTSIM, "verify-recovery", "--job", "python no-such-job.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=HANGS_AFTER_S)
    assert (2, 1) == (done.returncode, (done.stdout + done.stderr).count("no-such-job.py'")), done.stdout + done.stderr
