"""The scenario format: read step by step, contradictions refused.

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
many for each type; 1), `levels` (true: it is about the levels that the receiver keeps, and needs `--observe-state`) and
`calls` (true: it is about the receiver's calls of the API, and not applicable to one that makes none). Every scenario
starts with one clean event that must be seen once. Every scenario ends the same way: faults end, a clean event proves
that the receiver lives, the list -> resend job runs until nothing is left, the effects settle, and only then are they
judged.

The reader refuses a file with a mistake: a scenario that stops half way, or does nothing, would look like a verdict on
the receiver.
"""

import dataclasses
import json
import math
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from frontsim import bundled
from frontsim.clock import WireTime
from frontsim.domain.fault_rules import read_rule
from frontsim.domain.faults import SINK
from frontsim.errors import BadInput, Unusable
from frontsim.user_input.configuration import Configuration, in_folder_of, read_toml
from frontsim.user_input.fields import Fields
from frontsim.verification.dependency.breakage import DependencyFault
from frontsim.verification.scenario.steps import (
    ACTING_STEPS,
    BOUNDS,
    JOB_CALLS,
    ON_DEPENDENCIES,
    PROCESS_CONTROL,
    STEPS,
    AtBoundaries,
    BoundaryAct,
    BreakDependency,
    Crash,
    CrashPoint,
    Echoes,
    InjectFault,
    Raise,
    Step,
    WaitForEnd,
)
from frontsim.wording import not_among

_TIME = WireTime(ZoneInfo("UTC"))  # dates in a rule are only checked here, not used


def contradiction(step: Step) -> str:
    """Which key of a step does not fit the others, as `key: expected ..., got ...`; "" when all fit."""
    if isinstance(step, InjectFault):
        return _of_fault(step)
    if isinstance(step, BreakDependency):
        return _of_dependency(step)
    if isinstance(step, Crash):
        return _of_crash(step)
    return _of_raise(step) if isinstance(step, Raise) else ""


def _of_fault(step: InjectFault) -> str:
    rule = {name: getattr(step, name) for name in ("fault", "match", "probability", "params")}
    try:
        read_rule({**rule, "times": step.times or None}, _TIME, known=_KNOWN)
    except BadInput as error:
        return "; ".join(f"{name}: {text}" for name, texts in error.fields.items() for text in texts)
    if step.on_api and step.tolerable:
        return f"tolerable: expected none, got true: {step.fault} breaks calls of the API, which no receiver sees"
    return ""


def _of_dependency(step: BreakDependency) -> str:
    if step.delay_ms and step.fault is not DependencyFault.SLOW:
        return f"delay_ms: expected none beside {step.fault}, got {step.delay_ms}"
    if step.fault is DependencyFault.SLOW and not step.delay_ms:
        return "delay_ms: expected milliseconds beside slow, got none"
    if step.after and step.fault in (DependencyFault.DOWN, DependencyFault.STALL, DependencyFault.SLOW):
        return f"after: expected none beside {step.fault}, got {step.after}"
    return ""


def _of_crash(step: Crash) -> str:
    given = {name: getattr(step, name) for name in ("near_the_effect", "of_answer_time", "after_ms")}
    named = [name for name, value in given.items() if value]
    if step.at is not CrashPoint.WHOLE_BODY and named not in ([], ["after_ms"]):
        return f"{named[0]}: expected none beside {step.at}, got {given[named[0]]:g}"
    return f"{named[1]}: expected none beside {named[0]}, got {given[named[1]]:g}" if len(named) > 1 else ""


def _job_call(name: str) -> str:
    for known in (*JOB_CALLS, SINK):
        if name.lower() == known.lower():
            return known
    raise BadInput(
        f"expected {' or '.join(JOB_CALLS)}, what a scenario lists and resends through, or {SINK}, got {name[:64]!r}"
    )


def _no_webhook_id(_: str) -> str:
    raise BadInput("expected event or url instead: a webhook has its id only when the scenario is played")


_KNOWN = {"operation": _job_call, "webhookId": _no_webhook_id}
"""A rule of a scenario may name these, beyond what any rule may."""


def _of_raise(step: Raise) -> str:
    if not step.same_as:
        alone = [key for key in ("keep", "older_than", "newer_than") if getattr(step, key)]
        return f"{alone[0]}: expected same_as beside it, got none" if alone else ""
    if not step.keep:
        return "same_as: expected keep beside it, the paths that stay the same, got none"
    for key in ("older_than", "newer_than"):
        if (label := getattr(step, key)) not in ("", step.same_as):
            return f"{key}: expected {step.same_as!r} as in same_as, got {label!r}"
    if step.older_than and step.newer_than:
        return "newer_than: expected none beside older_than, got both"
    if step.grow:
        return "grow: expected none beside same_as, which takes the earlier event's values"
    return ""


_LARGEST = 1_000_000_000
"""A number without an upper bound may be as large as this."""
_EVENTS = '"all", "some", "one" or a list of event types'


def read_steps(fields: Fields) -> tuple[Step, ...]:
    """The steps under `step`. What is wrong is noted with `fields`."""
    value = fields.raw("step")
    if value is None:
        return ()
    if not isinstance(value, list):
        fields.refuse("step", "[[step]], a table for each step")
        return ()
    found = [_step(number, item, fields.problems) for number, item in enumerate(value, 1)]
    steps = tuple(step for step in found if step is not None)
    if not fields.problems:
        _check_labels(steps, fields)
    return steps


def _step(number: int, item: object, problems: dict[str, list[str]]) -> Step | None:
    fields = Fields(item if isinstance(item, dict) else {}, at=f"step {number}", problems=problems)
    if not isinstance(item, dict):
        fields.note("", f"expected a table, got {item!r}")
        return None
    do = fields.choice("do", STEPS, required=True)
    return _step_of(STEPS[do], Fields(item, at=f"step {number} ({do})", problems=problems)) if do else None


def _step_of(kind: type[Step], fields: Fields) -> Step | None:
    """The step, or None where one of its keys is wrong."""
    declared, hints = dataclasses.fields(kind), typing.get_type_hints(kind)
    before = len(fields.problems)
    fields.only("do", *(each.name for each in declared))
    values = {each.name: _value(fields, each, hints[each.name]) for each in declared if fields.has(each.name)}
    for each in declared:
        if each.name not in values and each.default is each.default_factory is dataclasses.MISSING:
            fields.refuse(each.name, "a value")
    if len(fields.problems) > before:
        return None
    step = kind(**values)
    if found := contradiction(step):
        name, _, text = found.partition(": ")
        fields.note(name, text)
    return step


def _value(fields: Fields, declared: "dataclasses.Field[Any]", hint: Any) -> Any:
    """The value as the key's type; None, with a note, where it is none."""
    name = declared.name
    least, most = declared.metadata.get(BOUNDS, (0, math.inf))
    if isinstance(hint, types.UnionType):
        return _events(fields, name)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        word = fields.choice(name, list(hint), required=True)
        return hint(word) if word else None
    match typing.get_origin(hint) or hint:
        case kind if kind is int:
            return fields.whole(name, least=least, most=min(most, _LARGEST))
        case kind if kind is float:
            return fields.number(name, least=least, most=most if math.isfinite(most) else _LARGEST)
        case kind if kind is bool:
            return fields.flag(name)
        case kind if kind is str:
            return fields.text(name, blank=True)
        case kind if kind is list:
            return _texts(fields, name)
        case _:
            return _table(fields, name, typing.get_args(hint)[1])


def _events(fields: Fields, name: str) -> str | list[str] | None:
    """A list of types, or a word."""
    value = fields.raw(name)
    if value and isinstance(value, list):
        return _texts(fields, name)
    if value in ("all", "some", "one"):
        return str(value)
    fields.refuse(name, _EVENTS)
    return None


def _texts(fields: Fields, name: str) -> list[str] | None:
    value = fields.items(name, "a list of texts")
    if value is not None and not all(isinstance(each, str) for each in value):
        fields.refuse(name, "a list of texts")
    return value


def _table(fields: Fields, name: str, hint: Any) -> Mapping[str, Any] | None:
    """A table: its values are whole numbers where the key says so, or anything that JSON can hold."""
    table = fields.mapping(name)
    inner = fields.within(name)
    for key, value in (table or {}).items():
        if hint is int:
            inner.whole(key, least=0, most=_LARGEST)
        elif not _is_json(value):
            inner.note(key, f"expected what JSON can hold (a date stands in quotes), got {value!r}")
    return table


def _is_json(value: object) -> bool:
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        return False
    return True


def _check_labels(steps: Iterable[Step], fields: Fields) -> None:
    """A step names only labels of steps before it."""
    known: set[str] = set()
    for number, step in enumerate(steps, 1):
        names = ("same_as", "older_than", "newer_than") if isinstance(step, Raise) else ("label",)
        for name in names:
            label = getattr(step, name, "")
            if label and label not in known:
                fields.note(f"step {number}.{name}", f"expected the label of an earlier step, got {label!r}")
        if isinstance(step, Raise) and step.label:
            known.add(step.label)


_MANY = 50
"""Events of a type that take a while to be sent, and as long to be resent."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A scripted outage. `webhooks` is the number of webhooks for each event type, `file` where it was read from.

    One that is `about_calls` breaks the receiver's calls of the API.
    """

    name: str
    breaks: str
    holds: str
    steps: tuple[Step, ...]
    order: int = 1000
    webhooks: int = 1
    needs_state: bool = False
    about_calls: bool = False
    file: str = ""

    @property
    def needs_process_control(self) -> bool:
        """The scenario kills the receiver."""
        return any(
            isinstance(step, PROCESS_CONTROL) or (isinstance(step, AtBoundaries) and step.act is BoundaryAct.KILL)
            for step in self.steps
        )

    @property
    def needs_dependency(self) -> bool:
        """The scenario breaks a dependency of the receiver."""
        return any(isinstance(step, ON_DEPENDENCIES) for step in self.steps)

    @property
    def needs_sink(self) -> bool:
        """The scenario breaks the receiver's calls to a sink that stands for its shop or ERP."""
        return any(isinstance(step, InjectFault) and step.on_sink for step in self.steps)

    @property
    def holds_echoes(self) -> bool:
        """First deliveries are held back, so that what the receiver's writes raise comes round by round."""
        return any(isinstance(step, Echoes) for step in self.steps)

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
        """The scenario begins early and ends when all others are played."""
        return any(isinstance(step, WaitForEnd) for step in self.steps)

    @property
    def checks_broken_bodies(self) -> bool:
        """The scenario reads effects before the sound resends."""
        return any(isinstance(step, Raise) and step.expect == "refused" for step in self.steps)

    @property
    def takes_long(self) -> bool:
        """The scenario raises many events or large ones, or waits for an API that fails."""
        raises = [step for step in self.steps if isinstance(step, Raise)]
        faults = [step for step in self.steps if isinstance(step, InjectFault)]
        return any(step.count >= _MANY or step.grow for step in raises) or any(step.on_api for step in faults)


@cache
def bundled_scenarios() -> tuple[Scenario, ...]:
    """The scenarios that come with frontsim, in the order of a whole run."""
    scenarios = map(read, bundled.folder("scenarios").glob("*.toml"))
    return tuple(sorted(scenarios, key=lambda scenario: (scenario.order, scenario.name)))


SCENARIOS = "scenarios"
"""The key of the configuration file that names scenario files: the one key that is no option."""


def configured_scenarios(configuration: Configuration) -> list[Scenario]:
    """The scenarios that a configuration file adds to the bundled ones, in its order.

    Raises:
        BadInput: the key is no list of files, or a file has the name of another scenario.
        Unusable: a file cannot be read, or has a mistake.
    """
    files = configuration.for_command("verify").get(SCENARIOS, [])
    if not isinstance(files, list) or not all(isinstance(each, str) for each in files):
        raise BadInput(f"{configuration.file}: {SCENARIOS}: expected a list of scenario files, got {files!r}")
    found = [read(in_folder_of(configuration, each)) for each in files]
    names = [each.name for each in (*bundled_scenarios(), *found)]
    if twice := next((name for name in names if names.count(name) > 1), ""):
        raise BadInput(f"{configuration.file}: {SCENARIOS}: expected each scenario's name once, got {twice} twice")
    return found


def chosen(names: Iterable[str], configured: Sequence[Scenario] = ()) -> list[Scenario]:
    """The scenarios of those names, or files when a name ends in `.toml`; without names, all that are known.

    Args:
        names: of bundled or configured scenarios, or files.
        configured: those that the configuration file adds.

    Raises:
        BadInput: no such scenario; the text lists all.
    """
    by_name = {scenario.name: scenario for scenario in (*bundled_scenarios(), *configured)}
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
    fields.only("breaks", "holds", "order", "webhooks", "levels", "calls", "step")
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
        about_calls=fields.flag("calls") or False,
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
