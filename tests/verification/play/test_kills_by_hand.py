"""How long a receiver takes to answer; time passes only where it works, and where frontsim waits."""

import pytest

from frontsim.verification.patience import APART_S
from frontsim.verification.play.kills import answer_time_s, kill_after, leased, sent_by_hand
from frontsim.verification.play.scenario_state import ScenarioState
from frontsim.verification.scenario.steps import CrashPoint
from tests.verification.play.mortal import MortalReceiver

SALE = "SaleCreated"


def test_the_usual_time_is_the_median_without_the_first_event(state: ScenarioState, mortal: MortalReceiver) -> None:
    """The first after a start takes longer. It is known from then on; another clean event only warms up."""
    mortal.answers_s = [9.0, 0.1, 0.4, 0.2]
    assert (pytest.approx(0.2), 4) == (answer_time_s(state, SALE), len(state.tracked))
    assert (pytest.approx(0.2), 5) == (answer_time_s(state, SALE), len(state.tracked))


def test_what_is_not_acknowledged_has_no_time(state: ScenarioState, mortal: MortalReceiver) -> None:
    mortal.status_code = 500
    assert answer_time_s(state, SALE) is None


def test_the_log_hears_how_a_delivery_ended(state: ScenarioState, mortal: MortalReceiver) -> None:
    """With the milliseconds that it took."""
    reports = []
    state.harness.sim.report_lease = lambda lease_id, ended: reports.append((lease_id, *ended))  # type: ignore[method-assign]
    (delivery,) = leased(state, SALE)
    mortal.answers_s = [0.25]
    sent = sent_by_hand(state, delivery, CrashPoint.WHOLE_BODY, lambda: None)
    ((lease_id, report),) = reports
    assert (delivery.lease_id, 200, 250) == (lease_id, report.status_code, report.duration_ms)
    assert (report, mortal.now_s) == (sent.report, sent.ended_s)


def test_a_kill_comes_after_its_time(state: ScenarioState, mortal: MortalReceiver) -> None:
    """One after no time comes at once."""
    kill_after(state, APART_S)
    kill_after(state, 0)
    assert (APART_S, 2) == (mortal.now_s, len(mortal.ages_s))
