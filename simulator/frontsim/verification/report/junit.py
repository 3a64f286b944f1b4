"""A run's result as JUnit XML: a test case for each scenario and clause.

A scenario is played once and judged by several clauses, so that each of them takes an equal share of its time: CI
systems add up the times of the cases.
"""

from xml.etree import ElementTree as ET

from frontsim.masking import xml_text
from frontsim.presentation import junit_xml
from frontsim.verdicts import Clause, Verdict
from frontsim.verification.judge.checks import Finding, why_not_exercised
from frontsim.verification.played import Played, Report
from frontsim.verification.report.exchange import shown_exchange
from frontsim.verification.report.story import story

_MOST_FINDINGS = 20


def as_junit(report: Report) -> str:
    """The report as XML.

    A clause that is broken is a failure, and one that could not be checked an error. One that is skipped was not asked
    for by this scenario, or belongs to a scenario that was not played.
    """
    suites = [_suite(played, report) for played in report.played]
    duration_s = sum(played.history.duration_s for played in report.played)
    return junit_xml.document("frontsim verify", suites, duration_s=duration_s)


def _suite(played: Played, report: Report) -> ET.Element:
    clauses = report.contract.judged_in(played.scenario.name)
    suite = ET.Element("testsuite", name=played.scenario.name, tests=str(len(clauses)))
    if report.started_at:
        suite.set("timestamp", report.started_at)
    suite.set("time", f"{played.history.duration_s:.3f}")
    if report.keys:
        properties = ET.SubElement(suite, "properties")
        ET.SubElement(properties, "property", name="frontsim.keys", value=xml_text(str(report.keys)))
    for clause in clauses:
        case = ET.SubElement(suite, "testcase", classname=f"frontsim.{played.scenario.name}", name=clause.id)
        case.set("time", f"{played.history.duration_s / len(clauses):.3f}")
        _end(case, played, clause, report)
    junit_xml.count_endings(suite)
    return suite


def _end(case: ET.Element, played: Played, clause: Clause, report: Report) -> None:
    """Say how a case ended; one that says nothing has passed."""
    judgement = played.judgement
    findings = [each for each in judgement.findings if each.clause == clause.id]
    if findings:
        number = "1 event" if len(findings) == 1 else f"{len(findings)} events"
        message = xml_text(f"{number}: {clause.sentence}")
        failure = ET.SubElement(case, "failure", type=str(findings[0].class_), message=message)
        failure.text = xml_text("\n".join(_lines(findings, played, report)))
    elif judgement.verdict is Verdict.SKIPPED:
        ET.SubElement(case, "skipped", message=xml_text(judgement.reason))
    elif judgement.reason:  # even of a violated scenario: one broken clause says nothing about those left unchecked
        ET.SubElement(case, "error", type="unknown", message=xml_text(judgement.reason))
    elif reason := why_not_exercised(clause, played.history):
        ET.SubElement(case, "skipped", message=reason)


def _lines(findings: list[Finding], played: Played, report: Report) -> list[str]:
    first = findings[0]
    lines = [f"{each.class_} {each.event} {each.webhook_event_id}: {each.detail}" for each in findings[:_MOST_FINDINGS]]
    effects = played.judgement.effects.get(first.webhook_event_id)
    return [
        *lines,
        "",
        *story(played.history, first.webhook_event_id, effects),
        *shown_exchange(first, played),
        "",
        report.replay(played.scenario.name),
    ]
