"""The verdict on a receiver or a job: what it can be, how several make one, and the exit code of each."""

from collections.abc import Mapping, Sequence
from enum import StrEnum


class Verdict(StrEnum):
    """What is known after one scenario or case, or after all of them."""

    VERIFIED = "verified"
    VIOLATED = "violated"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"


EXIT_CODES: Mapping[Verdict, int] = {
    Verdict.VERIFIED: 0,
    Verdict.VIOLATED: 1,
    Verdict.UNKNOWN: 2,
    Verdict.SKIPPED: 2,
}


def overall(verdicts: Sequence[Verdict], *, strict: bool = False) -> Verdict:
    """The verdict on everything: one violation is enough, one gap leaves it unknown, and nothing at all proves nothing.

    `strict` makes a skipped scenario or case a gap.
    """
    judged = [Verdict.UNKNOWN if strict and each is Verdict.SKIPPED else each for each in verdicts]
    judged = [each for each in judged if each is not Verdict.SKIPPED]
    if Verdict.VIOLATED in judged:
        return Verdict.VIOLATED
    return Verdict.UNKNOWN if Verdict.UNKNOWN in judged or not judged else Verdict.VERIFIED
