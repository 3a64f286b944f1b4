"""`frontsim load`."""

import subprocess
import sys

import pytest

from frontsim.cli.commands.programs import load_tests
from frontsim.load.plan import PLANS
from tests.support.patience import PATIENCE_S


def test_every_plan_has_its_file():
    assert {plan.name for plan in PLANS.values()} <= set(load_tests())


def test_a_mistyped_name_is_refused_with_the_right_one(run):
    done = run("load", "lost-anwsers")
    assert (3, True) == (done.exit_code, "did you mean 'lost-answers'?" in done.stderr)


@pytest.mark.long
@pytest.mark.slow
def test_locust_gets_everything_behind_the_name():
    """It takes our place, with the bundled file."""
    command = [sys.executable, "-m", "frontsim.cli.main", "load", "steady", "--list"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
    assert (0, True) == (done.returncode, "SteadySender" in done.stdout + done.stderr)
