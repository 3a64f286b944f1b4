"""What a run with one right and one wrong case says, in every form."""

from xml.etree import ElementTree as ET

import orjson
import pytest

from frontsim.recovery.case import Case, CaseHistory
from frontsim.recovery.judge import JobJudgement, job_contract, judge
from frontsim.recovery.report import as_json, as_junit, cases_as_json, counts, lines, summary
from frontsim.recovery.session import JobReport, PlayedCase
from frontsim.verdicts import Verdict
from tests.recovery.histories import case, event, history, listed, resent, start

CONTRACT = job_contract()
HOSTILE = "<script>alert(1)</script>\x00 & é"


def played(told: CaseHistory) -> PlayedCase:
    return PlayedCase(case(), told, judge(case(), told, CONTRACT))


def report(*cases: PlayedCase, strict: bool = False, interrupted: bool = False) -> JobReport:
    return JobReport(
        "python job.py", 7, cases, CONTRACT, "1.2", "2026-08-01T10:00:00Z", 3.5, strict=strict, interrupted=interrupted
    )


RIGHT = played(history(event(503, 200)))
WRONG = played(history(event(503), event(503, id_="e2"), starts=[start(output=HOSTILE)]))
SKIPPED = PlayedCase(case(), CaseHistory("case"), JobJudgement(Verdict.SKIPPED, "it needs libfaketime"))
UNPLAYED = PlayedCase(case(), CaseHistory("case"), JobJudgement(Verdict.UNKNOWN, "the budget was used up"))


def test_calls_for_each_recovered_event_say_how_frugal_the_job_is() -> None:
    """Two calls brought one event home; without any there is no such number."""
    found = counts(played(history(event(503, 200), event(200, id_="e2"), calls=[listed(), resent()])))
    assert {"events": 2, "failed": 2, "recovered": 2, "resends": 1, "calls": 2, "callsPerRecovered": 1.0} == found
    assert "callsPerRecovered" not in counts(WRONG)
    assert 2 == counts(WRONG)["missed"]


@pytest.mark.parametrize(
    ("run", "verdict"),
    [
        (report(RIGHT), Verdict.VERIFIED),
        (report(RIGHT, SKIPPED), Verdict.VERIFIED),
        (report(RIGHT, SKIPPED, strict=True), Verdict.UNKNOWN),
        (report(RIGHT, interrupted=True), Verdict.UNKNOWN),
        (report(RIGHT, UNPLAYED), Verdict.UNKNOWN),
        (report(RIGHT, UNPLAYED, WRONG), Verdict.VIOLATED),
        (report(WRONG, interrupted=True), Verdict.VIOLATED),
        (report(), Verdict.UNKNOWN),
    ],
)
def test_the_verdict_of_a_run(run: JobReport, verdict: Verdict) -> None:
    """A violation that was seen stands; what was not played, or with --strict was skipped, is unknown."""
    assert verdict is run.verdict


def test_json_has_each_case_with_its_findings_and_one_cause_for_a_clause() -> None:
    """A cause counts events, not findings, and says what to change."""
    found = orjson.loads(as_json(report(RIGHT, WRONG)))
    assert ("violated", 7, "python job.py") == (found["verdict"], found["seed"], found["job"])
    assert [("verified", 0), ("violated", 2)] == [(each["verdict"], len(each["findings"])) for each in found["cases"]]
    (cause,) = found["causes"]
    assert ("finds-every-failure", "missed", ["case"], 2) == (
        cause["clause"], cause["class"], cause["cases"], cause["events"]
    )  # fmt: skip
    assert cause["fix"]
    assert "in the end it has not arrived" in found["cases"][1]["stories"]["finds-every-failure"]
    assert "frontsim verify-recovery --job 'python job.py' --case case --seed 7" == found["cases"][1]["replay"]


def test_the_list_of_cases_as_json() -> None:
    told = [Case("one", "It breaks.", "It holds.")]
    assert [{"name": "one", "breaks": "It breaks.", "holds": "It holds."}] == orjson.loads(cases_as_json(told))


def test_the_screen_shows_a_story_for_each_cause_and_ends_with_the_verdict() -> None:
    """One story for two events of one cause; a case without a verdict says why."""
    shown = list(lines(report(RIGHT, WRONG, UNPLAYED)))
    assert shown[0].startswith("missed: ")
    assert 1 == sum(line.startswith("  Seen in ") for line in shown)
    assert "unknown: case: the budget was used up" == shown[-2]
    assert "VIOLATED: 3 cases, 1 verified, 1 violated, 1 unknown; seed 7" == shown[-1]
    assert "0 cases, none played" == summary(report())


def test_junit_has_a_test_for_each_case_and_clause() -> None:
    """Its numbers agree with what it holds, also where a job prints what XML cannot."""
    root = ET.fromstring(as_junit(report(RIGHT, WRONG, SKIPPED, UNPLAYED)))
    judged = len(CONTRACT.judged_in("case"))
    assert (str(4 * judged), "1", str(judged), str(judged)) == tuple(
        root.get(name) for name in ("tests", "failures", "errors", "skipped")
    )
    (failure,) = root.iter("failure")
    assert "missed" == failure.get("type")
    assert "<script>alert(1)</script>? & é" in str(failure.text)
