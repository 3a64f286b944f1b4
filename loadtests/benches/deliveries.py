"""Durable deliveries: their rate beside bare asyncio transports, and how it depends on the concurrency."""

import statistics
import time
from collections.abc import Iterable, Mapping

from benches.bare_sender import CONNECTIONS, send_bare, sink
from benches.figures import RunSize, print_figures
from benches.served import EVENT, Served, served
from frontsim import catalog
from frontsim.payloads.making.factory import Payloads
from frontsim.settings import Settings


def deliver(simulator: Served, count: int, event: str = EVENT) -> Mapping[str, float]:
    """Raise and deliver `count` events; gives the rate and the processor time for each thousand."""
    cpu_s, began = simulator.cpu_s(), time.perf_counter()
    simulator.trigger(count, event)
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


def bench_deliveries(*, size: RunSize) -> None:
    """Durable deliveries: unique payloads, each event committed before its delivery, each outcome after it."""
    body = Payloads(catalog.load(), seed=1).build(EVENT, 1).body
    with sink() as url, served("--concurrency", str(CONNECTIONS)) as simulator:
        webhook = simulator.subscribe(url)
        deliver(simulator, size.warm_up)
        small = best(deliver(simulator, size.deliveries) for _ in range(size.times))
        bare = best(send_bare(url, body, size.deliveries) for _ in range(size.times))
        print_figures("bare asyncio transports to the same sink", **bare, concurrency=CONNECTIONS)
        share = small["perSecond"] / bare["perSecond"]
        logged = size.warm_up + size.times * size.deliveries
        print_figures("durable deliveries", **small, ofBare=share, events=logged, concurrency=CONNECTIONS)
        print_figures("memory MB", rss=simulator.rss_mb(), peak=simulator.rss_mb("VmHWM"), events=logged)
        entries = simulator.events(webhook, "includeRuns=true")
        took = sorted(entry["runs"][0]["durationMs"] for entry in entries)
        print_figures(
            "delivery latency ms", p50=statistics.median(took), p99=took[len(took) * 99 // 100], concurrency=CONNECTIONS
        )
        if size.large:
            simulator.trigger(size.large - logged)
            simulator.drain()
            print_figures("memory MB", rss=simulator.rss_mb(), peak=simulator.rss_mb("VmHWM"), events=size.large)
            large = best(deliver(simulator, size.deliveries) for _ in range(size.times))
            print_figures("durable deliveries", **large, events=size.large, concurrency=CONNECTIONS)
            before = small["cpuSecondsPer1000"]  # counted in ticks of the system's clock: a tiny run may cost none
            print_figures(
                f"cost of a delivery at {size.large:,} logged events, of that before",
                ratio=large["cpuSecondsPer1000"] / before if before else None,
            )


def bench_concurrency(*, size: RunSize) -> None:
    """Durable deliveries with few in flight: as many as by default, four, and one; the ceiling is that of 256."""
    body = Payloads(catalog.load(), seed=1).build(EVENT, 1).body
    for concurrency in (Settings().concurrency, 4, 1):
        with sink() as url, served("--concurrency", str(concurrency)) as simulator:
            simulator.subscribe(url)
            deliver(simulator, size.warm_up)
            count = min(size.deliveries, 1_000 * concurrency)
            found = best(deliver(simulator, count) for _ in range(size.times))
            bare = best(send_bare(url, body, size.deliveries) for _ in range(size.times))
            print_figures(
                "durable deliveries", **found, ofBare=found["perSecond"] / bare["perSecond"], concurrency=concurrency
            )
