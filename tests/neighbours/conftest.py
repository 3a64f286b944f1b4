"""Wiring: one simulator for all tests of a module, started afresh for each, and a recording receiver."""

from tests.support.fixtures import receiver, shared_sim, sim

__all__ = ["receiver", "shared_sim", "sim"]
