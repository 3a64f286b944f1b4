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

The file's name is the scenario's name. Optional keys at the top: `order` (the place in a whole run) and `webhooks` (how
many for each type; 1). Every scenario starts with one clean event that must be seen once. Every scenario ends the same
way: faults end, a clean event proves that the receiver lives, the list -> resend job runs until nothing is left, the
effects settle, and only then are they judged.

The reader refuses a file with a mistake: a scenario that stops half way, or does nothing, would look like a verdict on
the receiver.
"""

import dataclasses
import json
import math
import tomllib
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from frontsim import bundled
from frontsim.errors import BadInput, Unusable
from frontsim.near import near
from frontsim.verification.scenario.steps import (
    ACTING_STEPS,
    BOUNDS,
    PROCESS_CONTROL,
    STEPS,
    Raise,
    Step,
    contradiction,
)

_TOP = {"breaks": str, "holds": str, "order": int, "webhooks": int, "step": list}
_WORDS: Mapping[Any, str] = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    list: "a list of texts",
    dict: "a table",
}


@dataclass(frozen=True, slots=True)
class Scenario:
    """A scripted outage. `webhooks` is the number of webhooks for each event type, `file` where it was read from."""

    name: str
    breaks: str
    holds: str
    steps: tuple[Step, ...]
    order: int = 1000
    webhooks: int = 1
    file: str = ""

    @property
    def needs_process_control(self) -> bool:
        """Whether it kills the receiver."""
        return any(isinstance(step, PROCESS_CONTROL) for step in self.steps)

    @property
    def checks_broken_bodies(self) -> bool:
        """Whether it reads effects before the sound resends."""
        return any(isinstance(step, Raise) and step.expect == "refused" for step in self.steps)


def bundled_scenarios() -> list[Scenario]:
    """The scenarios that come with frontsim, in the order of a whole run."""
    files = sorted(bundled.folder("scenarios").glob("*.toml"))
    return sorted((read(file) for file in files), key=lambda scenario: (scenario.order, scenario.name))


def chosen(names: Iterable[str]) -> list[Scenario]:
    """The scenarios of those names, or files when a name ends in `.toml`; all bundled ones when there are no names.

    Raises:
        BadInput: no such scenario; the text lists all.
    """
    known = bundled_scenarios()
    by_name = {scenario.name: scenario for scenario in known}
    found = []
    for name in names:
        if name.endswith(".toml"):
            found.append(read(Path(name)))
        elif name in by_name:
            found.append(by_name[name])
        else:
            hint = near(name, by_name)
            raise BadInput(f"expected a scenario ({', '.join(by_name)}) or a .toml file, got {name!r}{hint}")
    return found or known


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
    try:
        document = tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise Unusable(f"{file}: expected a scenario that can be read, got {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Unusable(f"{file}: expected TOML, got {error}") from None
    return _scenario(file, document)


def _scenario(file: Path, document: Mapping[str, Any]) -> Scenario:
    for key, value in document.items():
        if key not in _TOP:
            raise Unusable(f"{file}: expected one of the keys {', '.join(_TOP)}, got {key!r}")
        if key == "step" and not isinstance(value, list):
            raise Unusable(f"{file}: step: expected [[step]], a table for each step, got {value!r}")
        _check_type(f"{file}: {key}", value, _TOP[key])
    if list(document)[:2] != ["breaks", "holds"]:
        got = ", ".join(list(document)[:2])
        raise Unusable(f"{file}: expected the two sentences breaks = ... and holds = ... first, got {got}")
    for key in ("breaks", "holds"):
        if not document[key].strip().endswith("."):
            raise Unusable(
                f"{file}: {key}: expected a plain sentence that ends with a full stop, got {document[key]!r}"
            )
    webhooks = document.get("webhooks", 1)
    if not 1 <= webhooks <= 10:
        raise Unusable(f"{file}: webhooks: expected 1 to 10, got {webhooks}")
    steps = _steps(file, document.get("step", []))
    order = document.get("order", 1000)
    return Scenario(file.stem, document["breaks"], document["holds"], steps, order, webhooks, str(file))


def _steps(file: Path, items: list[object]) -> tuple[Step, ...]:
    steps = tuple(_step(f"{file}: step {number}", item) for number, item in enumerate(items, 1))
    if not any(isinstance(step, ACTING_STEPS) for step in steps):
        raise Unusable(f"{file}: step: expected a [[step]] that raises, resends, crashes or restarts, got none")
    _check_labels(file, steps)
    return steps


def _step(where: str, item: object) -> Step:
    if not isinstance(item, dict):
        raise Unusable(f"{where}: expected a table, got {item!r}")
    do = item.get("do")
    kind = STEPS.get(do) if isinstance(do, str) else None
    if kind is None:
        raise Unusable(f"{where}: do: expected one of {', '.join(STEPS)}, got {do!r}")
    fields = {each.name: each for each in dataclasses.fields(kind)}
    hints = typing.get_type_hints(kind)
    values: dict[str, Any] = {}
    for key, value in item.items():
        if key == "do":
            continue
        if key not in fields:
            raise Unusable(f"{where} ({do}): expected one of the keys {', '.join(fields) or '(none)'}, got {key!r}")
        bounds = fields[key].metadata.get(BOUNDS, (0, math.inf))
        values[key] = _value(f"{where} ({do}).{key}", value, hints[key], bounds)
    missing = [each.name for each in fields.values() if _is_required(each) and each.name not in values]
    if missing:
        raise Unusable(f"{where} ({do}): expected the key {missing[0]!r}, got none")
    step = kind(**values)
    if found := contradiction(step):
        raise Unusable(f"{where} ({do}).{found}")
    return step


def _is_required(each: "dataclasses.Field[Any]") -> bool:
    return each.default is dataclasses.MISSING and each.default_factory is dataclasses.MISSING


def _value(where: str, value: Any, hint: Any, bounds: tuple[float, float]) -> Any:
    """The value as the field's type, checked."""
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        try:
            return hint(value)
        except ValueError:
            raise Unusable(f"{where}: expected one of {', '.join(hint)}, got {value!r}") from None
    if isinstance(hint, types.UnionType):  # events: a list of types, or a word
        if value and isinstance(value, list):
            return _value(where, value, list[str], bounds)
        if value not in ("all", "some"):
            raise Unusable(f'{where}: expected "all", "some" or a list of event types, got {value!r}')
        return value
    origin = typing.get_origin(hint) or hint
    kind = dict if origin not in _WORDS else origin
    _check_type(where, value, kind)
    if kind is list and not all(isinstance(each, str) for each in value):
        raise Unusable(f"{where}: expected {_WORDS[list]}, got {value!r}")
    if kind in (int, float) and not bounds[0] <= value <= min(bounds[1], 2**53):
        most = "or more" if math.isinf(bounds[1]) else f"to {bounds[1]}"
        raise Unusable(f"{where}: expected {bounds[0]} {most}, got {value}")
    if kind is dict:
        _check_entries(where, value, typing.get_args(hint)[1])
    return value


def _check_entries(where: str, table: Mapping[str, Any], hint: Any) -> None:
    """Check the values of a table: the type that the field declares, or any JSON value."""
    for key, value in table.items():
        if hint is not Any:
            _value(f"{where}.{key}", value, hint, (0, math.inf))
        try:
            json.dumps(value, allow_nan=False)
        except (TypeError, ValueError):
            story = "expected what JSON can hold (a date stands in quotes)"
            raise Unusable(f"{where}.{key}: {story}, got {value!r}") from None


def _check_type(where: str, value: object, kind: type) -> None:
    fits = isinstance(value, int | float) if kind is float else isinstance(value, kind)
    if not fits or (isinstance(value, bool) and kind is not bool):
        raise Unusable(f"{where}: expected {_WORDS[kind]}, got {value!r}")


def _check_labels(file: Path, steps: Iterable[Step]) -> None:
    """A step names only labels of steps before it."""
    known: set[str] = set()
    for number, step in enumerate(steps, 1):
        used = [(name, getattr(step, name)) for name in ("same_as", "older_than") if isinstance(step, Raise)] or [
            ("label", getattr(step, "label", ""))
        ]
        for name, label in used:
            if label and label not in known:
                raise Unusable(f"{file}: step {number}.{name}: expected the label of an earlier step, got {label!r}")
        if isinstance(step, Raise) and step.label:
            known.add(step.label)
