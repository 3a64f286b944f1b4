"""Every job that is broken on purpose is registered, and says what must find it."""

import inspect

import pytest

from frontsim.errors import BadInput
from frontsim.jobs import broken, right
from frontsim.jobs.job import Job
from frontsim.jobs.registry import BROKEN, CORRECT, JobVariant, find
from frontsim.recovery import clauses
from frontsim.recovery.case import bundled_cases

CLASSES = frozenset[str]().union(*(clause.classes for clause in clauses.load()))


def jobs_in(module: object) -> set[object]:
    found = vars(module).values()
    return {each for each in found if inspect.isclass(each) and issubclass(each, Job)} - {Job}


def test_every_job_is_registered_once() -> None:
    assert jobs_in(broken) == {each.make for each in BROKEN.values()}
    assert jobs_in(right) | {Job} == {each.make for each in CORRECT.values()}
    assert len(BROKEN) == len(jobs_in(broken))


@pytest.mark.parametrize("variant", BROKEN.values(), ids=BROKEN)
def test_what_must_find_it_exists(variant: JobVariant) -> None:
    """A class of finding that a clause has, and cases; its name is no right job's."""
    assert variant.expected in CLASSES
    assert variant.cases
    assert set(variant.cases) <= {case.name for case in bundled_cases()}
    assert variant.name not in CORRECT


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    assert CORRECT["simple"] is find("simple")
    with pytest.raises(BadInput, match="did you mean 'window-gap'"):
        find("window-gaps")
