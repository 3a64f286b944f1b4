"""The fixtures of tests that talk to a simulator on a real socket: a conftest imports those that its tests ask for."""

from collections.abc import Iterator

import pytest

from tests.support.recorder import Recorder
from tests.support.simulation import Simulation, simulation


@pytest.fixture(scope="module")
def shared_sim() -> Iterator[Simulation]:
    """One for all tests of a module."""
    with simulation() as sim:
        yield sim


@pytest.fixture
def sim(shared_sim: Simulation) -> Simulation:
    """A simulator that knows nothing yet."""
    shared_sim.does("reset")
    return shared_sim


@pytest.fixture
def receiver() -> Iterator[Recorder]:
    """A receiver that records, and answers 200 until it is told otherwise."""
    with Recorder() as recorder:
        yield recorder
