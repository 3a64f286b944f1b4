"""Wiring: the simulator and the recording receiver of the API's tests, for bodies that arrive over HTTP."""

from tests.support.fixtures import receiver, shared_sim, sim

__all__ = ["receiver", "shared_sim", "sim"]
