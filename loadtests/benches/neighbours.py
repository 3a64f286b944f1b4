"""The cost of the vendor's other operations, and of reads to the deliveries beside them.

    python -m benches.neighbours --calls 1000 --events 20000

The processor time of the simulator is counted, because the caller takes more of the wall clock than the simulator.
"""

import argparse
import http.client
import threading
from statistics import median
from urllib.parse import urlsplit

from benches.bare_sender import CONNECTIONS, sink
from benches.deliveries import deliver
from benches.figures import print_figures
from benches.served import Served, served

_EACH_S = 0.01  # between two reads beside deliveries
_READS = (
    "Stores",
    "Stock/list",
    "Stock/settings",
    "Stock/gtin/{gtin}",
    "Product/gtin/{gtin}",
    "Pricelist/gtin/{gtin}",
    "OmniChannel?orderNo={order}",
)


def cost_us(simulator: Served, path: str, calls: int) -> float:
    """The simulator's processor time for a call, in microseconds."""
    link = http.client.HTTPConnection(urlsplit(simulator.base_url).netloc)
    before = simulator.cpu_s()
    for _ in range(calls):
        link.request("GET", f"/api/{path}", headers={"x-api-key": "bench", "Ocp-Apim-Subscription-Key": "bench"})
        answer = link.getresponse()
        answer.read()
        assert answer.status == 200, (path, answer.status)
    return (simulator.cpu_s() - before) / calls * 1_000_000


def bench_reads(calls: int) -> None:
    """Each read beside that of the stores, in one run."""
    with served() as simulator:
        simulator.http.post("/_sim/simulate", json={"what": "endless-aisle-order"}).raise_for_status()
        size = simulator.http.post("/api/Stock", json={"useGTIN": True, "pageSize": 1}).json()[0]
        order = simulator.http.get("/api/OmniChannel/orders").json()["item1"][0]["orderNo"]
        stores = cost_us(simulator, "Stores", calls)
        for read in _READS:
            cost = cost_us(simulator, read.format(gtin=size["id"], order=order), calls)
            print_figures(f"GET /api/{read}", microseconds=cost, ofStores=cost / stores if stores else 0.0)


def bench_beside(events: int, event: str, times: int = 5) -> None:
    """Deliveries alone, and beside a hundred reads of stock a second, in turn in one simulator."""
    with sink() as url, served("--concurrency", str(CONNECTIONS)) as simulator:
        simulator.subscribe(url, event)
        deliver(simulator, events // 4, event)
        size = simulator.http.post("/api/Stock", json={"useGTIN": True, "pageSize": 1}).json()[0]
        alone, beside = [], []
        for _ in range(times):
            alone.append(deliver(simulator, events, event)["perSecond"])
            simulator.http.get(f"/api/Stock/gtin/{size['id']}").raise_for_status()  # has read what came without reads
            is_over = threading.Event()
            reader = threading.Thread(target=_read, args=(simulator, f"/api/Stock/gtin/{size['id']}", is_over))
            reader.start()
            beside.append(deliver(simulator, events, event)["perSecond"])
            is_over.set()
            reader.join()
        rate = median(beside)
        print_figures(f"{event} beside reads", perSecond=rate, ofAlone=rate / median(alone), events=events)


def _read(simulator: Served, path: str, is_over: threading.Event) -> None:
    link = http.client.HTTPConnection(urlsplit(simulator.base_url).netloc)
    while not is_over.wait(_EACH_S):
        link.request("GET", path, headers={"x-api-key": "bench", "Ocp-Apim-Subscription-Key": "bench"})
        link.getresponse().read()


def main() -> None:
    """Run both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=1_000, help="of each read")
    parser.add_argument("--events", type=int, default=20_000, help="delivered each time")
    options = parser.parse_args()
    bench_reads(options.calls)
    for event in ("SaleCreated", "StockMovementCreated"):
        bench_beside(options.events, event)


if __name__ == "__main__":
    main()
