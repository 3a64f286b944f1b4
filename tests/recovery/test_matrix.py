"""Real jobs as separate processes: each broken one must show its class, the right one must never be accused."""

import sys
from pathlib import Path

import pytest

from frontsim.hosting.user_program import faketime_library
from frontsim.recovery.case import Case, CaseStart, PastGroup, bundled_cases, chosen
from frontsim.subjects.broken_jobs import BROKEN_JOBS, CORRECT_JOBS
from frontsim.verdicts import Verdict
from tests.recovery.examples import EXAMPLES, command_of
from tests.recovery.playing import assert_all_verified, played

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("forked_jobs")]

FRONTSIM = f"{sys.executable} -m frontsim"
OF_RESENDING = (
    *("api-429", "killed-midway", "lost-resend-answer", "never-succeeds", "receiver-still-down", "resend-not-made"),
    *("still-pending", "two-at-once"),
)
OF_LISTING = (
    *("api-404-one-webhook", "api-garbage", "between-two-starts", "every-webhook", "just-failed", "repeated-hour"),
    *("status-null", "still-pending"),
)
OF_EXAMPLES = ("every-webhook", "just-failed", "lost-resend-answer", "status-null")
WAITING = ("api-500", "api-503", "api-hangs", "api-reset", "api-slow", "fails-again", "resend-not-made")
"""Cases in which `frontsim reconcile` waits for seconds, up to half a minute."""
ASKED_TO_WAIT = ("api-429",)
"""Only real waiting respects Retry-After: `make matrix` plays it, and `parallel` here."""


def test_the_right_job_is_verified():
    """A right job is never accused."""
    assert_all_verified(f"{FRONTSIM} job")


@pytest.mark.long
@pytest.mark.parametrize(("name", "cases"), [("parallel", OF_RESENDING), ("filters-itself", OF_LISTING)])
def test_other_right_jobs_are_verified(name, cases):
    """In the cases about what they do in another way."""
    assert_all_verified(f"{FRONTSIM} job --broken {name}", cases)


def test_every_right_job_is_played():
    assert {"simple", "parallel", "filters-itself"} == set(CORRECT_JOBS)


@pytest.mark.long
@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_are_verified(name):
    """The jobs that the documentation shows, in four languages; `make stacks` plays them in more cases."""
    assert_all_verified(command_of(name), OF_EXAMPLES)


@pytest.mark.parametrize(
    "case",
    [each for each in bundled_cases() if each.name not in (*WAITING, *ASKED_TO_WAIT)],
    ids=lambda case: case.name,
)
def test_the_reference_job_is_verified(case):
    """`frontsim reconcile` passes every case."""
    (found,) = played(f"{FRONTSIM} reconcile", [case])
    if found.judgement.verdict is Verdict.SKIPPED:
        pytest.skip(found.judgement.reason)
    assert (Verdict.VERIFIED, "", ()) == (
        found.judgement.verdict, found.judgement.reason, found.judgement.findings
    )  # fmt: skip


@pytest.mark.long
def test_the_reference_job_waits_as_it_must():
    """Its pauses are shorter here; `client/test_reconcile.py` says how long each of them is."""
    hurried = Path(__file__).with_name("hurried_reconcile.py")
    assert_all_verified(f"{sys.executable} {hurried} reconcile", WAITING)


@pytest.mark.parametrize("variant", BROKEN_JOBS.values(), ids=lambda variant: variant.name)
def test_a_broken_job_shows_its_class(variant):
    """In each case that the registry names for it."""
    found = played(f"{FRONTSIM} job --broken {variant.name}", chosen(variant.cases))
    classes = {each.case.name: {finding.class_ for finding in each.judgement.findings} for each in found}
    calls = [(call.start, round(call.began_s, 3), call.status) for each in found for call in each.history.calls]
    assert all(variant.expected in of_case for of_case in classes.values()), (classes, calls)


@pytest.mark.parametrize("variant", BROKEN_JOBS.values(), ids=lambda variant: variant.name)
def test_a_broken_job_passes_where_its_bug_does_not_matter(variant):
    """One plain failure is recovered by every one of them, but for the one that prints its key at once.

    Shortly after midnight the failure is of another day, so a bug about days matters.
    """
    (found,) = played(f"{FRONTSIM} job --broken {variant.name}", chosen(["a-plain-failure"]))
    assert {each.class_ for each in found.judgement.findings} <= {variant.expected}
    assert Verdict.UNKNOWN is not found.judgement.verdict


@pytest.mark.skipif(faketime_library() is None, reason="needs libfaketime")
def test_a_job_whose_clock_cannot_be_moved_is_skipped():
    """As a statically linked one; here the library is taken away before the job starts."""
    (found,) = played(f"env -u LD_PRELOAD {FRONTSIM} job", chosen(["repeated-hour"]))
    assert Verdict.SKIPPED is found.judgement.verdict
    assert "libfaketime moves no clock of a program that is statically linked" in found.judgement.reason


def test_a_job_that_is_killed_leaves_no_process(tmp_path):
    """Its children go with it: a shell that waits for another is no longer there afterwards."""
    note = tmp_path / "pid"
    case = Case("stuck", "A.", "B.", past=(PastGroup(),), starts=(CaseStart(),))
    (found,) = played(f"sh -c 'sleep 600 & echo $! >{note}; wait'", [case], limit_s=1.0)
    assert Verdict.UNKNOWN is found.judgement.verdict
    assert not is_running(int(note.read_text()))


def is_running(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:  # noqa: PTH123 - /proc
            return stat.read().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False
