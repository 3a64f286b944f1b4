import json
import os
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.verification.laboratory import serving

FRONTSIM = [sys.executable, "-m", "simulator.cli.main"]


@pytest.fixture
def receiver(tmp_path):
    """Opens a receiver of the registry in a thread: `receiver("no-dedupe")` gives the options that name it."""
    with ExitStack() as stack:

        def run(variant="reference"):
            url = stack.enter_context(serving(variant, tmp_path / "receiver.db"))
            return ["--receiver", f"{url}/hook", "--observe-url", f"{url}/effects", "--settle", "0.1"]

        yield run


@pytest.fixture
def verify(run, monkeypatch):
    """`verify(...)` runs the command in this process."""
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    return lambda *args: run("verify", *args)


def test_verified_is_0(verify, receiver):
    """A right receiver: the scenario's line, the verdict, exit code 0."""
    done = verify(*receiver(), "--scenario", "lost-response", "--seed", "5")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.startswith("verified   lost-response\n")
    assert done.stdout.splitlines()[-1].endswith("1 scenarios: 1 verified; seed 5")


def test_violated_is_1_and_says_how_to_see_it_again(verify, receiver, monkeypatch):
    """A broken receiver: what was found, and the one command that replays just this scenario with this seed."""
    options = [*receiver("no-dedupe"), "--scenario", "lost-response", "--scenario", "steady", "--seed=5"]
    monkeypatch.setattr(sys, "argv", ["frontsim", "verify", *options])
    done = verify(*options)
    assert done.exit_code == 1
    assert "duplicated: booked more than once" in done.stdout
    url = options[1]
    again = (
        f"frontsim verify --receiver {url} --observe-url {options[3]} --settle 0.1 --scenario lost-response --seed 5"
    )
    assert again in done.stdout


def test_a_scenario_of_the_users_own_is_replayed_from_its_file(verify, receiver, monkeypatch, tmp_path):
    """The replay of a file names the file."""
    file = tmp_path / "mine.toml"
    steps = '[[step]]\ndo = "raise"\n[[step]]\ndo = "drain"\n[[step]]\ndo = "resend"\n'
    file.write_text(f'breaks = "All is resent."\nholds = "All is booked once."\n{steps}')
    options = [*receiver("no-dedupe"), "--scenario", str(file)]
    monkeypatch.setattr(sys, "argv", ["frontsim", "verify", *options])
    done = verify(*options)
    assert done.exit_code == 1
    assert f"--settle 0.1 --scenario {file} --seed " in done.stdout


def test_unknown_is_2(verify, receiver):
    """Without an observer nothing is known about effects."""
    url = receiver()[1]
    assert verify("--receiver", url, "--scenario", "steady").exit_code == 2


def test_skipped_stays_out_of_the_verdict_unless_strict(verify, receiver):
    """A scenario that needs what was not given is skipped with the reason; --strict makes the verdict unknown."""
    options = [*receiver(), "--scenario", "lost-response", "--scenario", "crash-after-ack"]
    done = verify(*options)
    assert done.exit_code == 0
    assert "crash-after-ack: it kills and restarts the receiver, which needs --receiver-cmd" in done.stdout
    assert verify(*options, "--strict").exit_code == 2


@pytest.mark.parametrize(
    ("args", "told"),
    [
        ([], "expected --receiver URL"),
        (["--receiver", "shop"], "expected the receiver's URL"),
        (["--receiver", "http://127.0.0.1:1/hook"], "got nobody on 127.0.0.1 port 1"),
        (["--receiver", "http://127.0.0.1:1/hook", "--scenario", "strom"], "expected a scenario"),
        (["--receiver", "http://127.0.0.1:1/hook", "--events", "SaleCraeted"], "did you mean"),
        (["--receiver", "http://127.0.0.1:1/hook", "--observe-sql", "shop.db", "SELECT 1"], "expected a DSN"),
        (["--receiver", "http://127.0.0.1:1/hook", "--settle", "0"], "0.05"),
    ],
)
def test_usage_and_nobody_there_are_3(verify, args, told):
    """What cannot work is refused in a line, before anything is started."""
    done = verify(*args)
    assert done.exit_code == 3
    assert told in done.stderr


def test_the_list_explains_each_scenario(verify):
    """--list names every scenario with its two sentences, and needs no receiver."""
    done = verify("--list")
    assert done.exit_code == 0
    assert "steady\n  Nothing breaks: every event type is sent once.\n" in done.stdout
    assert "crash-after-ack  (needs --receiver-cmd)" in done.stdout


def test_every_form_of_the_result_is_written(verify, receiver, tmp_path, monkeypatch):
    """--json, --junit, --html, and the summary of a GitHub job, which is added to what is there."""
    summary = tmp_path / "summary.md"
    summary.write_text("# Job\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    files = [tmp_path / name for name in ("o.json", "o.xml", "o.html")]
    forms = [
        word for name, file in zip(("--json", "--junit", "--html"), files, strict=True) for word in (name, str(file))
    ]
    assert verify(*receiver(), "--scenario", "lost-response", *forms).exit_code == 0
    assert json.loads(files[0].read_text())["verdict"] == "verified"
    assert "<testsuites" in files[1].read_text()
    assert "<!doctype html>" in files[2].read_text()
    assert summary.read_text().startswith("# Job\n## ✅ Receiver verified\n")


def test_json_on_standard_output_stands_alone(verify, receiver):
    """--json - leaves standard output to the JSON; the rest goes to standard error."""
    done = verify(*receiver(), "--scenario", "lost-response", "--json", "-")
    assert json.loads(done.stdout)["scenarios"][0]["name"] == "lost-response"
    assert "VERIFIED" in done.stderr


def test_a_file_that_cannot_be_written_is_told(verify, receiver, tmp_path):
    """The result is lost otherwise, so it is said."""
    done = verify(*receiver(), "--scenario", "lost-response", "--html", str(tmp_path / "none" / "o.html"))
    assert done.exit_code == 3
    assert "expected a file that can be written" in done.stderr


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_tells_what_is_known_and_is_2(receiver, how):
    """Interrupted after the first scenario, or cancelled by a CI: its line, a verdict that says so, exit code 2."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        [*FRONTSIM, "verify", *receiver()], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, text=True
    ) as process:
        first = process.stdout.readline()
        process.send_signal(how)
        rest, errors = process.communicate(timeout=30)
    assert process.returncode == 2, errors
    assert first.startswith("verified   steady")
    assert "(interrupted: the others were not played)" in rest
