import dataclasses
from xml.etree import ElementTree as ET

import pytest

from frontsim.domain.model import Outcome, Trigger
from frontsim.recovery.run import result_of as job_result_of
from frontsim.report.junit import as_junit
from frontsim.verdicts import Verdict
from frontsim.verification.effects.history import EventFact, History, Run
from frontsim.verification.judge.checks import judge
from frontsim.verification.played import Played, Report
from frontsim.verification.result import result_of
from frontsim.verification.scenario import scenario
from tests.recovery.reports import CONTRACT as JOB_CONTRACT
from tests.recovery.reports import RIGHT, SKIPPED, UNPLAYED, WRONG
from tests.recovery.reports import report as job_report
from tests.verification.laboratory import CONTRACT


@pytest.fixture
def refused_unseen():
    """A report on a receiver that refuses an event for ever, while no effects can be seen."""
    runs = tuple(Run(each, Trigger.RESEND, Outcome.ANSWERED, "Bad request", 400, each) for each in range(1, 5))
    history = History("steady", (EventFact("w", "x", "CustomerUpdated", runs),))
    (steady,) = scenario.chosen(["steady"])
    return Report("http://shop/hook", 7, [Played(steady, history, judge(history, CONTRACT))], CONTRACT)


def test_violated_unknown_and_skipped_are_what_ci_shows(report):
    """A broken clause fails, a neighbour that was exercised passes; unknown is an error, skipped is skipped."""
    suites = {each.get("name"): each for each in ET.fromstring(as_junit(result_of(report)))}
    storm = suites["storm"]
    assert (storm.get("failures"), storm.get("errors")) == ("1", "0")
    assert [] == list(storm.find("testcase[@name='books-what-it-acknowledges']"))
    failure = storm.find("testcase[@name='books-copies-at-once-once']/failure")
    assert "effects: 2" in failure.text
    assert failure.get("message").startswith("1 event: The receiver books one event once")
    assert suites["steady"].get("errors") == suites["steady"].get("tests")
    assert suites["crash-after-ack"].get("skipped") == suites["crash-after-ack"].get("tests")
    assert [suites["late-resend"].get(name) for name in ("failures", "errors")] == ["0", "0"]


def test_a_clause_that_the_scenario_did_not_exercise_is_skipped(report):
    """Nothing was repeated in late-resend's one event: that says nothing about repeats."""
    suite = ET.fromstring(as_junit(result_of(report))).find("testsuite[@name='late-resend']")
    (case,) = suite.findall("testcase[@name='remembers-long']")
    assert "not exercised by late-resend: no event " in case.find("skipped").get("message")
    assert str(len(suite.findall("testcase/skipped"))) == suite.get("skipped")


def test_times_add_up(report):
    """CI adds up the times of the cases: a scenario's time is shared out among them."""
    root = ET.fromstring(as_junit(result_of(dataclasses.replace(report, started_at="2026-11-25T17:00:00Z"))))
    storm = root.find("testsuite[@name='storm']")
    assert ("1.500", "2026-11-25T17:00:00Z") == (storm.get("time"), storm.get("timestamp"))
    assert pytest.approx(1.5, abs=0.01) == sum(float(case.get("time")) for case in storm.findall("testcase"))
    assert pytest.approx(1.5) == float(root.get("time"))
    assert str(len(root.findall("testsuite/testcase"))) == root.get("tests")


def test_what_stands_in_a_reason_cannot_break_the_xml(report):
    """Markup and control characters in texts stay texts."""
    assert "the observer &lt;is&gt; down &amp; out" in as_junit(result_of(report))


def test_an_unchecked_clause_does_not_pass_beside_a_failure(refused_unseen):
    """One broken clause makes the scenario violated; those about effects, which were not seen, are errors."""
    assert Verdict.VIOLATED is refused_unseen.verdict
    suite = ET.fromstring(as_junit(result_of(refused_unseen))).find("testsuite")
    ends = {case.get("name"): [each.tag for each in case] for case in suite}
    assert ["failure"] == ends.pop("takes-valid-events")
    assert {"books-what-it-acknowledges", "books-a-repeat-once", "keeps-content"} <= set(ends)
    assert [["error"]] * len(ends) == list(ends.values())


def test_a_job_has_a_test_for_each_case_and_clause():
    """Its numbers agree with what it holds, also where a job prints what XML cannot."""
    root = ET.fromstring(as_junit(job_result_of(job_report(RIGHT, WRONG, SKIPPED, UNPLAYED))))
    judged = len(JOB_CONTRACT.judged_in("case"))
    assert (str(4 * judged), "1", str(judged), str(judged)) == tuple(
        root.get(name) for name in ("tests", "failures", "errors", "skipped")
    )
    (failure,) = root.iter("failure")
    assert "missed" == failure.get("type")
    assert "<script>alert(1)</script>? & é" in str(failure.text)
