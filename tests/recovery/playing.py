"""Plays cases against a job, each with a simulator of its own."""

from collections.abc import Sequence

from frontsim.recovery.case import Case, chosen
from frontsim.recovery.play import JobSetup
from frontsim.recovery.run import run
from frontsim.verdicts import Verdict

TELLING = (
    *("api-404-one-webhook", "api-429", "api-500", "api-garbage", "api-reset", "between-two-starts", "every-webhook"),
    *("just-failed", "killed-midway", "lost-resend-answer", "never-succeeds", "receiver-still-down", "repeated-hour"),
    *("resend-not-made", "status-null", "still-pending", "two-at-once"),
)
"""Cases in which right jobs differ; `make matrix` plays all."""


def played(job: str, cases: list[Case], *, limit_s: float = 600.0, at_once: int = 2):
    """Play the cases. The limit only keeps what hangs from hanging: a busy machine plays long lists slowly."""
    return run(JobSetup(job, limit_s), cases, seed=7, at_once=at_once).played


def assert_all_verified(job: str, names: Sequence[str] = TELLING, *, at_once: int = 4) -> None:
    found = {each.case.name: each.judgement for each in played(job, chosen(names), at_once=at_once)}
    wrong = {name: told for name, told in found.items() if told.verdict not in (Verdict.VERIFIED, Verdict.SKIPPED)}
    assert {} == wrong
