import pytest

from frontsim.verdicts import Verdict
from frontsim.verification.effects.history import History, Liveness, PreflightCheck
from frontsim.verification.play.preflight import ACKNOWLEDGED, ANSWERS, SEEN
from frontsim.verification.schedule import blindness, reason_to_stop


def failed(name, **others):
    return History("storm", preflight=(PreflightCheck(name, "it failed", **others),))


@pytest.mark.parametrize(
    ("history", "verdict", "expected"),
    [
        (failed(SEEN), Verdict.UNKNOWN, SEEN),
        (failed(ACKNOWLEDGED), Verdict.UNKNOWN, ""),
        (History("storm", observer_failure="down"), Verdict.UNKNOWN, ANSWERS),
        (History("storm", settled=False), Verdict.UNKNOWN, "never settled"),
        (History("storm", settled=False), Verdict.VIOLATED, ""),
        (History("storm"), Verdict.UNKNOWN, ""),
    ],
)
def test_what_kept_the_effects_from_being_judged(history, verdict, expected):
    """A scenario with a verdict on the effects was not blind, whatever its history."""
    assert expected == blindness(history, verdict)


@pytest.mark.parametrize(
    ("blind", "before", "expected"),
    [
        (SEEN, None, "the observer did not show a clean event in storm"),
        (ANSWERS, None, ""),
        (ANSWERS, ANSWERS, "the observer did not answer in storm"),
        (ANSWERS, SEEN, ""),
        (SEEN, "", ""),
        ("", "", ""),
    ],
)
def test_the_same_blindness_twice_in_a_row_ends_the_run(blind, before, expected):
    """A wrong --observe-key shows at the very first event; everything else may pass once."""
    assert expected == reason_to_stop(History("storm"), blind=blind, blind_before=before, can_restart=False)


@pytest.mark.parametrize(
    "history", [failed(ACKNOWLEDGED, unanswered=True), History("storm", liveness=Liveness("no answer"))]
)
def test_a_receiver_that_is_gone_ends_the_run_unless_it_can_be_started_again(history):
    """With --receiver-cmd the next scenario starts it."""
    assert "the receiver " in reason_to_stop(history, blind="", blind_before="", can_restart=False)
    assert "" == reason_to_stop(history, blind="", blind_before="", can_restart=True)
