"""Every figure that docs/explanation/speed.md states, as JSON lines, each with its ceiling measured in the same run.

    python loadtests/bench.py                    all benches, about two minutes
    python loadtests/bench.py deliveries list    some of them
    python loadtests/bench.py hostile            a good destination beside each hostile one, some five minutes
    python loadtests/bench.py followers          deliveries beside followers of the stream, a minute
    python loadtests/bench.py restart            200,000 events that waited when the simulator started, two minutes
    python loadtests/bench.py page               the web page on 1,000,000 events, in Chromium, some five minutes
    python loadtests/bench.py senders            what further sender processes could gain at most
    python loadtests/bench.py health_latency     how long a short call takes beside heavy ones, a minute
    python loadtests/bench.py verify             whole runs of verify, by the kind of receiver, some eight minutes
    python loadtests/bench.py --full             with 1,000,000 events in the log, some ten minutes
    python loadtests/bench.py --tiny             only shows that they run: the figures mean nothing

Machines differ, and yours may be busy: compare the ratios within one run, not the rates of two. `bench.py shares`
measures each part of a delivery alone. To profile the whole, run `py-spy record --gil --threads --pid PID` beside a
simulator under load: the work that holds Python's lock limits the rate.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from benches.deliveries import bench_concurrency, bench_deliveries
from benches.figures import FULL, TINY, USUAL, RunSize
from benches.listing import bench_list
from benches.start import bench_start

HERE = Path(__file__).parent


def _script(name: str, *options: str, tiny: Sequence[str]) -> Callable[..., None]:
    """A bench in a separate process: its options, and those for --tiny."""

    def run(*, size: RunSize) -> None:
        command = [sys.executable, "-m", f"benches.{name}", *(tiny if size.tiny else options)]
        subprocess.run(command, check=True, env={**os.environ, "PYTHONPATH": str(HERE)})

    return run


BENCHES: Mapping[str, Callable[..., None]] = {
    "start": bench_start,
    "deliveries": bench_deliveries,
    "concurrency": bench_concurrency,
    "list": bench_list,
    "shares": _script("shares", tiny=["--deliveries", "400"]),
    "wire": _script("wire", tiny=["--seconds", "0.05"]),
    "payloads": _script("payloads", "--seconds", "0.2", tiny=["--seconds", "0.001"]),
    "neighbours": _script("neighbours", tiny=["--calls", "5", "--events", "40"]),
    "schema": _script("schema", tiny=["--seconds", "0.05"]),
    "leases": _script("lease_rate", tiny=["--seconds", "0.1"]),
    "hostile": _script("hostile", tiny=["--events", "20", "--kind", "endless one-byte chunks"]),
    "followers": _script("followers", tiny=["--events", "50", "--times", "1", "--followers", "2"]),
    "restart": _script("restart", tiny=["--events", "50", "--times", "1"]),
    "page": _script("page", tiny=["--events", "50", "--rate", "50", "--seconds", "0.2", "--visits", "1"]),
    "senders": _script("senders", tiny=["--events", "50", "--times", "1"]),
    "verify": _script("verify", tiny=["--kind", "quick", "--scenario", "steady"]),
    "health_latency": _script("health_latency", tiny=["--scale", "0.001", "--case", "20,000 plain events"]),
}
"""Every bench, in the order in which they run."""
LONG = ("hostile", "followers", "restart", "page", "senders", "verify", "health_latency")
"""Benches that run only when they are named."""


def main() -> None:
    """Run the named benches, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench", nargs="*", choices=[[], *BENCHES], help="the short ones by default")
    sizes = parser.add_mutually_exclusive_group()
    sizes.add_argument(
        "--full", dest="size", action="store_const", const=FULL, default=USUAL, help="with 1,000,000 events in the log"
    )
    sizes.add_argument("--tiny", dest="size", action="store_const", const=TINY, help="only shows that they run")
    options = parser.parse_args()
    for name in options.bench or [name for name in BENCHES if options.size.tiny or name not in LONG]:
        BENCHES[name](size=options.size)


if __name__ == "__main__":
    main()
