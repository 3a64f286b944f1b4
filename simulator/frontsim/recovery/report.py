"""A run's result for programs (JSON, JUnit XML) and for the screen."""

from collections.abc import Iterator, Sequence
from typing import Any
from xml.etree import ElementTree as ET

import orjson

from frontsim.masking import xml_text
from frontsim.presentation import junit_xml
from frontsim.recovery.case import Case, Operation, PastState
from frontsim.recovery.judge import JobFinding
from frontsim.recovery.session import JobReport, PlayedCase
from frontsim.recovery.story import story
from frontsim.verdicts import Clause, Verdict

_MOST_IDS = 20


def as_json(report: JobReport) -> bytes:
    """The report as a JSON document."""
    return orjson.dumps(
        {
            "verdict": report.verdict,
            "job": report.job,
            "seed": report.seed,
            "version": report.version,
            "startedAt": report.started_at,
            "durationS": round(report.duration_s, 3),
            "causes": causes(report),
            "cases": [_case(report, played) for played in report.played],
        },
        option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE,
    )


def cases_as_json(cases: list[Case]) -> bytes:
    """What `--list --json` prints."""
    items = [{"name": case.name, "breaks": case.breaks, "holds": case.holds} for case in cases]
    return orjson.dumps(items, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def counts(played: PlayedCase) -> dict[str, float]:
    """How many events, resends and calls; calls per recovered event shows how frugal the job is."""
    events, calls = played.history.events, played.history.calls
    recovered = sum(event.arrived for event in events if event.state is PastState.FAILED)
    found: dict[str, float] = {
        "events": len(events),
        "failed": sum(event.state is PastState.FAILED for event in events),
        "recovered": recovered,
        "resends": sum(call.operation is Operation.RESEND for call in calls),
        "calls": len(calls),
    }
    if recovered:
        found["callsPerRecovered"] = round(len(calls) / recovered, 2)
    for finding in played.judgement.findings:
        found[finding.class_] = found.get(finding.class_, 0) + 1
    return found


def _case(report: JobReport, played: PlayedCase) -> dict[str, Any]:
    return {
        "name": played.case.name,
        "verdict": played.judgement.verdict,
        "reason": played.judgement.reason,
        "durationS": round(played.history.duration_s, 3),
        "counts": counts(played),
        "exitCodes": [start.exit_code for start in played.history.starts],
        "findings": [
            {
                "class": finding.class_,
                "clause": finding.clause,
                "event": finding.event,
                "webhookEventId": finding.webhook_event_id,
                "detail": finding.detail,
            }
            for finding in played.judgement.findings
        ],
        "stories": {
            clause: story(played.history, found[0].webhook_event_id) for clause, found in by_clause(played).items()
        },
        "replay": report.replay(played.case.name),
    }


def by_clause(played: PlayedCase) -> dict[str, list[JobFinding]]:
    """The findings of a case, those of one clause together."""
    found: dict[str, list[JobFinding]] = {}
    for finding in played.judgement.findings:
        found.setdefault(finding.clause, []).append(finding)
    return found


def causes(report: JobReport) -> list[dict[str, Any]]:
    """What is wrong, a clause each: its cases, how many events, and what to change."""
    return [_cause(report, clause_id) for clause_id in _broken(report)]


def _broken(report: JobReport) -> list[str]:
    return list(dict.fromkeys(finding.clause for played in report.played for finding in played.judgement.findings))


def _cause(report: JobReport, clause_id: str) -> dict[str, Any]:
    found = [
        (played.case.name, finding)
        for played in report.played
        for finding in played.judgement.findings
        if finding.clause == clause_id
    ]
    clause = next(each for each in report.contract if each.id == clause_id)
    return {
        "clause": clause_id,
        "class": found[0][1].class_,
        "cases": list(dict.fromkeys(name for name, _ in found)),
        "events": len({finding.webhook_event_id for _, finding in found} - {""}),
        "sentence": clause.sentence,
        "fix": clause.fix,
    }


def lines(report: JobReport) -> Iterator[str]:
    """The summary on the screen: the causes with what to change, then a story of each, then the verdict."""
    for clause_id in _broken(report):
        cause = _cause(report, clause_id)
        yield f"{cause['class']}: {cause['sentence']}"
        yield f"  in {', '.join(cause['cases'])}"
        yield f"  Fix: {cause['fix']}"
        played, finding = next(
            (played, finding)
            for played in report.played
            for finding in played.judgement.findings
            if finding.clause == clause_id
        )
        yield f"  Seen in {played.case.name}: {finding.detail}"
        yield from (f"    {line}" for line in story(played.history, finding.webhook_event_id))
        yield f"  Again with: {report.replay(played.case.name)}"
        yield ""
    for played in report.played:
        if played.judgement.verdict is Verdict.UNKNOWN:
            yield f"unknown: {played.case.name}: {played.judgement.reason}"
    yield f"{report.verdict.upper()}: {summary(report)}; seed {report.seed}"


def summary(report: JobReport) -> str:
    """How many cases ended how."""
    verdicts = [played.judgement.verdict for played in report.played]
    numbers = [f"{verdicts.count(verdict)} {verdict}" for verdict in Verdict if verdict in verdicts]
    cases = "1 case" if len(verdicts) == 1 else f"{len(verdicts)} cases"
    return f"{cases}, {', '.join(numbers) or 'none played'}"


def as_junit(report: JobReport) -> str:
    """The report as JUnit XML: a test case for each case and clause that it can break."""
    suites = [_suite(played, report) for played in report.played]
    duration_s = sum(played.history.duration_s for played in report.played)
    return junit_xml.document("frontsim verify-recovery", suites, duration_s=duration_s)


def _suite(played: PlayedCase, report: JobReport) -> ET.Element:
    clauses, judgement = report.contract.judged_in(played.case.name), played.judgement
    suite = ET.Element("testsuite", name=played.case.name, tests=str(len(clauses)), timestamp=report.started_at)
    suite.set("time", f"{played.history.duration_s:.3f}")
    broken = by_clause(played)
    for clause in clauses:
        case = ET.SubElement(suite, "testcase", classname=f"frontsim.recovery.{played.case.name}", name=clause.id)
        case.set("time", f"{played.history.duration_s / len(clauses):.3f}")
        if clause.id in broken:
            found = broken[clause.id]
            failure = ET.SubElement(case, "failure", type=found[0].class_, message=xml_text(clause.sentence))
            failure.text = xml_text("\n".join(_failure(found, clause, played, report)))
        elif judgement.verdict is Verdict.SKIPPED:
            ET.SubElement(case, "skipped", message=xml_text(judgement.reason))
        elif judgement.reason:
            ET.SubElement(case, "error", type="unknown", message=xml_text(judgement.reason))
    junit_xml.count_endings(suite)
    return suite


def _failure(found: Sequence[JobFinding], clause: Clause, played: PlayedCase, report: JobReport) -> list[str]:
    details = [f"{each.class_} {each.event} {each.webhook_event_id}: {each.detail}" for each in found[:_MOST_IDS]]
    lines = story(played.history, found[0].webhook_event_id)
    return [*details, "", *lines, "", f"Fix: {clause.fix}", report.replay(played.case.name)]
