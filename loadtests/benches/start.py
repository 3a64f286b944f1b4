"""How long a start, the first delivery, a stop and `--help` take."""

import subprocess
import time

from benches.bare_sender import sink
from benches.figures import RunSize, best_of, print_figures
from benches.served import FRONTSIM, served


def bench_start(*, size: RunSize) -> None:
    """Time from the command to the first delivered event, of Ctrl-C, and of `--help`."""
    with sink() as url:
        began = time.perf_counter()
        with served() as simulator:
            ready_s = time.perf_counter() - began
            simulator.subscribe(url)
            simulator.trigger(1)
            simulator.drain()
            print_figures("start", readySeconds=ready_s, firstDeliveredSeconds=time.perf_counter() - began)
            began = time.perf_counter()
        print_figures("Ctrl-C", seconds=time.perf_counter() - began)
    help_s, _ = best_of(
        size.times,
        lambda: subprocess.run([*FRONTSIM, "--help"], check=True, capture_output=True),
    )
    print_figures("frontsim --help", seconds=help_s)
