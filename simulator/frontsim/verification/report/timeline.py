"""One event's life as an SVG: a mark for each run, bands for faults, lines for kills, and the effects at its end."""

from collections.abc import Iterator
from html import escape

from frontsim.domain.model import Trigger
from frontsim.verification.facts.classes import describe_run
from frontsim.verification.facts.history import EventFact, History, Run

WIDTH, HEIGHT = 640, 34
_LEFT, _RIGHT = 8, 64
_MIDDLE = 15


def timeline(event: EventFact, history: History, *, effects: int | None) -> str:
    """The SVG element, without a style of its own: classes say what is what."""
    scale = _Scale(history)
    parts = [*_faults(history, scale), *_kills(history, scale), _axis(scale)]
    parts += [_run(run, scale) for run in event.runs]
    label = "?" if effects is None else f"x {effects}"
    parts.append(f'<text class="effects" x="{WIDTH - _RIGHT + 14}" y="{_MIDDLE + 4}">{label}</text>')
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(_spoken(event))}">{"".join(parts)}</svg>'
    )


class _Scale:
    """Milliseconds to pixels, for one scenario."""

    def __init__(self, history: History) -> None:
        moments = [run.at_ms for event in history.events for run in event.runs] + [at for at, _ in history.marks]
        self.most_ms = max([*moments, 1])

    def x(self, at_ms: int) -> float:
        share = min(1.0, max(0.0, at_ms / self.most_ms))
        return round(_LEFT + share * (WIDTH - _LEFT - _RIGHT - 10), 1)


def _axis(scale: _Scale) -> str:
    end = WIDTH - _RIGHT
    text = f'<text class="tick" x="{end - 2}" y="{HEIGHT - 3}" text-anchor="end">{scale.most_ms / 1000:.1f} s</text>'
    return f'<line class="axis" x1="{_LEFT}" x2="{end}" y1="{_MIDDLE}" y2="{_MIDDLE}"/>{text}'


def _faults(history: History, scale: _Scale) -> Iterator[str]:
    for fault in history.faults:
        left, right = scale.x(fault.from_ms), scale.x(fault.to_ms)
        title = escape(f"{fault.fault} {fault.detail}".strip())
        yield (
            f'<rect class="fault" x="{left}" y="2" width="{max(2.0, right - left):.1f}" height="26">'
            f"<title>{title}</title></rect>"
        )


def _kills(history: History, scale: _Scale) -> Iterator[str]:
    for at_ms, text in history.marks:
        x = scale.x(at_ms)
        yield f'<line class="kill" x1="{x}" x2="{x}" y1="0" y2="28"><title>{escape(text)}</title></line>'


def _run(run: Run, scale: _Scale) -> str:
    kind = "good" if run.acknowledged else "open" if run.status_code is None else "bad"
    x = scale.x(run.at_ms)
    title = f"<title>{escape(f'run {run.number} {run.trigger} at {run.at}: {describe_run(run)}')}</title>"
    if run.trigger is Trigger.RESEND:
        return f'<rect class="run {kind}" x="{x - 5}" y="{_MIDDLE - 5}" width="10" height="10">{title}</rect>'
    return f'<circle class="run {kind}" cx="{x}" cy="{_MIDDLE}" r="5.5">{title}</circle>'


def _spoken(event: EventFact) -> str:
    return "; ".join(f"run {run.number}: {describe_run(run)}" for run in event.runs)
