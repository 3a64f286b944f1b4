"""One receiver, asked in each of the ways in which a run of verify begins: all find the same."""

import json
import re
import sys

import pytest

from frontsim.testing.verifying import verify
from frontsim.verification.result import result_of
from tests.support.forked import run
from tests.support.patience import PATIENCE_S
from tests.support.pytest_run import pytest_run
from tests.support.receiver import serving

pytestmark = pytest.mark.slow

VARIANT = "no-dedupe"
NAMES = ("steady", "lost-response", "resend-delivered")


@pytest.mark.long
def test_the_command_python_and_pytest_find_the_same(tmp_path):
    """The verdict on each scenario and the receiver's key, which two probes show, whoever asks."""
    with serving(VARIANT, tmp_path / "receiver.db") as url:
        typed = [word for name in NAMES for word in ("--scenario", name)]
        words = ["verify", "--receiver", f"{url}/hook", "--observe-url", f"{url}/effects", "--json", "-", *typed]
        done = run([sys.executable, "-m", "frontsim.cli.main", *words], text=True, timeout=PATIENCE_S)
        told = json.loads(done.stdout)
        found = verify(f"{url}/hook", observe_url=f"{url}/effects", scenarios=NAMES)
        suite = ("--receiver-url", f"{url}/hook", "--receiver-observe-url", f"{url}/effects")
        clauses = pytest_run(
            "--pyargs", "frontsim.contract_suite.test_contract", *suite, "-k", " or ".join(NAMES), folder=tmp_path
        )
    assert (told["verdict"], told["keys"]) == (found.verdict, str(result_of(found.report).keys))
    by_command = {each["name"]: each["verdict"] for each in told["scenarios"]}
    assert by_command == {each.scenario.name: str(each.judgement.verdict) for each in found.report.played}
    violated = {name for name, verdict in by_command.items() if verdict == "violated"}
    failed = re.findall(rf"^FAILED .*\[({'|'.join(NAMES)})-", clauses.stdout, re.MULTILINE)
    assert violated == set(failed)
    assert violated
