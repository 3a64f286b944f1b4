"""Raises a load test's events, and watches losses and duplicates while it goes on.

Each look reads what was acknowledged before it reads the effects, so every event that it counts as acknowledged has
had some time to be booked. `missing` counts acknowledged events without an effect so far. A receiver that books later
shows some until it has caught up; the verdict waits for that, the live view does not.
"""

import logging
import threading
from bisect import bisect
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from html import escape
from itertools import accumulate

from frontsim.client.errors import CallError
from frontsim.clock import stopwatch
from frontsim.errors import FrontsimError
from frontsim.load.plan import seeded_draws
from frontsim.load.setup import LoadSetup
from frontsim.masking import masked
from frontsim.verdicts import Verdict

logger = logging.getLogger(__name__)

FAULTS: Sequence[tuple[str, float, Mapping[str, object]]] = (
    ("lost-response", 0.1, {}),
    ("refuse", 0.1, {}),
    ("reset-after-send", 0.03, {}),
    ("false-failure", 0.05, {"status": 500}),
    ("duplicate", 0.05, {"copies": 2, "apart": "simultaneous"}),
)
"""Faults, the share of deliveries that each takes, and its parameters."""
_TICK_S = 0.1


class EventSource:
    """Raises `rate` events a second until it is stopped."""

    def __init__(self, setup: LoadSetup, *, rate: float) -> None:
        self._simulator = setup.simulator
        self._receiver = setup.load.options.receiver
        self._mix = setup.load.mix
        self._rate = rate
        self._draw = seeded_draws(setup.load.options.seed, 0)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._raise_all, daemon=True)
        self._rules: list[str] = []

    def start(self) -> None:
        """Add the fault rules, and begin to raise events."""
        match = {"url": self._receiver}
        for fault, probability, params in FAULTS:
            rule = self._simulator.add_fault(fault, match=match, probability=probability, params=params)
            self._rules.append(str(rule["id"]))
        self._thread.start()

    def stop(self) -> None:
        """Raise no more events, and remove the fault rules. Raises CallError."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()
        while self._rules:
            self._simulator.remove_fault(self._rules.pop())

    def _raise_all(self) -> None:
        began, raised = stopwatch(), 0
        while not self._stopped.wait(_TICK_S):
            due = round((stopwatch() - began) * self._rate) - raised
            bounds = list(accumulate(self._mix.values()))
            names = list(self._mix)
            for event in [names[bisect(bounds, self._draw() * bounds[-1])] for _ in range(due)]:
                try:
                    self._simulator.trigger(event)
                except CallError as error:
                    logger.warning("an event could not be raised: %s", error)
            raised += due


PAUSE_FACTOR = 20
"""After a look that took one second, the live view pauses for 20: looking must not become the load."""
_LOOKS_KEPT = 720  # an hour of looks every five seconds
_IDS = 20  # that are shown
TAB = {"title": "Lost and duplicated", "key": "frontsim"}
COLUMNS = [
    {"key": "events", "title": "Events"},
    {"key": "acknowledged", "title": "Acknowledged"},
    {"key": "failed", "title": "To be resent"},
    {"key": "effects", "title": "Effects"},
    {"key": "missing", "title": "Acknowledged, not booked so far"},
    {"key": "duplicated", "title": "Duplicated so far"},
]


@dataclass(frozen=True, slots=True)
class SoFar:
    """The figures in the middle of a run; `missing` is a lower bound."""

    events: int = 0
    acknowledged: int = 0
    failed: int = 0
    effects: int = 0
    missing: int = 0
    duplicated: int = 0
    duplicated_ids: tuple[str, ...] = ()
    """The first of them."""

    def numbers(self) -> dict[str, int]:
        """Everything but the ids."""
        return {name: value for name, value in asdict(self).items() if isinstance(value, int)}

    def __str__(self) -> str:
        words = (f"{value:,} {name}" for name, value in self.numbers().items())
        return f"so far: {', '.join(words)}"


class LiveView:
    """Looks every `every_s` seconds until it is stopped. It never starts without an observer, or when that is 0."""

    def __init__(self, setup: LoadSetup, *, every_s: float) -> None:
        self._setup = setup
        self._every_s = every_s
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._look_repeatedly, daemon=True)
        self.seen = SoFar()
        self.looks: deque[SoFar] = deque(maxlen=_LOOKS_KEPT)

    def start(self) -> None:
        if self._setup.effects is not None and self._every_s > 0:
            self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    def rows(self) -> list[dict[str, int]]:
        """The rows of the tab."""
        return [self.seen.numbers()]

    def _look_repeatedly(self) -> None:
        wait_s = self._every_s
        while not self._stopped.wait(wait_s):
            began = stopwatch()
            try:
                self.seen = look(self._setup)
                self.looks.append(self.seen)
            except FrontsimError as error:
                logger.warning("the effects cannot be read so far: %s", masked(str(error)))
            else:
                logger.info("%s", self.seen)
            wait_s = max(self._every_s, PAUSE_FACTOR * (stopwatch() - began))


def look(setup: LoadSetup) -> SoFar:
    """One look. Raises CallError, ObserverFailed."""
    assert setup.effects is not None
    stats = setup.simulator.stats()
    events = int(stats.get("events", 0)) - setup.events_before
    failed = int(stats.get("failed", 0))
    in_flight = int(stats.get("underWay", 0)) + int(stats.get("waiting", 0))
    acknowledged = max(0, events - failed - in_flight)
    effects = setup.effects.read_new()
    keys = Counter(effect.key for effect in effects if effect.key is not None)
    twice = [key for key, number in keys.items() if number > 1]
    return SoFar(
        events=events,
        acknowledged=acknowledged,
        failed=failed,
        effects=len(effects),
        missing=max(0, acknowledged - len(keys)) if keys else 0,
        duplicated=len(twice),
        duplicated_ids=tuple(twice[:_IDS]),
    )


REFRESH_S = 5
JUDGING = "The load has ended. What failed is resent, and the effects come to rest: then comes the verdict."
_WIDTH, _HEIGHT = 600, 80
_LINES = (("missing", "#b45309"), ("duplicated", "#b91c1c"))
COLOURS = {Verdict.VERIFIED: "#15803d", Verdict.VIOLATED: "#b91c1c", Verdict.UNKNOWN: "#b45309"}
_GREY = "#334155"
_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="{refresh}"><title>Lost and duplicated</title>
<style>
body {{ margin: 0; padding: .5rem 1rem; font: 14px system-ui, sans-serif; color: #fff; background: {colour} }}
code, pre {{ font-size: 12px; white-space: pre-wrap }} p {{ margin: .3rem 0 }} a {{ color: inherit }}
svg {{ background: #fff; width: 100%; height: {height}px }}
</style>
<p role="status"><strong>{headline}</strong>{link}</p>{more}</html>
"""


def page(headline: str, *, colour: str = _GREY, link: str = "", text: str = "", more: str = "") -> str:
    """A page of one line, with a link to the report and a text below; `more` is HTML."""
    return _PAGE.format(
        refresh=REFRESH_S,
        colour=colour,
        height=_HEIGHT,
        headline=escape(headline),
        link=f' <a href="{link}" target="_blank">Report</a>' if link else "",
        more=f"<pre>{escape(text)}</pre>{more}" if text else more,
    )


def live_page(looks: Sequence[SoFar]) -> str:
    """The page of the looks so far. `missing` may still be booked; what is booked twice stays so."""
    last = looks[-1] if looks else SoFar()
    words = [f"{last.duplicated:,} duplicated"] if last.duplicated else []
    words += [f"{last.missing:,} acknowledged and not booked so far"] if last.missing else []
    verdict = Verdict.VIOLATED if last.duplicated else Verdict.UNKNOWN if last.missing else Verdict.VERIFIED
    ids = "".join(f"<code>{escape(each)}</code> " for each in last.duplicated_ids)
    return page(
        ", ".join(words) or f"Nothing lost or duplicated so far, of {last.events:,} events",
        colour=COLOURS[verdict],
        more=(f"<p>Booked more than once: {ids}</p>" if ids else "") + (_chart(looks) if len(looks) > 1 else ""),
    )


def _chart(looks: Sequence[SoFar]) -> str:
    """Both numbers over the looks, to one scale."""
    top = max(1, *(max(look.missing, look.duplicated) for look in looks))
    lines = "".join(
        f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="{_points(looks, name, top)}">'
        f"<title>{name}</title></polyline>"
        for name, colour in _LINES
    )
    label = f"missing and duplicated, look by look; the highest is {top:,}"
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" preserveAspectRatio="none" role="img" aria-label="{label}">'
        f"{lines}</svg>"
        f"<p>missing (brown) and duplicated (red), look by look; top: {top:,}</p>"
    )


def _points(looks: Sequence[SoFar], name: str, top: int) -> str:
    step = _WIDTH / (len(looks) - 1)
    values = [getattr(look, name) for look in looks]
    return " ".join(
        f"{place * step:.0f},{_HEIGHT - 2 - (_HEIGHT - 4) * value / top:.0f}" for place, value in enumerate(values)
    )
