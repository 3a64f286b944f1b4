"""The scenario format: a TOML file that begins with two plain sentences, then steps.

    breaks = "The receiver is down for a moment and refuses every connection."
    holds = "After the list -> resend job each event is booked exactly once."

    [[step]]
    do = "fault"
    fault = "refuse"

    [[step]]
    do = "raise"
    events = "some"
    count = 5

The file's name is the scenario's name. Optional keys at the top: `order` (the place in a whole run), `webhooks` (how
many for each type; 1) and `levels` (true: it is about the levels that the receiver keeps, and needs
`--observe-state`). Every scenario starts with one clean event that must be seen once. Every scenario ends the same way:
faults end, a clean event proves that the receiver lives, the list -> resend job runs until nothing is left, the effects
settle, and only then are they judged.

The reader refuses a file with a mistake: a scenario that stops half way, or does nothing, would look like a verdict on
the receiver.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from frontsim import bundled
from frontsim.errors import BadInput, Unusable
from frontsim.user_input.fields import Fields
from frontsim.user_input.near import not_among
from frontsim.user_input.toml_file import read_toml
from frontsim.verification.scenario.step_reader import read_steps
from frontsim.verification.scenario.steps import (
    ACTING_STEPS,
    ON_DEPENDENCIES,
    PROCESS_CONTROL,
    STEPS,
    AtBoundaries,
    BoundaryAct,
    BreakDependency,
    InjectFault,
    Raise,
    Step,
    WaitForEnd,
)

_MANY = 50
"""Events of a type that take a while to be sent, and as long to be resent."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A scripted outage. `webhooks` is the number of webhooks for each event type, `file` where it was read from."""

    name: str
    breaks: str
    holds: str
    steps: tuple[Step, ...]
    order: int = 1000
    webhooks: int = 1
    needs_state: bool = False
    file: str = ""

    @property
    def needs_process_control(self) -> bool:
        """Whether it kills the receiver."""
        return any(
            isinstance(step, PROCESS_CONTROL) or (isinstance(step, AtBoundaries) and step.act is BoundaryAct.KILL)
            for step in self.steps
        )

    @property
    def needs_dependency(self) -> bool:
        """Whether it breaks a dependency of the receiver."""
        return any(isinstance(step, ON_DEPENDENCIES) for step in self.steps)

    @property
    def needs_sink(self) -> bool:
        """Whether it breaks the receiver's calls to a sink that stands for its shop or ERP."""
        return any(isinstance(step, InjectFault) and step.on_sink for step in self.steps)

    @property
    def needs(self) -> tuple[str, ...]:
        """The options without which it is skipped."""
        needed = {
            "--receiver-cmd": self.needs_process_control,
            "--dependency": self.needs_dependency,
            "--observe-sink": self.needs_sink,
            "--observe-state": self.needs_state,
        }
        return tuple(option for option, is_needed in needed.items() if is_needed)

    @property
    def named_dependencies(self) -> frozenset[str]:
        """The dependencies that steps name."""
        named = (step.dependency for step in self.steps if isinstance(step, BreakDependency))
        return frozenset(filter(None, named))

    @property
    def waits_for_the_end(self) -> bool:
        """Whether it begins early and ends when all others are played."""
        return any(isinstance(step, WaitForEnd) for step in self.steps)

    @property
    def checks_broken_bodies(self) -> bool:
        """Whether it reads effects before the sound resends."""
        return any(isinstance(step, Raise) and step.expect == "refused" for step in self.steps)

    @property
    def takes_long(self) -> bool:
        """Whether it raises many events or large ones, or waits for an API that fails."""
        raises = [step for step in self.steps if isinstance(step, Raise)]
        faults = [step for step in self.steps if isinstance(step, InjectFault)]
        return any(step.count >= _MANY or step.grow for step in raises) or any(step.on_api for step in faults)


@cache
def bundled_scenarios() -> tuple[Scenario, ...]:
    """The scenarios that come with frontsim, in the order of a whole run."""
    scenarios = map(read, bundled.folder("scenarios").glob("*.toml"))
    return tuple(sorted(scenarios, key=lambda scenario: (scenario.order, scenario.name)))


def chosen(names: Iterable[str]) -> list[Scenario]:
    """The scenarios of those names, or files when a name ends in `.toml`; all bundled ones when there are no names.

    Raises:
        BadInput: no such scenario; the text lists all.
    """
    by_name = {scenario.name: scenario for scenario in bundled_scenarios()}
    found = []
    for name in names:
        if name.endswith(".toml"):
            found.append(read(Path(name)))
        elif name in by_name:
            found.append(by_name[name])
        else:
            raise BadInput(not_among(by_name, name, expected="a scenario or a .toml file"))
    return found or list(by_name.values())


def refuse_mismatches(scenarios: Iterable[Scenario], mismatch: Callable[[Step], str]) -> None:
    """Refuse steps that do not fit the event types: `mismatch` says which key and why, "" for one that fits.

    Raises:
        Unusable: names the file, the step and the key.
    """
    for each in scenarios:
        for step in each.steps:
            if found := mismatch(step):
                raise Unusable(f"{place(each, step)}.{found}")


def place(scenario: Scenario, step: Step) -> str:
    """Where a step is, for messages: `mine.toml: step 3 (raise)`."""
    number = next(number for number, each in enumerate(scenario.steps, 1) if each is step)
    do = next(do for do, kind in STEPS.items() if isinstance(step, kind))
    return f"{scenario.file or scenario.name}: step {number} ({do})"


def read(file: Path) -> Scenario:
    """One scenario from its file.

    Raises:
        Unusable: the file cannot be read, a key is missing, unknown or not as it must be; names the file and the key.
    """
    return read_toml(file, lambda document: _scenario(file, document), expected="a scenario")


def _scenario(file: Path, document: Mapping[str, Any]) -> Scenario:
    fields = Fields(document)
    fields.only("breaks", "holds", "order", "webhooks", "levels", "step")
    if list(document)[:2] != ["breaks", "holds"]:
        got = ", ".join(list(document)[:2])
        fields.note("", f"expected the two sentences breaks = ... and holds = ... first, got {got}")
    found = Scenario(
        name=file.stem,
        breaks=_sentence(fields, "breaks"),
        holds=_sentence(fields, "holds"),
        order=1000 if (order := fields.whole("order")) is None else order,
        webhooks=fields.whole("webhooks", least=1, most=10) or 1,
        needs_state=fields.flag("levels") or False,
        steps=read_steps(fields),
        file=str(file),
    )
    if not fields.problems and not any(isinstance(step, ACTING_STEPS) for step in found.steps):
        fields.note("step", "expected a [[step]] that raises, resends, crashes or restarts, got none")
    fields.check()
    return found


def _sentence(fields: Fields, name: str) -> str:
    text = fields.text(name, required=True) or ""
    if text and not text.strip().endswith("."):
        fields.refuse(name, "a plain sentence that ends with a full stop")
    return text
