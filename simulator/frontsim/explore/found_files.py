"""A schedule as text: its story in plain sentences, and the TOML that `verify` reads; what is found is kept so.

    found-7-31.toml        of seed 7, schedule 31. A file's name decides its payloads, so that seed repeats them, too
    found-7-31-2.toml      no file is ever overwritten
    corpus/found-7-31.toml what an earlier run has found is tried first; a file with mistakes is refused by its name

A file that is being shrunk is replaced as a whole, so that Ctrl-C leaves either the long story or the short one.
"""

import dataclasses
import json
import re
from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

from frontsim.errors import FrontsimError, Unusable
from frontsim.files import opened
from frontsim.verification.scenario.scenario import Scenario, read
from frontsim.verification.scenario.steps import (
    STEPS,
    BreakDependency,
    Clear,
    Crash,
    Drain,
    InjectFault,
    Observe,
    Raise,
    Reconcile,
    Resend,
    Restart,
    Step,
    Wait,
)
from frontsim.wording import in_a_row, is_or_are

_LAST = 1000
"""The place of a scenario that names none."""
_BARE = re.compile("[A-Za-z0-9_-]+")
_WORDS = {kind: do for do, kind in STEPS.items()}


def as_toml(schedule: Scenario) -> str:
    """The file of a schedule: reading it gives the same schedule."""
    head: dict[str, Any] = {"breaks": schedule.breaks, "holds": schedule.holds}
    given = {
        "order": (schedule.order, _LAST),
        "webhooks": (schedule.webhooks, 1),
        "levels": (schedule.needs_state, False),
        "calls": (schedule.about_calls, False),
    }
    head |= {name: value for name, (value, usual) in given.items() if value != usual}
    parts = [_keys(head)]
    for step in schedule.steps:
        given = {
            each.name: value
            for each in dataclasses.fields(step)
            if (value := getattr(step, each.name)) != _default(each)
        }
        parts.append("[[step]]\n" + _keys({"do": _WORDS[type(step)], **given}))
    return "\n".join(parts)


def _default(declared: "dataclasses.Field[Any]") -> Any:
    if declared.default_factory is not dataclasses.MISSING:
        return declared.default_factory()
    return declared.default


def _keys(values: Mapping[str, Any]) -> str:
    return "".join(f"{name} = {_value(value)}\n" for name, value in values.items())


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        inner = ", ".join(
            f"{name if _BARE.fullmatch(name) else json.dumps(name)} = {_value(each)}" for name, each in value.items()
        )
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")


_SENT = {
    "refuse": "every connection is refused",
    "answer": "the log says {status}, though nothing was sent",
    "lost-response": "the answers are lost",
    "reset-after-send": "connections are reset after the request",
    "timeout": "the answers count as lost after {afterS} s",
    "false-failure": "the log says {status}, whatever the answer",
    "duplicate": "{copies} copies come with each delivery",
    "delay": "deliveries come {seconds} s late",
    "reorder": "deliveries are overtaken by the next {behind}",
    "slow-body": "bodies come slowly",
    "wrong-content-type": "the content type is wrong",
    "garbage-json": "bodies are not JSON",
    "truncated-json": "bodies are cut short",
    "partial-body": "connections end in the middle of the body",
    "unknown-field": "bodies have unknown fields",
    "null-optional": "all that may be null is null",
    "unknown-event": "the event type is one that is new",
}
_WHOSE = {"run": "first deliveries", "trigger": "resends"}


def story(schedule: Scenario) -> list[str]:
    """A sentence for each step that a reader must know."""
    steps = list(schedule.steps)
    while steps and isinstance(steps[-1], Clear | Drain):
        steps.pop()  # every scenario ends so
    told = [sentence for step in steps if (sentence := _told(step, schedule))]
    told.append(f"At the end {'the fault ends, and ' if _is_broken(steps) else ''}the list -> resend job runs.")
    if schedule.webhooks > 1:
        told.insert(0, f"Each type has {schedule.webhooks} webhooks to the receiver.")
    return told


def _is_broken(steps: Sequence[Step]) -> bool:
    """A fault is on after these steps."""
    marks = [step for step in steps if isinstance(step, InjectFault | BreakDependency | Clear)]
    return bool(marks) and not isinstance(marks[-1], Clear)


def _told(step: Step, schedule: Scenario) -> str:
    match step:
        case Raise():
            number = "One" if step.count == 1 else str(step.count)
            what = f"{number} {in_a_row(step.events)} {is_or_are(step.count)} sent"
            about = _named(step.same_as, schedule)
            return f"{what}, a newer state of what {about} was about." if step.same_as else f"{what}."
        case InjectFault():
            return _told_fault(step)
        case Resend():
            which = _named(step.label, schedule) if step.label else "Everything"
            times = {1: "", 2: " twice", 3: " three times"}.get(step.times, f" {step.times} times")
            return f"{which[0].upper()}{which[1:]} is resent{times}, received or not."
        case Reconcile():
            return "The list -> resend job runs."
        case Restart():
            return "The receiver is killed (kill -9) and started."
        case Crash():
            late = f" and {step.after_ms} ms" if step.after_ms else ""
            return f"One {' and '.join(step.events)} is sent, and the receiver is killed at: {step.at}{late}."
        case BreakDependency():
            return f"The dependency {step.dependency} breaks: {step.fault}."
        case Wait():
            return f"{step.seconds:g} s pass."
        case Clear():
            return "The fault ends."
        case Observe():
            return "Nothing of it may be booked yet."
        case _:
            return ""


def _told_fault(step: InjectFault) -> str:
    once = {0: "", 1: ", once"}.get(step.times, f", {step.times} times")
    if step.on_api:
        return f"Calls of {step.match['operation']} fail: {step.fault}{once}."
    text = _SENT.get(step.fault, f"deliveries break: {step.fault}").format_map(
        {"copies": 1, "behind": 1, **step.params}
    )
    whose = next((f"For {_WHOSE[key]} " for key in step.match if key in _WHOSE), "From here ")
    return f"{whose}{text}{once}."


_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")


def _named(label: str, schedule: Scenario) -> str:
    """The events of a label: `the SaleCreated`, or `the second SaleCreated` of several."""
    raises = [step for step in schedule.steps if isinstance(step, Raise)]
    found = next((step for step in raises if step.label == label), None)
    if found is None:
        return label
    alike = [step for step in raises if step.events == found.events]
    place = alike.index(found)
    which = "" if len(alike) == 1 else f"{_ORDINALS[place] if place < len(_ORDINALS) else f'{place + 1}th'} "
    return f"the {which}{' and '.join(found.events)}"


def keep(schedule: Scenario, folder: Path) -> Path:
    """Write a schedule that found something to a file of its own; `-2` and so on are added to a name that is taken.

    Raises:
        Unusable: it cannot be written.
    """
    text = as_toml(schedule)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Unusable(f"{folder}: expected a folder or nothing yet, got {error.strerror}") from None
    for number in count(1):
        file = folder / f"{schedule.name}{'' if number == 1 else f'-{number}'}.toml"
        try:
            with opened(file, "xb") as writes:
                writes.write(text.encode())
        except FileExistsError:
            continue
        except OSError as error:
            raise Unusable(f"{file}: expected a file that can be written, got {error.strerror}") from None
        return file
    raise AssertionError  # there is always another number


def rewrite(file: Path, schedule: Scenario) -> None:
    """Replace our own file by a shorter story, whole or not at all. Raises Unusable."""
    new = file.with_suffix(".toml.new")
    try:
        with opened(new, "wb") as writes:
            writes.write(as_toml(schedule).encode())
        new.replace(file)
    except OSError as error:
        raise Unusable(f"{file}: expected a file that can be written, got {error.strerror}") from None


def read_corpus(folder: Path | None) -> tuple[list[Scenario], list[str]]:
    """The schedules of a corpus by name, and why others are refused.

    Raises:
        Unusable: the corpus is no folder.
    """
    if folder is None or not folder.exists():
        return [], []
    if not folder.is_dir():
        raise Unusable(f"--corpus {folder}: expected a folder, got a file")
    found: list[Scenario] = []
    refused: list[str] = []
    for file in sorted(folder.glob("*.toml")):
        try:
            found.append(read(file))
        except FrontsimError as error:
            refused.append(str(error))
    return found, refused
