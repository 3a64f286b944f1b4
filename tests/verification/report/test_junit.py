from xml.etree import ElementTree as ET

import pytest

from frontsim.domain.model import Outcome, Trigger
from frontsim.verification.facts.history import EventFact, History, Run
from frontsim.verification.judge.checks import Verdict, judge
from frontsim.verification.report.junit import as_junit
from frontsim.verification.scenario import scenario
from frontsim.verification.session import Played, Report
from tests.verification.laboratory import CONTRACT


@pytest.fixture
def refused_unseen():
    """A report on a receiver that refuses an event for ever, while nobody can see effects."""
    runs = tuple(Run(each, Trigger.RESEND, Outcome.ANSWERED, "Bad request", 400, each) for each in range(1, 5))
    history = History("steady", (EventFact("w", "x", "CustomerUpdated", runs),))
    (steady,) = scenario.chosen(["steady"])
    return Report("http://shop/hook", 7, [Played(steady, history, judge(history, CONTRACT))], CONTRACT)


def test_violated_unknown_and_skipped_are_what_ci_shows(report):
    """A broken clause fails, its neighbours pass; unknown is an error, skipped is skipped."""
    suites = {each.get("name"): each for each in ET.fromstring(as_junit(report))}
    storm = suites["storm"]
    assert (storm.get("failures"), storm.get("errors"), storm.get("skipped")) == ("1", "0", "0")
    failure = storm.find("testcase[@name='books-copies-at-once-once']/failure")
    assert "effects: 2" in failure.text
    assert failure.get("message").startswith("1 event: Copies of one event")
    assert suites["steady"].get("errors") == suites["steady"].get("tests")
    assert suites["crash-after-ack"].get("skipped") == suites["crash-after-ack"].get("tests")
    assert [suites["late-resend"].get(name) for name in ("failures", "errors", "skipped")] == ["0", "0", "0"]


def test_what_stands_in_a_reason_cannot_break_the_xml(report):
    """Markup and control characters in texts stay texts."""
    assert "the observer &lt;is&gt; down &amp; out" in as_junit(report)


def test_a_clause_that_nobody_could_check_does_not_pass_beside_a_failure(refused_unseen):
    """One broken clause makes the scenario violated; those about effects, which nobody saw, are errors."""
    assert Verdict.VIOLATED is refused_unseen.verdict
    suite = ET.fromstring(as_junit(refused_unseen)).find("testsuite")
    ends = {case.get("name"): [each.tag for each in case] for case in suite}
    assert ["failure"] == ends.pop("takes-valid-events")
    assert {"books-what-it-acknowledges", "books-a-repeat-once", "keeps-content"} <= set(ends)
    assert [["error"]] * len(ends) == list(ends.values())
