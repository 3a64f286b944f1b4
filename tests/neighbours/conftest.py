"""Wiring: one simulator for all tests of a module, started afresh for each, and a recording receiver."""

import pytest

from tests.neighbours.shopping import Shopping
from tests.support.fixtures import receiver, shared_sim, sim
from tests.support.simulation import Simulation

__all__ = ["receiver", "shared_sim", "sim"]


@pytest.fixture
def shop(sim: Simulation) -> Shopping:
    return Shopping(sim)
