"""A result as JUnit XML, as every CI reads it: a suite for each trial, a test case for each clause that it can break.

A trial is played once and judged by several clauses, so that each of them takes an equal share of its time: CI systems
add up the times of the cases.
"""

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from frontsim.masking import xml_text
from frontsim.report.model import JOB, RunResult, ShownFinding, Trial
from frontsim.verdicts import LEFT_OUT, Clause
from frontsim.wording import counted

_TAG_OF = {"failures": "failure", "errors": "error", "skipped": "skipped"}
_MOST_FINDINGS = 20


def as_junit(result: RunResult) -> str:
    """The result as XML.

    A clause that is broken is a failure, and one that could not be checked an error. One that is skipped was not asked
    for by this trial, or belongs to a trial that was not played.
    """
    root = ET.Element("testsuites", name=result.subject.command)
    root.extend(_suite(each, result) for each in result.trials)
    if result.acknowledged_only:
        root.append(_types(result))
    for count in ("tests", *_TAG_OF):
        root.set(count, str(sum(int(suite.get(count, "0")) for suite in root)))
    root.set("time", f"{sum(each.duration_s for each in result.trials):.3f}")
    ET.indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _suite(trial: Trial, result: RunResult) -> ET.Element:
    suite = ET.Element("testsuite", name=trial.name, tests=str(len(trial.clauses)))
    if result.started_at:
        suite.set("timestamp", result.started_at)
    suite.set("time", f"{trial.duration_s:.3f}")
    told = {"frontsim.keys": result.keys, "frontsim.against": str(result.against or "")}
    if any(told.values()):
        properties = ET.SubElement(suite, "properties")
        for name, value in told.items():
            if value:
                ET.SubElement(properties, "property", name=name, value=xml_text(value))
    package = "frontsim.recovery" if result.subject is JOB else "frontsim"
    broken = trial.by_clause()
    for clause in trial.clauses:
        case = ET.SubElement(suite, "testcase", classname=f"{package}.{trial.name}", name=clause.id)
        case.set("time", f"{trial.duration_s / len(trial.clauses):.3f}")
        if findings := broken.get(clause.id):
            _fail(case, clause, findings, trial, result)
        else:
            _end(case, clause, trial)
            if fixed := _changes(result, trial, clause):
                ET.SubElement(case, "system-out").text = xml_text("\n".join(fixed))
    _count(suite)
    return suite


def _types(result: RunResult) -> ET.Element:
    """A case for each event type that was booked or acknowledged only; the latter fails if it was booked before."""
    number = len(result.booked) + len(result.acknowledged_only)
    suite = ET.Element("testsuite", name="event-types", tests=str(number))
    unbooked = result.against.unbooked if result.against else ()
    for name in (*result.booked, *result.acknowledged_only):
        case = ET.SubElement(suite, "testcase", classname="frontsim.event-types", name=name, time="0.000")
        if name in unbooked:
            ET.SubElement(case, "failure", type="new", message=f"{name} was booked then, and is acknowledged only now")
        elif name in result.acknowledged_only:
            ET.SubElement(case, "skipped", message=xml_text(f"{name} is acknowledged and never booked"))
    _count(suite)
    return suite


def _count(suite: ET.Element) -> None:
    for name, tag in _TAG_OF.items():
        suite.set(name, str(len(suite.findall(f"testcase/{tag}"))))


def _fail(case: ET.Element, clause: Clause, findings: Sequence[ShownFinding], trial: Trial, result: RunResult) -> None:
    number = "" if result.subject is JOB else f"{counted(len(findings), 'event')}: "
    lines = [
        *(f"{each.class_} {each.event} {each.webhook_event_id}: {each.detail}" for each in findings[:_MOST_FINDINGS]),
        "",
        *findings[0].evidence(),
        "",
        *_changes(result, trial, clause),
        *([f"Fix: {clause.fix}"] if clause.fix else []),
        trial.replay.in_report(),
    ]
    failure = ET.SubElement(case, "failure", type=findings[0].class_, message=xml_text(f"{number}{clause.sentence}"))
    failure.text = xml_text("\n".join(lines))


def _changes(result: RunResult, trial: Trial, clause: Clause) -> list[str]:
    """What is new, fixed and the same since an earlier run, of one case."""
    changes = list(result.against.about(trial.name, clause.id)) if result.against else []
    return [f"{result.against}:", *changes] if changes else []


def _end(case: ET.Element, clause: Clause, trial: Trial) -> None:
    """Say how a case ended whose clause was not broken; one that says nothing has passed."""
    if trial.verdict in LEFT_OUT:
        ET.SubElement(case, "skipped", message=xml_text(trial.reason))
    elif trial.reason:  # even of a violated trial: one broken clause says nothing about those left unchecked
        ET.SubElement(case, "error", type="unknown", message=xml_text(trial.reason))
    elif reason := trial.not_exercised.get(clause.id):
        ET.SubElement(case, "skipped", message=reason)
