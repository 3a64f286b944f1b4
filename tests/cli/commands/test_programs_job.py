import json
import os
import sys

from frontsim.subjects.broken_jobs import BROKEN_JOBS
from tests.support.forked import run
from tests.support.patience import PATIENCE_S

FRONTSIM = [sys.executable, "-m", "frontsim", "job"]


def job(*args):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FRONTSIM_")}
    return run([*FRONTSIM, *args], text=True, env=environment, timeout=PATIENCE_S)


def test_the_jobs_are_listed_with_what_is_wrong():
    """As a table and as JSON."""
    listed = {each["name"]: each["class"] for each in json.loads(job("--list", "--json").stdout)}
    assert {"simple": "", "only-today": "missed"}.items() <= listed.items()
    assert BROKEN_JOBS.keys() <= listed.keys()
    assert "It lists what failed since midnight." in job("--list").stdout


def test_without_its_variables_it_says_which_is_missing():
    """It is started by `verify-recovery`, which sets them."""
    done = job()
    assert 3 == done.returncode
    assert "expected the variable FRONTSIM_BASE_URL" in done.stderr


def test_an_unknown_job_is_refused():
    """With the names that there are."""
    done = job("--broken", "nothing")
    assert 3 == done.returncode
    assert "simple, parallel, filters-itself, window-gap" in done.stderr
