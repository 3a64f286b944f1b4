"""Every job that is broken on purpose is registered, and says what must find it."""

import inspect

import pytest

from frontsim.errors import BadInput
from frontsim.recovery import judge
from frontsim.recovery.case import bundled_cases
from frontsim.subjects import broken_jobs, jobs
from frontsim.subjects.broken_jobs import BROKEN_JOBS, CORRECT_JOBS, JobVariant, find
from frontsim.subjects.jobs import Job

CLASSES = frozenset[str]().union(*(clause.classes for clause in judge.job_contract()))


def jobs_in(module: object) -> set[object]:
    found = vars(module).values()
    return {each for each in found if inspect.isclass(each) and issubclass(each, Job)} - {Job}


def test_every_job_is_registered_once() -> None:
    assert jobs_in(broken_jobs) == {each.make for each in BROKEN_JOBS.values()}
    assert jobs_in(jobs) | {Job} == {each.make for each in CORRECT_JOBS.values()}
    assert len(BROKEN_JOBS) == len(jobs_in(broken_jobs))


@pytest.mark.parametrize("variant", BROKEN_JOBS.values(), ids=BROKEN_JOBS)
def test_what_must_find_it_exists(variant: JobVariant) -> None:
    """A class of finding that a clause has, and cases; its name is no right job's."""
    assert variant.expected in CLASSES
    assert variant.cases
    assert set(variant.cases) <= {case.name for case in bundled_cases()}
    assert variant.name not in CORRECT_JOBS


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    assert CORRECT_JOBS["simple"] is find("simple")
    with pytest.raises(BadInput, match="did you mean 'window-gap'"):
        find("window-gaps")
