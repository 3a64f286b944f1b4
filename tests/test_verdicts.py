import pytest

from frontsim.verdicts import Verdict, overall


@pytest.mark.parametrize(
    ("verdicts", "strict", "expected"),
    [
        (["verified", "verified"], False, "verified"),
        (["verified", "skipped"], False, "verified"),
        (["verified", "skipped"], True, "unknown"),
        (["verified", "notApplicable"], True, "verified"),
        (["notApplicable"], False, "unknown"),
        (["verified", "unknown"], False, "unknown"),
        (["unknown", "violated"], False, "violated"),
        (["skipped"], False, "unknown"),
        ([], False, "unknown"),
    ],
)
def test_several_verdicts_make_one(verdicts, strict, expected):
    """One violation is enough, one gap leaves it unknown, nothing at all proves nothing; strict counts the skipped."""
    assert Verdict(expected) is overall([Verdict(each) for each in verdicts], strict=strict)
