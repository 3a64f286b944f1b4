from dataclasses import replace

import pytest

from frontsim.errors import Unusable
from frontsim.recovery.case import BrokenSubscription, Operation, PastState, StartEnding
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


W, E = "097a7fc6-8128-4824-9c4c-40ecebe26231", "01a23a81-405a-7f57-8001-598bb8ffc4e0"


def refused(path, *, status=404, operation=Operation.OTHER, **others):
    return replace(listed(), operation=operation, method_and_path=path, status=status, webhook_id="", **others)


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (refused(f"POST /api/WebhooksEvents/{W}/{E.upper()}/resend"), "404 to POST /api/WebhooksEvents/"),
        (refused("POST /api/resend"), "404 to POST /api/resend, which is no operation of the API"),
        (refused("GET /api/Webhooks", status=401), "401 to GET /api/Webhooks"),
        (
            refused(f"GET /api/WebhooksEvents/{W}", status=400, operation=Operation.LIST),
            "400 to GET /api/WebhooksEvents/",
        ),
    ],
)
def test_a_job_whose_calls_the_api_refuses_is_told_of_the_call_in_every_case(call, told):
    """No window or patience of the case would help it; it died of the answer, or went on."""
    lost = replace(event(503, id_=E), webhook_id=W)
    for starts in ([start()], [start(code=1, output="Traceback (most recent call last):")]):
        played = history(lost, calls=[call], starts=starts)
        (finding,) = judge(replace(case(left="gave-up-early"), name="window-edges"), played, CONTRACT).findings
        assert ("missed", "finds-every-failure") == (finding.class_, finding.clause)
        assert told in finding.detail


@pytest.mark.parametrize(
    "call",
    [
        refused("GET /api/Webhooks", status=401, broken="status"),
        refused("GET /api/Webhooks", status=429, retry_after_s=1.0),
        refused("GET /api/Webhooks", status=500),
        refused(f"DELETE /api/Webhooks/{E}", status=404),
    ],
)
def test_a_call_that_the_case_breaks_or_that_is_about_another_event_explains_nothing(call):
    played = history(event(503, id_="e1"), calls=[call])
    assert [("missed", "covers-its-windows")] == found(played, replace(case(), name="window-edges"))


def test_a_job_that_resends_others_knows_the_operation():
    call = refused("GET /api/Environments")
    played = history(event(503), event(503, 200, id_="e2"), calls=[listed(), call])
    assert [("missed", "covers-its-windows")] == found(played, replace(case(), name="window-edges"))


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
    """The job should not have asked, even if the second one did not arrive."""
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
    gone, twice, once = (
        BrokenSubscription("SaleCreated", (), 0),
        BrokenSubscription("OrderCreated", ("http://a", "http://a"), 2),
        BrokenSubscription("StockCountReconciled", ("http://a",), 1, due=2),
    )
    starts = [
        replace(start(1), broken_subscriptions=(gone,)),
        replace(start(2), broken_subscriptions=(gone, twice, once)),
    ]
    judgement = judge(case(starts=2), history(event(503, 200), starts=starts), CONTRACT)
    assert [("unsubscribed", "leaves-the-subscriptions")] * 3 == [(f.class_, f.clause) for f in judgement.findings]
    assert [
        "after start 1 SaleCreated has no webhook any more: a new event was not delivered",
        "after start 2 OrderCreated goes to http://a, http://a: a new event arrived twice",
        "after start 2 StockCountReconciled goes to http://a: a new event arrived once instead of twice",
    ] == [finding.detail for finding in judgement.findings]


def test_trouble_of_ours_accuses_no_job():
    """A case that was not played to its end proves nothing."""
    judgement = judge(case(), history(event(503), trouble="the simulator is gone"), CONTRACT)
    assert (Verdict.UNKNOWN, ()) == (judgement.verdict, judgement.findings)


def details(played, told=None):
    return [each.detail for each in judge(told or case(), played, CONTRACT).findings]


def test_what_was_missed_is_told_with_the_windows_that_were_listed():
    """Each once, at most three; or that its webhook never was."""
    window = "from 2026-07-01 to 2026-08-02"
    assert [f"created 2026-08-01T10:00:00: never resent; its webhook was listed {window}"] == details(
        history(event(503), calls=[listed(), listed()])
    )
    windows = [replace(listed(), query={"from": str(number)}) for number in range(4)]
    told = "from 0 to ?, from 1 to ?, from 2 to ?"
    assert [f"created 2026-08-01T10:00:00: never resent; its webhook was listed {told}"] == details(
        history(event(503), calls=windows)
    )
    about = replace(event(503), about="at midnight")
    other = replace(listed(), webhook_id="another")
    assert ["created 2026-08-01T10:00:00 (at midnight): its webhook was never listed"] == details(
        history(about, calls=[other, replace(listed(), operation=Operation.GET)])
    )


@pytest.mark.parametrize(("codes", "times"), [((503, 500), "once"), ((503, 500, 500), "twice")])
def test_what_was_tried_and_given_up_is_told_with_how_often(codes, times):
    played = history(event(*codes))
    assert f"created 2026-08-01T10:00:00: resent {times}, and not again after that failed" in details(played)


@pytest.mark.parametrize(
    ("codes", "told"),
    [
        ((200, 200), "it arrived at first, and was resent once after that"),
        ((200, 200, 503), "it arrived at first, and was resent twice after that"),
        ((503, 200, 200), "it arrived with run 2, and was resent once after that"),
    ],
)
def test_what_arrived_twice_is_told_with_the_run_that_was_enough(codes, told):
    assert [told] == details(history(event(*codes)))


def test_what_was_pending_and_resent_is_told_and_the_next_is_judged_too():
    pending = event(None, 200, state=PastState.PENDING)
    twice = event(503, 200, 200, id_="e2")
    assert [
        "resent while its first delivery was still on its way",
        "it arrived with run 2, and was resent once after that",
    ] == details(history(pending, twice))


def test_hammering_is_told_with_how_often_and_of_which_event():
    """By start; a start that had to be stopped is endless instead."""
    failing = event(503, 503, hopeless=True)
    calls = [listed(), *[resent()] * 11]
    played = history(failing, calls=calls, starts=[start(code=1, left=["e1"])])
    (finding,) = judge(case(), played, CONTRACT).findings
    assert "asked for its resend 11 times in one start of the job" == finding.detail
    assert ("SaleCreated", "e1") == (finding.event, finding.webhook_event_id)
    spread = [listed(), *[resent()] * 6, *[resent(start=2)] * 6]
    starts = [start(1, code=1, left=["e1"]), start(2, code=1, left=["e1"])]
    assert [] == details(history(failing, calls=spread, starts=starts), case(starts=2))
    endless = [start(code=None, ending=StartEnding.ENDLESS)]
    assert ["start 1 resent one event again and again, without end"] == details(
        history(failing, calls=calls, starts=endless)
    )


@pytest.mark.parametrize(("at_s", "early"), [(1.0, False), (1.01, True), (2.89, True), (2.9, False), (3.0, False)])
def test_calls_count_from_the_answer_to_almost_the_end_of_the_wait(at_s, early):
    """Of that start alone."""
    asked = resent(at_s=1.0, status=429, retry_after_s=2)
    calls = [listed(), asked, *[resent(f"e{number}", at_s=at_s) for number in range(5)]]
    told = "made 5 calls in the seconds that the answer 429 with Retry-After: 2 had asked to wait"
    assert ([told] if early else []) == details(history(event(503, 200), calls=calls))
    others = [replace(call, start=2) if number > 1 else call for number, call in enumerate(calls)]
    assert [] == details(history(event(503, 200), calls=others, starts=[start(1), start(2)]), case(starts=2))


def test_a_job_that_stands_still_is_told_with_its_time():
    """Half of its time without a call is not too long; a call of another start is none of its own."""
    stuck = start(code=None, ending=StartEnding.TOO_SLOW, left=["e1"])
    told = "start 1 had not ended after 10 s, and did nothing more"
    assert told in details(history(event(503), calls=[listed(at_s=4.9)], starts=[stuck]))
    assert [] == details(history(event(503), calls=[listed(at_s=5.0)], starts=[stuck]))
    other = replace(listed(at_s=9.0), start=2)
    assert told in details(history(event(503), calls=[listed(at_s=1.0), other], starts=[stuck]))
    assert [] == details(history(event(503), calls=[other], starts=[stuck]))


def test_a_job_that_hides_what_is_left_is_told_with_how_much_or_why():
    failing = event(503, 500, hopeless=True), event(503, 500, hopeless=True, id_="e2")
    hides = [start(code=0, left=["e1", "e2"])]
    assert ["start 1 ended with exit code 0; its resends left 2 failing"] == details(history(*failing, starts=hides))
    refused = [listed(status=401, broken="status")]
    later = [listed(start=2), resent(start=2)]
    played = history(event(503, 200), calls=[*refused, *later], starts=[start(code=0, left=["e1"]), start(2)])
    assert ["start 1 ended with exit code 0, though its last list got 401"] == details(played, case(starts=2))
    cut = [listed(status=None, broken="cut-before")]
    played = replace(played, calls=(*cut, *later))
    assert ["start 1 ended with exit code 0, though its last list got no answer"] == details(played, case(starts=2))
    slow = [listed(broken="slow")]
    assert [] == details(replace(played, calls=(*slow, *later)), case(starts=2))
    again = [*refused, listed()]
    assert [] == details(replace(played, calls=(*again, *later)), case(starts=2))


def test_the_keys_that_were_printed_are_named_once():
    starts = [start(1, leaked=["the x-api-key"]), start(2, leaked=["the x-api-key", "the subscription key"])]
    assert ["printed the x-api-key and the subscription key"] == details(
        history(event(503, 200), starts=starts), case(starts=2)
    )


def test_a_job_that_calls_nothing_and_says_nothing():
    silent = history(event(503), calls=[], starts=[start(code=2)])
    reason = "the job made no call to FRONTSIM_BASE_URL; it ended with 2 and printed last: nothing"
    assert (reason, ()) == (judge(case(), silent, CONTRACT).reason, judge(case(), silent, CONTRACT).findings)


def test_a_job_that_is_slow_is_told_with_what_it_left():
    slow = start(code=None, ending=StartEnding.TOO_SLOW, left=["e1", "e2"])
    calls = [listed(), resent("e2", at_s=9.9)]
    judgement = judge(case(), history(event(503), calls=calls, starts=[slow]), CONTRACT)
    assert "the job was still recovering events after 10 s, 2 were left (--timeout)" == judgement.reason
    assert () == judgement.findings


def test_the_contract_may_be_another_file(tmp_path):
    file = tmp_path / "job.toml"
    file.write_text("")
    with pytest.raises(Unusable, match="for every class"):
        job_contract(file)


def classes_of(played, told=None):
    return [each.class_ for each in judge(told or case(), played, CONTRACT).findings]


def test_what_is_missed_is_missed_whatever_stands_beside_it():
    """Neither an event that arrived, nor a hopeless one that was tried, nor a delivered one ends the search."""
    others = event(503, 200), event(503, 500, id_="e2", hopeless=True), event(503, id_="e3", state=PastState.DELIVERED)
    played = history(*others, event(503, id_="e4"), calls=[listed(at_s=9.0)], starts=[start(code=1)])
    assert ["e4"] == [each.webhook_event_id for each in judge(case(), played, CONTRACT).findings]


@pytest.mark.parametrize("ending", [StartEnding.ENOUGH, StartEnding.TOO_SLOW])
def test_one_start_that_could_not_finish_excuses_what_is_left(ending):
    """Unless it stood still: then its time was not what it lacked."""
    starts = [start(1, code=None, ending=ending), start(2, code=1)]
    busy = [listed(at_s=9.0), listed(at_s=9.0, start=2)]
    assert [] == classes_of(history(event(503), calls=busy, starts=starts), case(starts=2))
    stuck = [start(code=None, ending=StartEnding.TOO_SLOW)]
    assert ["missed", "endless"] == classes_of(history(event(503), calls=[listed()], starts=stuck))


@pytest.mark.parametrize(
    ("codes", "output", "class_"),
    [
        ((128,), "", "missed"),
        ((129,), "", "crashed"),
        ((-9, 1), "", "crashed"),
        ((0,), "Traceback (most recent call last)", "missed"),
    ],
)
def test_a_shell_tells_a_signal_by_a_code_above_128(codes, output, class_):
    """One start that died is enough; a trace of an error that was handled is none."""
    starts = [start(number, code=code, output=output) for number, code in enumerate(codes, 1)]
    assert class_ in classes_of(history(event(503), starts=starts), case(starts=len(codes)))


def test_a_job_that_dies_where_others_must_go_on_gave_up():
    assert ["gave-up-early"] == classes_of(history(event(503), starts=[start(code=-11)]), case(left="gave-up-early"))
