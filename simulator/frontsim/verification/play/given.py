"""What the user gave a run to work with, and why a scenario that needs more is not played."""

from typing import Protocol

from frontsim.hosting.user_program import ReceiverProcess
from frontsim.verification.compare.state_reader import RunState
from frontsim.verification.dependency.proxies import Dependencies
from frontsim.verification.scenario.scenario import Scenario
from frontsim.verification.scenario.selection import Selection
from frontsim.verification.scenario.steps import EVENTFUL


class Given(Protocol):
    """The part of the user's input that scenarios depend on. A harness has it, too."""

    @property
    def process(self) -> ReceiverProcess | None:
        """Runs the receiver."""

    @property
    def dependencies(self) -> Dependencies | None:
        """Of the receiver."""

    @property
    def sink(self) -> str:
        """Its name, "" for none."""

    @property
    def state(self) -> RunState | None:
        """The levels and customers that the receiver keeps."""

    @property
    def selection(self) -> Selection:
        """The event types of the run."""


def skip_reason(scenario: Scenario, given: Given) -> str:
    """Why the given input does not suffice for a scenario; "" if it does."""
    if scenario.needs_process_control and given.process is None:
        return "it kills and restarts the receiver, which needs --receiver-cmd"
    if scenario.needs_dependency and (reason := _unnamed_dependency(scenario, given)):
        return reason
    if scenario.needs_sink and not given.sink:
        return "it breaks the sink in place of the receiver's shop or ERP, which needs --observe-sink"
    if scenario.needs_state and given.state is None:
        return "it checks the stock levels that the receiver keeps, which needs --observe-state"
    if scenario.needs_state and given.state and given.state.shape is None and given.state.customers:
        return "it checks the stock levels that the receiver keeps, and --observe-state shows only customers"
    raising = [step.events for step in scenario.steps if isinstance(step, EVENTFUL)]
    if not raising or any(given.selection.types(events) for events in raising):
        return ""
    missing = [name for events in raising for name in given.selection.missing(events)]
    return f"it needs {' or '.join(dict.fromkeys(missing))}, which --events leaves out"


def _unnamed_dependency(scenario: Scenario, given: Given) -> str:
    known = given.dependencies.names if given.dependencies else ()
    if not known:
        return "it breaks the receiver's database, broker or API, which needs --dependency NAME=HOST:PORT"
    missing = sorted(scenario.named_dependencies - set(known))
    return f"it needs --dependency {missing[0]}=HOST:PORT" if missing else ""
