from frontsim.verdicts import Verdict
from frontsim.verification.judge.checks import receiver_contract
from frontsim.verification.played import Report

CONTRACT = receiver_contract()


def test_an_interrupted_run_is_not_verified(report):
    """What was not played is not passed; a violation that was found stands."""
    right = [each for each in report.played if each.judgement.verdict is Verdict.VERIFIED]
    assert Report("http://shop", 1, right, CONTRACT).verdict is Verdict.VERIFIED
    assert Report("http://shop", 1, right, CONTRACT, interrupted=True).verdict is Verdict.UNKNOWN
    assert Report("http://shop", 1, report.played, CONTRACT, interrupted=True).verdict is Verdict.VIOLATED
