"""Reports on jobs, made by hand: a right case, a wrong one, one that was skipped, and one that was not played."""

from frontsim.recovery.case import CaseHistory
from frontsim.recovery.judge import JobJudgement, job_contract, judge
from frontsim.recovery.run import JobReport, PlayedCase
from frontsim.verdicts import Verdict
from tests.recovery.histories import case, event, history, start

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
