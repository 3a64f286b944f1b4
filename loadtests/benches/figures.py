"""How much a bench does, how it takes the best of several runs, and the JSON line that it prints."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class RunSize:
    """How much a bench does.

    Attributes:
        warm_up: deliveries before the first measured one.
        deliveries: deliveries for each rate.
        times: how often to measure; the best counts, because other work on the machine only makes a run slower.
        large: measure deliveries again when the log holds this many events; 0: do not.
        listed: events in the log that `list` lists.
        failing: the share of them that failed, and so is listed.
        tiny: the benches in separate files do as little as they can.
    """

    warm_up: int = 2_000
    deliveries: int = 20_000
    times: int = 3
    large: int = 0
    listed: int = 20_000
    failing: float = 0.5
    tiny: bool = False


USUAL = RunSize()
FULL = RunSize(large=1_000_000, listed=1_000_000, failing=0.01)
TINY = RunSize(warm_up=10, deliveries=50, times=1, large=200, listed=50, tiny=True)


def print_figures(bench: str, **figures: Any) -> None:
    """Print one JSON line."""
    rounded = {name: float(f"{value:.4g}") if isinstance(value, float) else value for name, value in figures.items()}
    print(json.dumps({"bench": bench, **rounded}), flush=True)


def best_of(times: int, run: Callable[[], Any]) -> tuple[float, Any]:
    """The shortest time of several runs, in seconds, and the result of the last one."""
    best, result = float("inf"), None
    for _ in range(times):
        began = time.perf_counter()
        result = run()
        best = min(best, time.perf_counter() - began)
    return best, result
