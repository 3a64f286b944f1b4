"""The job's tests run as a user runs them, against jobs whose faults are known."""

import re
import sys

import pytest

from tests.support.pytest_run import pytest_run

pytestmark = pytest.mark.slow

JOB = f"{sys.executable} -m frontsim job"


def asked(folder, job, *args):
    """Exit code and output of the suite for a job."""
    options = ("--recovery-job", job, "--recovery-seed", "7", *args)
    done = pytest_run("--pyargs", "frontsim.contract_suite", *options, folder=folder)
    return done.returncode, done.stdout


@pytest.mark.long
def test_a_broken_job_fails_its_own_clause_and_no_other(tmp_path):
    """The finding, the story, what to change and the replay are told."""
    code, text = asked(tmp_path, f"{JOB} --broken only-first-webhook", "-k", "every-webhook")
    assert code == 1
    assert ["every-webhook-finds-every-failure"] == re.findall(r"^FAILED .*\[(.*)\]", text, re.MULTILINE)
    for words in ("its webhook was never listed", "in the end it has not arrived", "Fix: List every webhook"):
        assert words in text
    assert "Again with: --recovery-seed 7 -k every-webhook" in text


def test_a_job_that_calls_nothing_passes_nothing(tmp_path):
    """Unknown is not passed."""
    code, text = asked(tmp_path, "true", "-k", "a-plain-failure")
    assert code == 1
    assert not re.search(r"\d+ passed", text)
    assert "unknown, which is not passed: the job made no call to FRONTSIM_BASE_URL" in text


def test_a_missing_program_gives_one_line(tmp_path):
    """No traceback of ours."""
    code, text = asked(tmp_path, "/nowhere/job", "-k", "a-plain-failure")
    assert code == 1
    assert "expected a program that can be started" in text
    assert "Traceback" not in text
