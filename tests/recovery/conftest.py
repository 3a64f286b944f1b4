"""Wiring: how the jobs start."""

import pytest

from frontsim.hosting import user_program
from tests.support.forked import session


@pytest.fixture
def forked_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    """`frontsim job` and `frontsim reconcile`, as jobs under test, do not import frontsim again at each start."""
    monkeypatch.setattr(user_program, "SessionProcess", session)
