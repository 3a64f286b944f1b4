from dataclasses import replace

import pytest

from frontsim.recovery.case import BrokenSubscription, PastState, StartEnding
from frontsim.recovery.judge import CLASSES, job_contract, judge
from frontsim.verdicts import NOTE, Contract, Verdict
from tests.recovery.histories import case, event, history, listed, resent, start

CONTRACT = job_contract()


def found(played, told=None):
    return [(each.class_, each.clause) for each in judge(told or case(), played, CONTRACT).findings]


def test_a_failed_event_that_arrived_with_its_resend_is_verified():
    """The job's whole duty."""
    assert Verdict.VERIFIED is judge(case(), history(event(503, 200)), CONTRACT).verdict


def test_a_failed_event_that_was_never_resent_is_missed():
    """With the window that was listed, so that the reader sees why."""
    judgement = judge(case(), history(event(503)), CONTRACT)
    (finding,) = judgement.findings
    assert ("missed", "finds-every-failure") == (finding.class_, finding.clause)
    assert "listed from 2026-07-01 to 2026-08-02" in finding.detail


def test_the_case_says_what_a_left_event_means():
    """Left behind a failure it is a job that gave up."""
    assert [("gave-up-early", "goes-on-after-a-failure")] == found(history(event(503)), case(left="gave-up-early"))


@pytest.mark.parametrize(("code", "output"), [(-11, ""), (139, ""), (1, "Traceback (most recent call last):\n  ...")])
def test_a_job_that_dies_has_crashed(code, output):
    """By a signal, in a shell's words, or of an error of its own that Python tells."""
    played = history(event(503), starts=[start(code=code, output=output)])
    assert [("crashed", "survives-what-it-reads")] == found(played)


def test_an_event_that_is_due_later_is_not_missed():
    """It failed while the last start was running: the next one may find it."""
    assert [] == found(history(event(503, due=2), starts=[start(left=["e1"])]))


def test_a_hopeless_event_must_be_tried_and_reported():
    """Nothing can bring it home; but exit code 0 would hide it."""
    tried = event(503, 500, hopeless=True)
    assert [] == found(history(tried, starts=[start(code=1, left=["e1"])]))
    assert [("silent", "tells-failure")] == found(history(tried, starts=[start(code=0, left=["e1"])]))
    assert [("missed", "finds-every-failure")] == found(history(event(503, hopeless=True), starts=[start(code=1)]))


@pytest.mark.parametrize("codes", [(200, 200), (503, 200, 200), (503, 200, 503)])
def test_what_has_arrived_is_not_sent_again(codes):
    """Whether the second one arrived or not: the job should not have asked."""
    state = PastState.DELIVERED if codes[0] == 200 else PastState.FAILED
    assert [("resent-delivered", "leaves-delivered-alone")] == found(history(event(*codes, state=state)))


def test_what_is_on_its_way_is_not_sent():
    """Its first run has not ended."""
    assert [("resent-delivered", "leaves-delivered-alone")] == found(history(event(None, 200, state=PastState.PENDING)))


def test_a_few_resends_of_one_event_are_patience_many_are_hammering():
    """Ten in one start of the job are allowed."""
    failing = event(503, *[503] * 10, hopeless=True)
    calls = [listed(), *[resent()] * 10]
    assert [] == found(history(failing, calls=calls, starts=[start(code=1, left=["e1"])]))
    assert [("hammered", "honours-retry-after")] == found(
        history(failing, calls=[*calls, resent()], starts=[start(code=1, left=["e1"])])
    )


def test_calls_against_retry_after_are_hammering():
    """Those that a parallel job had under way do not count, nor do those after the wait."""
    asked = resent(at_s=1.0, status=429, retry_after_s=2)
    under_way = [resent(f"e{number}", at_s=1.5, took_s=0.1) for number in range(16)]
    later = [resent(f"e{number}", at_s=3.1) for number in range(50)]
    assert [] == found(history(event(503, 200), calls=[listed(), asked, *under_way, *later]))
    one_more = resent("e17", at_s=2.5)
    assert [("hammered", "honours-retry-after")] == found(
        history(event(503, 200), calls=[listed(), asked, *under_way, one_more])
    )


@pytest.mark.parametrize(("calls", "classes"), [(4, []), (5, [("hammered", "honours-retry-after")])])
def test_a_serial_job_has_read_what_it_was_asked(calls, classes):
    """It makes one call at a time, so that a few against Retry-After prove it, however slow the machine is."""
    asked = resent(at_s=1.0, status=429, retry_after_s=2)
    against = [resent(f"e{number}", at_s=1.2 + 0.3 * number, took_s=0.2) for number in range(calls)]
    assert classes == found(history(event(503, 200), calls=[listed(), asked, *against]))


def test_a_job_that_had_to_be_stopped_is_endless():
    """And is not accused of what it could not do any more."""
    stopped = start(code=None, ending=StartEnding.ENDLESS)
    assert [("endless", "ends")] == found(history(event(503, 503, hopeless=True), starts=[stopped]))


def test_a_job_that_has_resent_enough_is_verified():
    """The case stopped it: what it had not resent by then is not missed."""
    stopped = start(code=None, ending=StartEnding.ENOUGH, left=["e2"])
    assert [] == found(history(event(503, 200), event(503, id_="e2"), starts=[stopped]))


def test_a_slow_job_that_still_recovers_is_unknown():
    """It made calls until its time was over: nothing is wrong but its speed."""
    slow = start(code=None, ending=StartEnding.TOO_SLOW, left=["e1"])
    calls = [listed(), resent("e2", at_s=9.9)]
    judgement = judge(case(), history(event(503), calls=calls, starts=[slow]), CONTRACT)
    assert Verdict.UNKNOWN is judgement.verdict
    assert "still recovering" in judgement.reason


def test_a_job_that_stands_still_is_endless():
    """No call in the second half of its time."""
    stuck = start(code=None, ending=StartEnding.TOO_SLOW, left=["e1"])
    assert ("endless", "ends") in found(history(event(503), calls=[listed(at_s=0.1)], starts=[stuck]))


def test_a_job_that_waits_as_it_is_asked_is_unknown():
    """An hour of Retry-After is longer than the case."""
    waiting = start(code=None, ending=StartEnding.TOO_SLOW, left=["e1"])
    asked = listed(at_s=0.1, status=403, broken="status", retry_after_s=3600)
    judgement = judge(case(), history(event(503), calls=[asked], starts=[waiting]), CONTRACT)
    assert Verdict.UNKNOWN is judgement.verdict
    assert "as Retry-After: 3600 asks" in judgement.reason


def test_a_job_that_takes_long_to_start_does_not_stand_still():
    """Its calls are few and late, but it makes them until its time is over."""
    late = start(code=None, ending=StartEnding.TOO_SLOW, left=["e1"])
    calls = [listed(at_s=8.0), resent("e2", at_s=9.5)]
    assert [] == found(history(event(503), calls=calls, starts=[late]))


def test_a_note_is_a_finding_that_violates_nothing():
    """As the severity of its clause says."""
    clauses_ = [replace(each, severity=NOTE) if "missed" in each.classes else each for each in CONTRACT]
    judgement = judge(case(), history(event(503)), Contract(clauses_, CLASSES))
    assert (Verdict.VERIFIED, ["missed"]) == (judgement.verdict, [each.class_ for each in judgement.findings])


def test_a_job_that_a_case_cannot_test_is_skipped():
    """Whatever it left."""
    played = replace(history(event(503)), skipped="its clock did not move")
    assert (Verdict.SKIPPED, "its clock did not move") == (
        judge(case(), played, CONTRACT).verdict, judge(case(), played, CONTRACT).reason
    )  # fmt: skip


def test_exit_code_0_is_silent_only_about_what_the_job_knew():
    """A failure outside its window is missed, not hidden."""
    assert [("missed", "finds-every-failure")] == found(history(event(503), starts=[start(code=0, left=["e1"])]))


def test_exit_code_0_after_a_list_that_failed_is_silent():
    """It knows that it knows nothing."""
    refused = [listed(status=401, broken="status")]
    played = history(event(503, 200), calls=[*refused, listed(start=2), resent(start=2)],
                     starts=[start(code=0, left=["e1"]), start(2)])  # fmt: skip
    assert [("silent", "tells-failure")] == found(played, case(starts=2))


def test_what_an_earlier_start_left_is_not_put_down_to_a_resend_of_a_later_one():
    """Start 1 never asked for it; start 2 did."""
    played = history(event(503, 200), calls=[listed(), listed(start=2), resent(start=2)],
                     starts=[start(code=0, left=["e1"]), start(2)])  # fmt: skip
    assert [] == found(played, case(starts=2))


def test_a_copy_that_steps_aside_may_end_with_0():
    """The other copy reports."""
    tried = history(event(503, 503, 200), starts=[start(left=["e1"]), start(left=["e1"]), start(2)])
    assert [] == found(tried, case(starts=2, copies=2))


def test_a_key_in_the_output_is_leaked():
    """Once for the case, whatever it printed how often."""
    played = history(event(503, 200), starts=[start(leaked=["the x-api-key"])])
    assert [("leaked", "keeps-its-keys")] == found(played)


def test_a_job_that_calls_nothing_is_unknown():
    """It may not read FRONTSIM_BASE_URL: the reader sees what it printed."""
    silent = history(event(503), calls=[], starts=[start(code=2, output="usage: job.py\nerror: no URL")])
    judgement = judge(case(), silent, CONTRACT)
    assert Verdict.UNKNOWN is judgement.verdict
    assert "error: no URL" in judgement.reason


def test_a_subscription_that_delivers_otherwise_is_told_once_with_what_became_of_it():
    """After the first start that left it so."""
    gone, twice = (
        BrokenSubscription("SaleCreated", (), 0),
        BrokenSubscription("OrderCreated", ("http://a", "http://a"), 2),
    )
    starts = [replace(start(1), broken_subscriptions=(gone,)), replace(start(2), broken_subscriptions=(gone, twice))]
    judgement = judge(case(starts=2), history(event(503, 200), starts=starts), CONTRACT)
    assert [("unsubscribed", "leaves-the-subscriptions")] * 2 == [(f.class_, f.clause) for f in judgement.findings]
    assert [
        "after start 1 SaleCreated has no webhook any more: a new event was not delivered",
        "after start 2 OrderCreated goes to http://a, http://a: a new event arrived 2 times",
    ] == [finding.detail for finding in judgement.findings]


def test_trouble_of_ours_accuses_no_job():
    """What was not played to its end proves nothing."""
    judgement = judge(case(), history(event(503), trouble="the simulator is gone"), CONTRACT)
    assert (Verdict.UNKNOWN, ()) == (judgement.verdict, judgement.findings)
