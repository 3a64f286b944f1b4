"""The cost of each part of a durable delivery, measured alone in this process: JSON lines.

    cd loadtests && python -m benches.shares [--deliveries 10000]

    payload       build and serialise it: holds Python's lock
    log           write the event and its run, begin and end the run, commit twice: a third of it holds the lock
    bare sending  request and answer through bare asyncio transports: most of it holds the lock

The rest of a delivery's cost is the work that passes it from one part to the next.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import uvloop

from benches.bare_sender import send_bare, sink
from benches.figures import print_figures
from benches.served import EVENT
from frontsim import catalog
from frontsim.clock import Clock, Ids
from frontsim.domain.model import Delivery, Finished, Occurrence, Outcome, Result
from frontsim.payloads.making.factory import Payloads
from frontsim.store.event_log import EventLog

MANY = 10_000
WARM_UP = 2_000
AT_ONCE = 200  # events in one commit, as under load
OK = Result(Outcome.ANSWERED, "OK", 200, 1)


async def log(path: Path, occurrences: Sequence[Occurrence], count: int) -> None:
    """Log `count` events and their deliveries, `AT_ONCE` in a commit; each delivery ends as soon as it begins."""
    store = EventLog(path, clock=Clock(), ids=Ids(), concurrency=AT_ONCE, most_waiting=count)

    def deliver(deliveries: Sequence[Delivery]) -> None:
        for delivery in deliveries:
            store.finish(Finished(delivery, OK, 0))

    store.start(deliver)
    await store.subscribe(EVENT, "http://127.0.0.1:8500/hook", None)
    for first in range(1, count + 1, AT_ONCE):
        await store.accept(occurrences[:AT_ONCE], first)
    await store.idle()
    await store.close()


def cost(run: Callable[[], object], count: int) -> float:
    """Seconds of processor time per 1,000."""
    began = time.process_time()
    run()
    return (time.process_time() - began) / count * 1000


def parts(count: int) -> dict[str, float]:
    """Each part's cost, in seconds of processor time per 1,000 deliveries; `count` of them are measured."""
    factory = Payloads(catalog.load(), seed=1)
    made = [factory.build(EVENT, number) for number in range(min(count, WARM_UP))]
    found = {"payload": cost(lambda: [factory.build(EVENT, number) for number in range(count)], count)}
    with tempfile.TemporaryDirectory(prefix="frontsim-bench-") as folder:
        found["log"] = cost(lambda: uvloop.run(log(Path(folder) / "log.db", made, count)), count)
    with sink() as url:
        found["bareSending"] = send_bare(url, made[0].body, count)["cpuSecondsPer1000"]
    return found


def main() -> None:
    """Measure, and print the line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--deliveries", type=int, default=MANY, help=f"how many to measure ({MANY})")
    found = parts(parser.parse_args().deliveries)
    print_figures(
        "processor time of a delivery's parts", **{f"{name}CpuSecondsPer1000": part for name, part in found.items()}
    )


if __name__ == "__main__":
    main()
