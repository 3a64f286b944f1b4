import dataclasses
import re

import pytest

from frontsim import bundled
from frontsim.domain.faults import FAULTS
from frontsim.verification.scenario.scenario import bundled_scenarios
from frontsim.verification.scenario.steps import CHANGES_THE_BODY, JOB_CALLS, STEPS, Crash, CrashPoint


def test_every_moment_of_a_delivery_is_killed_at():
    """Between them the crash scenarios kill at every labelled point."""
    moments = {step.at for scenario in bundled_scenarios() for step in scenario.steps if isinstance(step, Crash)}
    assert moments == set(CrashPoint)


def test_faults_that_change_the_body_exist():
    """The list of faults after which payloads are not compared names real faults."""
    assert set(FAULTS) >= CHANGES_THE_BODY


def test_the_calls_of_the_job_are_operations_of_the_api():
    """A scenario names the operations of its faults as the API's description does."""
    described = (bundled.folder("contracts") / "openapi.json").read_text("utf-8")
    assert set(re.findall(r'"operationId": "(\w+)"', described)) >= set(JOB_CALLS)


@pytest.mark.parametrize("kind", STEPS.values(), ids=STEPS)
def test_every_key_of_a_step_is_documented(kind):
    """A step's docstring explains each of its keys."""
    assert [each.name for each in dataclasses.fields(kind) if f"{each.name}:" not in (kind.__doc__ or "")] == []
