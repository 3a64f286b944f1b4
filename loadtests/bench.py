"""Every figure that the README states, as JSON lines, each with its ceiling measured in the same run.

    python loadtests/bench.py                    all of them, about two minutes
    python loadtests/bench.py deliveries list    some of them
    python loadtests/bench.py --full             with 1,000,000 events in the log, some ten minutes
    python loadtests/bench.py --tiny             only shows that they run: the figures say nothing

Machines differ, and this one may be busy: compare the ratios within one run, not the rates of two. Where the time
of a delivery goes: `bench.py shares` measures the parts, each by itself; for a profile of the whole,
`py-spy record --gil --threads --pid PID` beside a simulator under load (what holds Python's lock bounds the rate).
"""

import argparse
import json
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
from bare_sender import LANES, send_bare, sink
from served import EVENT, FRONTSIM, Served, served

from simulator import catalog
from simulator.payloads.factory import Payloads
from simulator.settings import Settings

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Size:
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


USUAL = Size()
FULL = Size(large=1_000_000, listed=1_000_000, failing=0.01)
TINY = Size(warm_up=10, deliveries=50, times=1, large=200, listed=50, tiny=True)


def tell(bench: str, **figures: Any) -> None:
    """One JSON line."""
    rounded = {name: float(f"{value:.4g}") if isinstance(value, float) else value for name, value in figures.items()}
    print(json.dumps({"bench": bench, **rounded}), flush=True)


def deliver(simulator: Served, count: int) -> Mapping[str, float]:
    """Raise and deliver `count` events; the rate, and what each thousand cost."""
    cpu_s, began = simulator.cpu_s(), time.perf_counter()
    simulator.trigger(count)
    simulator.drain()
    wall_s = time.perf_counter() - began
    return {"perSecond": count / wall_s, "cpuSecondsPer1000": (simulator.cpu_s() - cpu_s) / count * 1000}


def best(runs: Iterable[Mapping[str, float]]) -> Mapping[str, float]:
    """The highest rate and the lowest cost of several runs."""
    all_of_them = list(runs)
    return {
        "perSecond": max(run["perSecond"] for run in all_of_them),
        "cpuSecondsPer1000": min(run["cpuSecondsPer1000"] for run in all_of_them),
    }


def bench_deliveries(*, size: Size) -> None:
    """Durable deliveries: unique payloads, each event committed before its delivery, each outcome after it."""
    body = Payloads(catalog.load(), seed=1).build(EVENT, 1).body
    with sink() as url, served("--concurrency", str(LANES)) as simulator:
        webhook = simulator.subscribe(url)
        deliver(simulator, size.warm_up)
        small = best(deliver(simulator, size.deliveries) for _ in range(size.times))
        bare = best(send_bare(url, body, size.deliveries) for _ in range(size.times))
        tell("bare asyncio transports to the same sink", **bare, lanes=LANES)
        share = small["perSecond"] / bare["perSecond"]
        logged = size.warm_up + size.times * size.deliveries
        tell("durable deliveries", **small, ofBare=share, events=logged, lanes=LANES)
        tell("memory MB", rss=simulator.rss_mb(), peak=simulator.rss_mb("VmHWM"), events=logged)
        entries = simulator.events(webhook, "includeRuns=true")
        took = sorted(entry["runs"][0]["durationMs"] for entry in entries)
        tell("delivery latency ms", p50=statistics.median(took), p99=took[len(took) * 99 // 100], lanes=LANES)
        if size.large:
            simulator.trigger(size.large - logged)
            simulator.drain()
            tell("memory MB", rss=simulator.rss_mb(), peak=simulator.rss_mb("VmHWM"), events=size.large)
            large = best(deliver(simulator, size.deliveries) for _ in range(size.times))
            tell("durable deliveries", **large, events=size.large, lanes=LANES)
            before = small["cpuSecondsPer1000"]  # in ticks of the system's clock: a tiny run may cost none
            tell(
                f"cost of a delivery at {size.large:,} logged events, of that before",
                ratio=large["cpuSecondsPer1000"] / before if before else None,
            )


def bench_lanes(*, size: Size) -> None:
    """Durable deliveries to a receiver that is spared: as many at once as by default, few, and one by one."""
    for lanes in (Settings().concurrency, 4, 1):
        with sink() as url, served("--concurrency", str(lanes)) as simulator:
            simulator.subscribe(url)
            deliver(simulator, size.warm_up)
            count = min(size.deliveries, 1_000 * lanes)
            tell("durable deliveries", **best(deliver(simulator, count) for _ in range(size.times)), lanes=lanes)


def bench_list(*, size: Size) -> None:
    """`success=false` with 10,000 failed, beside the bare query and orjson on the same file."""
    with sink() as url, served("--concurrency", str(LANES)) as simulator:
        webhook = simulator.subscribe(url)
        simulator.http.post("/_sim/faults", json={"fault": "refuse", "probability": size.failing}).raise_for_status()
        simulator.trigger(size.listed)
        simulator.drain()
        before_mb = simulator.rss_mb()
        asked_s, listed = _best_of(10, lambda: simulator.events(webhook, "success=false"))
        db = sqlite3.connect(f"file:{simulator.db}?mode=ro", uri=True)
        bare_s, bare = _best_of(10, lambda: orjson.loads(_bare_list(db)))
        db.close()
        assert len(listed) == len(bare), (len(listed), len(bare))
        tell(
            "list success=false", seconds=asked_s, bareSqlSeconds=bare_s, ratio=asked_s / bare_s,
            events=size.listed, listed=len(listed), grewMb=simulator.rss_mb() - before_mb,
        )  # fmt: skip


def _bare_list(db: sqlite3.Connection) -> bytes:
    rows = db.execute("SELECT id, created_at, updated_at, status, status_code, runs FROM events WHERE success = 0")
    return orjson.dumps([(str(UUID(bytes=raw)), *rest) for raw, *rest in rows])


def _best_of(times: int, run: Callable[[], Any]) -> tuple[float, Any]:
    best, result = float("inf"), None
    for _ in range(times):
        began = time.perf_counter()
        result = run()
        best = min(best, time.perf_counter() - began)
    return best, result


def bench_start(*, size: Size) -> None:
    """From the command to the first event that a receiver got; and what `--help` takes."""
    with sink() as url:
        began = time.perf_counter()
        with served() as simulator:
            ready_s = time.perf_counter() - began
            simulator.subscribe(url)
            simulator.trigger(1)
            simulator.drain()
            tell("start", readySeconds=ready_s, firstDeliveredSeconds=time.perf_counter() - began)
            began = time.perf_counter()
        tell("Ctrl-C", seconds=time.perf_counter() - began)
    help_s, _ = _best_of(
        size.times,
        lambda: subprocess.run([*FRONTSIM, "--help"], check=True, capture_output=True),
    )
    tell("frontsim --help", seconds=help_s)


def _script(name: str, *options: str, tiny: Sequence[str]) -> Callable[..., None]:
    """A bench in a file of its own, with its options, and those that make it do as little as it can."""

    def run(*, size: Size) -> None:
        script = HERE / f"bench_{name}.py"
        subprocess.run([sys.executable, str(script), *(tiny if size.tiny else options)], check=True)

    return run


BENCHES: Mapping[str, Callable[..., None]] = {
    "start": bench_start,
    "deliveries": bench_deliveries,
    "lanes": bench_lanes,
    "list": bench_list,
    "shares": _script("shares", tiny=["--deliveries", "400"]),
    "wire": _script("wire", tiny=["--seconds", "0.05"]),
    "payloads": _script("payloads", "--seconds", "0.2", tiny=["--seconds", "0.001"]),
    "schema": _script("schema", tiny=["--seconds", "0.05"]),
}
"""Every bench, in the order in which they run."""


def main() -> None:
    """Run the benches that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench", nargs="*", choices=[[], *BENCHES], help="all by default")
    sizes = parser.add_mutually_exclusive_group()
    sizes.add_argument(
        "--full", dest="size", action="store_const", const=FULL, default=USUAL, help="with 1,000,000 events in the log"
    )
    sizes.add_argument("--tiny", dest="size", action="store_const", const=TINY, help="only shows that they run")
    options = parser.parse_args()
    for name in options.bench or BENCHES:
        BENCHES[name](size=options.size)


if __name__ == "__main__":
    main()
