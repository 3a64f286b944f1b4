"""verify and verify_recovery from Python: what they say is what the commands say."""

import sys

import httpx
import pytest

from frontsim.errors import BadInput
from tests.support.patience import PATIENCE_S
from tests.support.receiver import serving

pytestmark = pytest.mark.slow


@pytest.mark.long
def test_the_failure_message_is_the_story(front, tmp_path):
    """Of a receiver that books a repeat twice: the cause, the event, each run."""
    with serving("no-dedupe", tmp_path / "receiver.db") as url:
        found = front.verify(f"{url}/hook", observe_url=f"{url}/effects", scenarios=["lost-response"])
    assert "violated" == found.verdict
    with pytest.raises(AssertionError) as raised:
        found.assert_verified()
    message = str(raised.value)
    for words in ("expected verified, got violated", "What is owed", "duplicated", "resent", "lost-response", "seed 1"):
        assert words in message


@pytest.mark.long
def test_a_right_receiver_is_verified_by_a_function(front, tmp_path):
    with serving("reference", tmp_path / "receiver.db") as url:
        found = front.verify(
            f"{url}/hook",
            observe=lambda: httpx.get(f"{url}/effects", timeout=PATIENCE_S).json(),
            scenarios=["steady"],
            seed=3,
        )
    found.assert_verified()
    assert [] == front.log


def test_without_effects_nothing_is_passed(front, tmp_path):
    with serving("reference", tmp_path / "receiver.db") as url:
        found = front.verify(f"{url}/hook", scenarios=["steady"])
    with pytest.raises(AssertionError, match="got unknown"):
        found.assert_verified()


@pytest.mark.long
def test_a_receiver_is_explored(front, tmp_path):
    """The message has the story of what was found, and the command that verifies by it."""
    with serving("no-dedupe", tmp_path / "receiver.db") as url:
        found = front.explore(
            f"{url}/hook",
            observe_url=f"{url}/effects",
            events=["SaleCreated"],
            budget_s=30,
            shrinks=False,
            save=tmp_path / "found",
            settle_s=0.1,
        )
    with pytest.raises(AssertionError, match="expected verified, got violated") as raised:
        found.assert_verified()
    (file, *_) = (tmp_path / "found").iterdir()
    assert f"front.verify(..., scenarios=['{file}'], seed=1)" in str(raised.value)


@pytest.mark.long
def test_a_job_is_verified_too(front):
    job = f"{sys.executable} -m frontsim job"
    front.verify_recovery(job, cases=["a-plain-failure"]).assert_verified()
    found = front.verify_recovery(f"{job} --broken only-today", cases=["ten-days-down"])
    with pytest.raises(AssertionError, match="got violated"):
        found.assert_verified()


def test_two_ways_to_see_effects_are_refused(front):
    with pytest.raises(BadInput, match="one way to read effects"):
        front.verify("http://127.0.0.1:1/hook", observe=list, observe_url="http://127.0.0.1:1/effects")
