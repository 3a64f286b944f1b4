"""The cost of followers of `/_sim/stream` to the deliveries, as JSON lines.

    cd loadtests && python -m benches.followers [--events 10000] [--times 3] [--followers 10 50 200]

`ofNone` is the rate of deliveries beside that many followers, of that without any, measured in turns; `ofNoneByCpu`
is the same by the simulator's processor time, which says more on a busy machine. The followers read all that comes, in
a separate process at the lowest priority. `received` is the share of the changes that the slowest of them got: a
follower that reads too slowly gets a `missed` event.
"""

import argparse
import asyncio
import multiprocessing
import os
import statistics
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import uvloop

from benches.bare_sender import sink
from benches.deliveries import deliver
from benches.figures import print_figures
from benches.served import Served, served

WARM_UP = 2_000
REQUEST = b"GET /_sim/stream HTTP/1.1\r\nHost: localhost\r\n\r\n"
CHANGE = b"\nevent: run.over\n"
PATIENCE_S = 10.0


class _Follower(asyncio.Protocol):
    """Counts the changes that it is sent."""

    def __init__(self) -> None:
        self.runs = 0
        self.follows = asyncio.get_running_loop().create_future()
        self._end = b""
        self._awaited, self._reached = 0, asyncio.Event()

    async def sees(self, runs: int) -> None:
        """Wait until that many changes have come."""
        self._awaited = runs
        if self.runs < runs:
            await self._reached.wait()

    def data_received(self, data: bytes) -> None:
        """Count the runs in what came."""
        if not self.follows.done():
            self.follows.set_result(None)
        text = self._end + data
        self.runs += text.count(CHANGE)
        self._end = text[-len(CHANGE) + 1 :]
        if self._awaited and self.runs >= self._awaited:
            self._reached.set()


def _follow(host: str, port: int, count: int, pipe: Any) -> None:
    """Follow with that many connections, until the bench asks how many changes each has got."""
    os.nice(19)

    async def follow() -> None:
        loop = asyncio.get_running_loop()
        followers = []
        for _ in range(count):
            transport, follower = await loop.create_connection(_Follower, host, port)
            transport.write(REQUEST)
            await follower.follows
            followers.append(follower)
        pipe.send(None)
        expected = await loop.run_in_executor(None, pipe.recv)
        await asyncio.wait([asyncio.create_task(each.sees(expected)) for each in followers], timeout=PATIENCE_S)
        pipe.send(min(each.runs for each in followers))

    uvloop.run(follow())


@contextmanager
def followers(simulator: Served, count: int) -> Iterator[Any]:
    """That many followers; yields a pipe that takes the number of runs, and gives how many the slowest has seen."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    parts = urlsplit(simulator.base_url)
    process = spawn.Process(target=_follow, args=(parts.hostname, parts.port, count, theirs), daemon=True)
    process.start()
    theirs.close()
    try:
        ours.recv()
        yield ours
    finally:
        process.kill()
        process.join()


def beside(count: int, events: int) -> Mapping[str, float]:
    """Deliver beside that many followers."""
    with sink() as url, served() as simulator:
        simulator.subscribe(url)
        deliver(simulator, min(WARM_UP, events))
        if not count:
            return {**deliver(simulator, events), "received": 1.0}
        with followers(simulator, count) as pipe:
            cost = deliver(simulator, events)
            pipe.send(events)
            return {**cost, "received": pipe.recv() / events}


def measured(counts: Sequence[int], *, events: int, times: int) -> Mapping[int, Mapping[str, float]]:
    """The medians by number of followers; every round measures each number once."""
    rounds = [{count: beside(count, events) for count in counts} for _ in range(times)]
    return {
        count: {name: statistics.median(each[count][name] for each in rounds) for name in rounds[0][count]}
        for count in counts
    }


def main() -> None:
    """Measure each number of followers, and print a line for it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--followers", type=int, nargs="+", default=[10, 50, 200])
    options = parser.parse_args()
    found = measured([0, *options.followers], events=options.events, times=options.times)
    none = found[0]
    for count, cost in found.items():
        by_cpu = none["cpuSecondsPer1000"] / cost["cpuSecondsPer1000"] if cost["cpuSecondsPer1000"] else None
        print_figures(
            f"deliveries beside {count} followers",
            **cost,
            ofNone=cost["perSecond"] / none["perSecond"],
            ofNoneByCpu=by_cpu,
        )


if __name__ == "__main__":
    main()
