"""Lost and duplicated so far, while the load runs: a tab of Locust's page, and a line in the log.

Each look reads what was acknowledged before it reads the effects, so every event that it counts as acknowledged has
had some time to be booked. `missing` counts acknowledged events without an effect so far. A receiver that books later
shows some until it has caught up; the verdict waits for that, the live view does not.
"""

import logging
import threading
from collections import Counter, deque
from dataclasses import asdict, dataclass

from frontsim.clock import stopwatch
from frontsim.errors import FrontsimError
from frontsim.load.master.setup import LoadSetup
from frontsim.presentation.masking import masked

logger = logging.getLogger(__name__)

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
    """What is known in the middle of a run; `missing` is a lower bound."""

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
