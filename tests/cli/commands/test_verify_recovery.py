import json
import signal
import subprocess
import sys
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner

from frontsim.cli.main import frontsim
from tests.recovery.histories import event, history
from tests.support.forked import popen, run
from tests.support.patience import PATIENCE_S

pytestmark = pytest.mark.slow

FRONTSIM = [sys.executable, "-m", "frontsim"]
JOB = " ".join([*FRONTSIM, "job"])


def verify(*args, cwd=None):
    return run([*FRONTSIM, "verify-recovery", *args], text=True, cwd=cwd, timeout=PATIENCE_S)


def test_a_right_job_is_0_and_every_form_says_so(tmp_path):
    """JSON, JUnit, HTML and the screen."""
    done = verify(
        *("--job", JOB, "--case", "a-plain-failure", "--seed", "5"),
        *("--json", "r.json", "--junit", "r.xml", "--html", "r.html"),
        cwd=tmp_path,
    )
    assert 0 == done.returncode, done.stdout + done.stderr
    assert "VERIFIED: 1 case, 1 verified; seed 5" in done.stdout
    report = json.loads((tmp_path / "r.json").read_text())
    assert ("verified", 5, f"{JOB.split()[0]} ***") == (report["verdict"], report["seed"], report["job"])
    (case,) = report["cases"]
    counts = {"events": 5, "failed": 5, "recovered": 5, "resends": 5, "calls": 6, "callsPerRecovered": 1.2}
    assert counts == case["counts"]  # a list and five resends
    suites = ET.fromstring((tmp_path / "r.xml").read_text())
    assert ("0", "0") == (suites.get("failures"), suites.get("errors"))
    assert int(suites.get("tests")) >= 7
    assert "a-plain-failure" in (tmp_path / "r.html").read_text()


def test_a_broken_job_is_1_with_its_story(tmp_path):
    """The cause, what to change, one event's way, and how to play it again."""
    done = verify(
        *("--job", f"{JOB} --broken only-first-webhook", "--case", "every-webhook", "--seed", "3"),
        *("--json", "-", "--junit", "r.xml", "--html", "r.html"),
        cwd=tmp_path,
    )
    assert 1 == done.returncode, done.stderr
    for words in ("missed: Every event", "Fix: List every webhook", "its webhook was never listed", "--seed 3"):
        assert words in done.stderr
    report = json.loads(done.stdout)
    assert ["finds-every-failure"] == [cause["clause"] for cause in report["causes"]]
    assert report["causes"][0]["events"] == report["cases"][0]["counts"]["missed"] == 9  # 2 + 2, 3, and 2 of the others
    failures = list(ET.fromstring((tmp_path / "r.xml").read_text()).iter("failure"))
    assert ["missed"] == [failure.get("type") for failure in failures]
    assert "in the end it has not arrived" in (tmp_path / "r.html").read_text()


def test_a_job_that_calls_nothing_is_2():
    """Nothing is known of it."""
    done = verify("--job", "true", "--case", "a-plain-failure")
    assert 2 == done.returncode
    assert "unknown: a-plain-failure: the job made no call to FRONTSIM_BASE_URL; it ended with 0" in done.stdout


def test_a_job_that_does_not_start_is_one_line(tmp_path):
    """Not one for each case: the others are not played once three have shown it."""
    done = verify("--job", f"{sys.executable} {tmp_path}/reconcile.py", "--json", str(tmp_path / "found.json"))
    (line,) = done.stdout.strip().splitlines()
    assert line.startswith("UNKNOWN: the job made no call to FRONTSIM_BASE_URL; it ended with 2 and printed last: ")
    assert line.endswith("No such file or directory; none of 35 cases played")
    assert {"unknown"} == {each["verdict"] for each in json.loads((tmp_path / "found.json").read_text())["cases"]}
    assert 2 == done.returncode


@pytest.mark.parametrize(
    ("args", "told"),
    [
        ([], "expected --job CMD"),
        (["--job", "", "--case", "a-plain-failure"], "expected --job CMD"),
        (["--job", "x", "--case", "nothing"], "expected a case, got 'nothing': a-plain-failure"),
        (["--job", "/nowhere/job", "--case", "a-plain-failure"], "expected a program that can be started"),
        (["--job", "x 'y"], "--job: expected a command as a shell takes it"),
        (["--job", "x", "--json", "/nowhere/r.json"], "expected a file that can be written"),
    ],
)
def test_wrong_usage_is_3(args, told):
    """With what was expected, before anything is played."""
    done = verify(*args)
    assert 3 == done.returncode
    assert told in done.stderr


def test_the_cases_are_listed():
    """Each with its two sentences, as text and as JSON."""
    done = verify("--list", "--json", "-")
    cases = json.loads(done.stdout)
    assert "two-at-once" in {case["name"] for case in cases}
    assert "Two copies of the job start at the same moment." in verify("--list").stdout


def test_ctrl_c_tells_what_is_known_and_is_2(tmp_path):
    """Judged cases stay; the running job is killed, not waited for."""
    script = tmp_path / "job.sh"
    script.write_text(f"[ -e {tmp_path}/second ] && exec sleep 600\ntouch {tmp_path}/second\nexec {JOB}\n")
    command = [*FRONTSIM, "verify-recovery", "--job", f"sh {script}", "--jobs", "1"]
    command += ["--case", "a-plain-failure", "--case", "api-hangs"]
    with popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=PATIENCE_S)
    assert "a-plain-failure" in first
    assert 2 == process.returncode, out
    assert "UNKNOWN: 1 case" in out


def test_an_error_of_ours_is_4_when_the_results_are_written(tmp_path, monkeypatch):
    """The report has the cases that were played, and the one that failed."""

    def play(case, *_, cancelled):
        if case.name == "api-401":
            raise KeyError("oops")
        return history(event(503, 200))

    monkeypatch.setattr("frontsim.recovery.run.play", play)
    file = tmp_path / "r.json"
    words = ["verify-recovery", "--job", "true", "--case", "a-plain-failure", "--case", "api-401", "--json", str(file)]
    done = CliRunner().invoke(frontsim, words)
    assert (4, True) == (done.exit_code, "frontsim itself failed: KeyError" in done.stderr)
    assert ["verified", "unknown"] == [case["verdict"] for case in json.loads(file.read_text())["cases"]]
