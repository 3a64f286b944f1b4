"""How fast a simulator sends what waited in its log when it started, as JSON lines.

    cd loadtests && python -m benches.restart [--events 200000] [--times 2]

The log is filled first, through the store alone, with events that wait for one destination. Then `frontsim serve` is
started on it, and the time runs from its first line of output until everything is delivered and logged.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from benches.bare_sender import sink
from benches.figures import print_figures
from benches.served import EVENT, Served
from frontsim import catalog
from frontsim.clock import Clock, Ids
from frontsim.payloads.making.factory import Payloads
from frontsim.settings import Settings
from frontsim.store.event_log import EventLog

AT_ONCE = 500
DIFFERENT = 5_000
"""Payloads that differ; the rest repeat them."""


async def fill(db: Path, url: str, events: int) -> None:
    """Log events of which none is sent, as a simulator leaves them that is killed."""
    factory = Payloads(catalog.load(), seed=1)
    made = [factory.build(EVENT, number) for number in range(min(events, DIFFERENT))]
    store = EventLog(db, clock=Clock(), ids=Ids(), concurrency=1, most_waiting=events)
    store.start(lambda _: None)
    await store.subscribe(EVENT, url, None)
    for start in range(0, events, AT_ONCE):
        some = [made[number % len(made)] for number in range(start, min(start + AT_ONCE, events))]
        await store.accept(some, store.take_numbers(len(some)))
    await store.close()


def drained(concurrency: int, events: int) -> Mapping[str, float]:
    """The rate at which a simulator sends what waits, and its processor time for each thousand."""
    with tempfile.TemporaryDirectory(prefix="frontsim-bench-") as folder, sink() as url:
        db = Path(folder) / "log.db"
        asyncio.run(fill(db, url, events))
        simulator = Served(db, "--concurrency", str(concurrency), "--max-waiting", str(10 * events))
        try:
            began, cpu_s = time.perf_counter(), simulator.cpu_s()
            simulator.drain()
            wall_s = time.perf_counter() - began
            return {"perSecond": events / wall_s, "cpuSecondsPer1000": (simulator.cpu_s() - cpu_s) / events * 1000}
        finally:
            simulator.stop()


def main() -> None:
    """Measure with the default concurrency and with 256, and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--times", type=int, default=2, help="the best counts (2)")
    options = parser.parse_args()
    for concurrency in (Settings().concurrency, 256):
        runs = [drained(concurrency, options.events) for _ in range(options.times)]
        best = max(runs, key=lambda run: run["perSecond"])
        print_figures("waiting events sent after a restart", **best, concurrency=concurrency, events=options.events)


if __name__ == "__main__":
    main()
