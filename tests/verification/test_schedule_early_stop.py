import pytest

from frontsim.verdicts import Verdict
from frontsim.verification.effects.history import History, Liveness, PreflightCheck
from frontsim.verification.play.preflight import ACKNOWLEDGED, ANSWERS, SEEN
from frontsim.verification.schedule import Refusals, blindness, reason_to_stop


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


SALE, RETURN = {"SaleCreated": 401}, {"ReturnCreated": 401}
BOTH = SALE | RETURN


@pytest.mark.parametrize(
    ("probed", "scenarios", "seconds"),
    [
        ({}, [BOTH, BOTH], 5.0),
        ({}, [SALE, RETURN], 5.0),
        (BOTH, [SALE, SALE], 5.0),
        ({}, [SALE, SALE, SALE, RETURN], 60.0),
    ],
)
def test_a_receiver_that_takes_no_event_at_all_ends_the_run(probed, scenarios, seconds):
    """Each type was refused, in a probe or in scenarios, and the receiver blames the request: it will not change."""
    refusals = Refusals(BOTH, probed=probed, began_s=10.0)
    found = [refusals.note(each, now_s=10.0 + seconds) for each in scenarios]
    told = "the receiver refused every clean event, of each type, with 401"
    assert [""] * (len(scenarios) - 1) + [told] == found


@pytest.mark.parametrize(
    ("probed", "scenarios", "seconds"),
    [
        ({}, [BOTH], 60.0),
        ({}, [BOTH, BOTH], 4.9),
        ({}, [SALE, SALE, SALE], 60.0),
        ({}, [BOTH, {}, BOTH], 60.0),
        ({}, [{}, BOTH, BOTH], 60.0),
        (SALE, [SALE, SALE], 60.0),
        *(({}, [BOTH, BOTH | {"SaleCreated": status}, BOTH], 60.0) for status in (404, 408, 425, 429, 500, 503, None)),
        *((BOTH | {"SaleCreated": status}, [BOTH, BOTH], 60.0) for status in (404, 503, None)),
    ],
)
def test_a_receiver_that_may_take_some_events_is_played_on(probed, scenarios, seconds):
    """Too soon, a type that was not tried, one event acknowledged, or an answer of one that starts or is overloaded."""
    refusals = Refusals(BOTH, probed=probed, began_s=10.0)
    assert [""] * len(scenarios) == [refusals.note(each, now_s=10.0 + seconds) for each in scenarios]
