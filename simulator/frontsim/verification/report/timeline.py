"""One event's life in a scenario, as marks on a line: pure. The page's template draws it.

    |  lost-response          |  receiver killed
    ----o------------------------|--------[]------------   <> <>
        run 1 (circle)             run 2, a resend         effects at the end

Positions are percent of the scenario's time, so that the drawing fits any width.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from frontsim.domain.model import Trigger
from frontsim.verification.effects.classes import describe_run
from frontsim.verification.effects.correlate import BUSINESS
from frontsim.verification.effects.history import EventFact, History, Run
from frontsim.verification.report.story import fault_of

_FIRST, _LAST = 2.0, 98.0
_NARROWEST = 0.8
_APART = 1.3
MOST_EFFECTS = 3
"""Effects that have a mark each; more are a number beside fewer marks."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment: `kind` says how it is drawn, `text` what it is."""

    x: float
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Band:
    """A fault that was on. Bands that overlap are in different lanes; `room` is the width that its name may take."""

    x: float
    width: float
    room: float
    lane: int
    name: str
    text: str


class Scale:
    """Milliseconds to percent, for one scenario: from its first run, fault or kill to its last."""

    def __init__(self, history: History) -> None:
        moments = [run.at_ms for event in history.events for run in event.runs]
        moments += [fault.from_ms for fault in history.faults] + [at_ms for at_ms, _ in history.marks]
        self.first_ms = min(moments, default=0)
        self.last_ms = max([*moments, self.first_ms + 1])

    def x(self, at_ms: int) -> float:
        share = (at_ms - self.first_ms) / (self.last_ms - self.first_ms)
        return round(_FIRST + min(1.0, max(0.0, share)) * (_LAST - _FIRST), 2)


@dataclass(frozen=True, slots=True)
class Frame:
    """What the timelines of all events of a scenario share; a scenario may have a hundred thousand events."""

    history: History
    scale: Scale
    bands: tuple[Band, ...]
    kills: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Timeline:
    """All marks. `effects` None: they could not be seen; `wrong`: their number is not what it should be."""

    runs: tuple[Mark, ...]
    kills: tuple[Mark, ...]
    early: tuple[Mark, ...]
    bands: tuple[Band, ...]
    effects: int | None
    wrong: bool
    spoken: str
    duration: str

    @property
    def lanes(self) -> int:
        """How many lanes the bands need."""
        return max((band.lane + 1 for band in self.bands), default=0)


def frame_of(history: History) -> Frame:
    """The scale of a scenario, its faults and its kills."""
    scale = Scale(history)
    kills = tuple(Mark(scale.x(at_ms), "kill", text) for at_ms, text in history.marks)
    return Frame(history, scale, tuple(_bands(history, scale)), kills)


def timeline(event: EventFact, frame: Frame, *, effects: int | None, wrong: bool = False) -> Timeline:
    """The marks of one event. `effects` None: they could not be seen."""
    history, scale = frame.history, frame.scale
    seen = "effects could not be seen" if effects is None else f"effects: {effects}"
    return Timeline(
        runs=tuple(
            Mark(x, _kind(run), _run_text(run, history))
            for x, run in zip(_apart([scale.x(run.at_ms) for run in event.runs]), event.runs, strict=True)
        ),
        kills=frame.kills,
        early=tuple(_early(event, history, scale)),
        bands=frame.bands,
        effects=effects,
        wrong=wrong,
        spoken="; ".join([*(f"run {run.number}: {describe_run(run)}" for run in event.runs), seen]),
        duration=f"{(scale.last_ms - scale.first_ms) / 1000:.1f} s",
    )


def _apart(places: list[float]) -> list[float]:
    """The same places, moved to the right where marks would hide each other, such as those of copies sent at once."""
    moved: list[float] = []
    for place in places:
        moved.append(round(max(place, moved[-1] + _APART), 2) if moved else place)
    return moved if not moved or moved[-1] <= 100 else places


def _kind(run: Run) -> str:
    answer = "good" if run.acknowledged else "open" if run.status_code is None else "bad"
    return f"{'resend' if run.trigger is Trigger.RESEND else 'original'} {answer}"


def _run_text(run: Run, history: History) -> str:
    verb = "resent" if run.trigger is Trigger.RESEND else "sent"
    fault = fault_of(run, history.faults)
    under = f", while {fault} was on" if fault else ""
    return f"Run {run.number}, {verb} {run.at or f'at +{run.at_ms} ms'}: {describe_run(run)}{under}"


def _early(event: EventFact, history: History, scale: Scale) -> Iterator[Mark]:
    """Effects that were there when only a broken body had arrived."""
    if history.checkpoint is None or history.observer_key == BUSINESS:
        return
    number = sum(effect.key == event.webhook_event_id for effect in history.checkpoint.effects)
    if number:
        text = f"Effects when only a broken body had arrived: {number}"
        yield Mark(scale.x(history.checkpoint.at_ms), "effect bad", text)


def _bands(history: History, scale: Scale) -> Iterator[Band]:
    """The faults on deliveries, each in the first lane that is free; a name may run on until the lane's next band."""
    spans = sorted(
        (scale.x(fault.from_ms), scale.x(fault.to_ms), f"{fault.fault} {fault.detail}".strip(), fault.fault)
        for fault in history.faults
    )
    lanes: list[list[tuple[float, float, str, str]]] = []
    for span in dict.fromkeys(spans):
        free = next((lane for lane in lanes if lane[-1][1] <= span[0]), None)
        if free is None:
            lanes.append([span])
        else:
            free.append(span)
    for number, lane in enumerate(lanes):
        for (left, right, text, name), after in zip(lane, [*(span[0] for span in lane[1:]), 100.0], strict=True):
            width = max(_NARROWEST, right - left)
            yield Band(left, round(width, 2), round(max(width, after - left), 2), number, name, f"Fault: {text}")
