"""One event's life in a trial: as facts, and as marks on a line that the page's template draws.

    |  lost-response          |  receiver killed
    ----o------------------------|--------[]------------   <> <>
        run 1 (circle)             run 2, a resend         effects at the end

Positions are percent of the trial's time, so that the drawing fits any width.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

_FIRST, _LAST = 2.0, 98.0
_NARROWEST = 0.8
_APART = 1.3
MOST_EFFECTS = 3
"""Effects that have a mark each; more are a number beside fewer marks."""


@dataclass(frozen=True, slots=True)
class ShownRun:
    """One attempt to deliver an event. `at_ms` counts from the trial's start, `at` is the log's text, "" without one.

    `ending` is good, bad, or open where no answer came; `fault` names the faults that were on.
    """

    number: int
    is_resend: bool
    at: str
    at_ms: int
    duration_ms: int
    answer: str
    ending: str
    fault: str

    @property
    def moment(self) -> str:
        return self.at or f"+{self.at_ms} ms"


@dataclass(frozen=True, slots=True)
class ShownEvent:
    """An event that a report shows: its story line by line, and for a receiver its runs and effects.

    `effects` None: they could not be seen. `early_effects` were there when only a broken body had arrived.
    """

    event: str
    webhook_event_id: str
    class_: str = ""
    story: tuple[str, ...] = ()
    runs: tuple[ShownRun, ...] = ()
    effects: int | None = None
    early_effects: int = 0
    payload: Any = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class FaultSpan:
    """A fault on deliveries, and when it was on, in ms from the trial's start."""

    name: str
    text: str
    from_ms: int
    to_ms: int


@dataclass(frozen=True, slots=True)
class TimeSpan:
    """The course of a trial: what happened when, in ms from its start.

    `first_ms` and `last_ms` take in each run, fault and mark. `checkpoint_ms` is when `early_effects` were read.
    """

    first_ms: int = 0
    last_ms: int = 1
    faults: tuple[FaultSpan, ...] = ()
    marks: tuple[tuple[int, str], ...] = ()
    checkpoint_ms: int = 0


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


def timeline(event: ShownEvent, span: TimeSpan, *, wrong: bool = False) -> Timeline:
    """The marks of one event."""
    effects = event.effects
    seen = "effects could not be seen" if effects is None else f"effects: {effects}"
    early = f"Effects when only a broken body had arrived: {event.early_effects}"
    return Timeline(
        runs=tuple(
            Mark(x, f"{'resend' if run.is_resend else 'original'} {run.ending}", _run_text(run))
            for x, run in zip(_apart([_x(run.at_ms, span) for run in event.runs]), event.runs, strict=True)
        ),
        kills=tuple(Mark(_x(at_ms, span), "kill", text) for at_ms, text in span.marks),
        early=(Mark(_x(span.checkpoint_ms, span), "effect bad", early),) if event.early_effects else (),
        bands=tuple(_bands(span)),
        effects=effects,
        wrong=wrong,
        spoken="; ".join([*(f"run {run.number}: {run.answer}" for run in event.runs), seen]),
        duration=f"{(span.last_ms - span.first_ms) / 1000:.1f} s",
    )


def _x(at_ms: int, span: TimeSpan) -> float:
    """The place of a moment, in percent."""
    share = (at_ms - span.first_ms) / (span.last_ms - span.first_ms)
    return round(_FIRST + min(1.0, max(0.0, share)) * (_LAST - _FIRST), 2)


def _apart(places: list[float]) -> list[float]:
    """The same places, moved to the right where marks would hide each other, such as those of copies sent at once."""
    moved: list[float] = []
    for place in places:
        moved.append(round(max(place, moved[-1] + _APART), 2) if moved else place)
    return moved if not moved or moved[-1] <= 100 else places


def _run_text(run: ShownRun) -> str:
    verb = "resent" if run.is_resend else "sent"
    under = f", while {run.fault} was on" if run.fault else ""
    return f"Run {run.number}, {verb} {run.at or f'at +{run.at_ms} ms'}: {run.answer}{under}"


def _bands(span: TimeSpan) -> Iterator[Band]:
    """The faults, each in the first lane that is free; a name may run on until the lane's next band."""
    spans = sorted((_x(each.from_ms, span), _x(each.to_ms, span), each.text, each.name) for each in span.faults)
    lanes: list[list[tuple[float, float, str, str]]] = []
    for band in dict.fromkeys(spans):
        free = next((lane for lane in lanes if lane[-1][1] <= band[0]), None)
        if free is None:
            lanes.append([band])
        else:
            free.append(band)
    for number, lane in enumerate(lanes):
        for (left, right, text, name), after in zip(lane, [*(band[0] for band in lane[1:]), 100.0], strict=True):
            width = max(_NARROWEST, right - left)
            yield Band(left, round(width, 2), round(max(width, after - left), 2), number, name, f"Fault: {text}")
