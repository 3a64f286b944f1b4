"""How much a bench does, how the best of several runs is taken, and the JSON line that tells a figure."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class RunSize:
    """How much a bench does.

    Attributes:
        warm_up: deliveries before the first that is measured.
        deliveries: of each rate that is measured.
        times: how often it is measured; the best counts, for whatever else the machine does only makes it worse.
        large: events in the log, at which deliveries are measured once more; 0: they are not.
        listed: events in the log that is listed.
        failing: share of them that failed, so is listed.
        tiny: the benches in files of their own do as little as they can.
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


def tell(bench: str, **figures: Any) -> None:
    """One JSON line."""
    rounded = {name: float(f"{value:.4g}") if isinstance(value, float) else value for name, value in figures.items()}
    print(json.dumps({"bench": bench, **rounded}), flush=True)


def best_of(times: int, run: Callable[[], Any]) -> tuple[float, Any]:
    """The shortest time of several runs, in seconds, and what the last one gave back."""
    best, result = float("inf"), None
    for _ in range(times):
        began = time.perf_counter()
        result = run()
        best = min(best, time.perf_counter() - began)
    return best, result
