from xml.etree import ElementTree as ET

from simulator.verification.junit import as_junit


def test_violated_unknown_and_skipped_are_what_ci_shows(report):
    """A broken clause fails, its neighbours pass; unknown is an error, skipped is skipped."""
    suites = {each.get("name"): each for each in ET.fromstring(as_junit(report))}
    storm = suites["storm"]
    assert (storm.get("failures"), storm.get("errors"), storm.get("skipped")) == ("1", "0", "0")
    failure = storm.find("testcase[@name='books-copies-at-once-once']/failure")
    assert "effects: 2" in failure.text
    assert suites["steady"].get("errors") == suites["steady"].get("tests")
    assert suites["crash-after-ack"].get("skipped") == suites["crash-after-ack"].get("tests")
    assert [suites["late-resend"].get(name) for name in ("failures", "errors", "skipped")] == ["0", "0", "0"]


def test_what_stands_in_a_reason_cannot_break_the_xml(report):
    """Markup and control characters in texts stay texts."""
    assert "the observer &lt;is&gt; down &amp; out" in as_junit(report)
