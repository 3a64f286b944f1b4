"""A run's result as JUnit XML, which every CI reads: a test case for each scenario and clause."""

from xml.sax.saxutils import escape, quoteattr

from frontsim.verification.judge.checks import Verdict
from frontsim.verification.judge.clauses import Clause
from frontsim.verification.report.story import story
from frontsim.verification.session import Played, Report


def as_junit(report: Report) -> str:
    """The report as XML. A broken clause is a failure, one that nobody could check an error, skipped is skipped."""
    suites = [_suite(played, report) for played in report.played]
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<testsuites name="frontsim verify">\n'
        + "".join(suites)
        + "</testsuites>\n"
    )


def _suite(played: Played, report: Report) -> str:
    clauses = report.contract.judged_in(played.scenario.name)
    cases = [_case(played, clause, report) for clause in clauses]
    failures = sum("<failure" in case for case in cases)
    errors = sum("<error" in case for case in cases)
    skipped = sum("<skipped" in case for case in cases)
    head = (
        f"<testsuite name={quoteattr(played.scenario.name)} tests={quoteattr(str(len(cases)))} "
        f'failures="{failures}" errors="{errors}" skipped="{skipped}" time="{played.history.duration_s:.3f}">\n'
    )
    return f"  {head}{''.join(cases)}  </testsuite>\n"


def _case(played: Played, clause: Clause, report: Report) -> str:
    name = quoteattr(clause.id)
    inner = _inner(played, clause, report)
    return f"    <testcase classname={quoteattr(f'frontsim.{played.scenario.name}')} name={name}>{inner}</testcase>\n"


def _inner(played: Played, clause: Clause, report: Report) -> str:
    judgement = played.judgement
    findings = [each for each in judgement.findings if each.clause == clause.id]
    if findings:
        first = findings[0]
        effects = judgement.effects.get(first.webhook_event_id)
        lines = [f"{each.class_} {each.event} {each.webhook_event_id}: {each.detail}" for each in findings[:20]]
        lines += ["", *story(played.history, first.webhook_event_id, effects), "", report.replay(played.scenario.name)]
        number = "1 event" if len(findings) == 1 else f"{len(findings)} events"
        message = quoteattr(_clean(f"{number}: {clause.sentence}"))
        text = escape(_clean("\n".join(lines)))
        return f"<failure type={quoteattr(str(first.class_))} message={message}>{text}</failure>"
    if judgement.verdict is Verdict.SKIPPED:
        return f"<skipped message={quoteattr(_clean(judgement.reason))}/>"
    if judgement.reason:  # even of a violated scenario: one broken clause says nothing about those nobody could check
        return f'<error type="unknown" message={quoteattr(_clean(judgement.reason))}/>'
    return ""


def _clean(text: str) -> str:
    """Without the characters that no XML document may hold."""
    return "".join(each if each in "\t\n" or _is_xml(each) else "?" for each in text)


def _is_xml(character: str) -> bool:
    return character >= " " and character not in "\ufffe\uffff" and not "\ud800" <= character <= "\udfff"
