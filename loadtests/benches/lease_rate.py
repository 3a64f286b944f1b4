"""How many deliveries a second the simulator leases out, beside the ceiling of a bare sink: one JSON line each.

    cd loadtests && python -m benches.lease_rate [--seconds 5] [--count 500] [--takers 2]

Each taker leases a batch and reports it, as a Locust worker does, and sends nothing. The simulator builds the payloads,
commits every event before it leases it out, and commits every outcome afterwards.
"""

import argparse
import json
import multiprocessing
import threading
import time
from collections.abc import Mapping

import uvloop

from benches.wire import HEADERS, bare, sink
from frontsim.client.control import DeliveryReport, Simulator
from frontsim.client.http import FrontSystems
from frontsim.domain.model import Outcome
from frontsim.load.plan import DAY_MIX
from frontsim.load.setup import start_simulator

NO_RECEIVER = "http://127.0.0.1:9/hook"
IN_FLIGHT = 64
BODY = b'{"x":"' + b"x" * 1192 + b'"}'


def lease_and_report(seconds: float, *, count: int, takers: int, mix: Mapping[str, float]) -> tuple[int, float]:
    """Deliveries leased and reported, and the seconds that they took."""
    address, stop = start_simulator(seed=1, answer_s=10)
    try:
        with FrontSystems(address.base_url, api_key="k", subscription_key="s") as api:
            for event in mix:
                api.create_webhook(event, NO_RECEIVER)
        counts = [0] * takers
        began = time.perf_counter()

        def take(place: int) -> None:
            with Simulator(address.control_url) as simulator:
                while time.perf_counter() < began + seconds:
                    deliveries = simulator.lease(mix, count=count)
                    reports = [DeliveryReport(each, Outcome.ANSWERED, 200, 1) for each in deliveries]
                    simulator.report_lease(deliveries[0].lease_id, reports)
                    counts[place] += len(deliveries)

        threads = [threading.Thread(target=take, args=(place,)) for place in range(takers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sum(counts), time.perf_counter() - began
    finally:
        stop()


def ceiling(seconds: float) -> float:
    """Requests a second that bare transports send to a bare sink."""
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=sink, args=(theirs,))
    process.start()
    try:
        request = b"POST /hooks HTTP/1.1\r\nHost: 127.0.0.1\r\n" + HEADERS
        request += b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY
        ours.send(len(request))
        return uvloop.run(bare(ours.recv(), request, IN_FLIGHT, seconds)) / seconds
    finally:
        ours.send(None)
        process.join(5)
        process.kill()


def main() -> None:
    """Measure leases of the day's mix and of sales alone, and the ceiling."""
    parser = argparse.ArgumentParser(description="How many deliveries a second the simulator leases out.")
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--count", type=int, default=500, help="deliveries in a lease")
    parser.add_argument("--takers", type=int, default=2, help="clients that lease at once")
    options = parser.parse_args()
    most = ceiling(min(options.seconds, 3.0))
    for name, mix in (("day", DAY_MIX), ("SaleCreated", {"SaleCreated": 1.0})):
        number, wall_s = lease_and_report(options.seconds, count=options.count, takers=options.takers, mix=mix)
        rate = number / wall_s
        line = {"bench": "leases", "mix": name, "count": options.count, "takers": options.takers}
        print(json.dumps({**line, "perSecond": round(rate), "ofBareSink": round(rate / most, 3)}), flush=True)
    print(json.dumps({"bench": "bare sink", "perSecond": round(most)}))


if __name__ == "__main__":
    main()
