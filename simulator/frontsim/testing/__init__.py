"""The Python API for tests: your own simulator, for pytest (the fixture `front`) or without it."""

from frontsim.testing.front import (
    AsyncFront,
    Event,
    Front,
    InjectedFault,
    Reconciled,
    SimulatorClock,
    Sink,
    Subscription,
    TriggeredEvents,
    async_simulator,
    simulator,
)
from frontsim.testing.verifying import Verification, explore, verify, verify_recovery

__all__ = [
    "AsyncFront",
    "Event",
    "Front",
    "InjectedFault",
    "Reconciled",
    "SimulatorClock",
    "Sink",
    "Subscription",
    "TriggeredEvents",
    "Verification",
    "async_simulator",
    "explore",
    "simulator",
    "verify",
    "verify_recovery",
]
