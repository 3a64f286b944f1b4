"""How long `/_sim/health` takes while heavy calls run, as JSON lines: no call may hold up the others.

    cd loadtests && python -m benches.health_latency [--scale 1.0] [--case NAME]...

A separate process asks for the simulator's health every 5 ms on a connection that stays open, while one heavy call
runs. `max` and `p99` are milliseconds; `idle` is the longest answer before the call, which tells how busy the
machine is.
"""

import argparse
import http.client
import multiprocessing
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from benches.bare_sender import sink
from benches.figures import print_figures
from benches.hostile import receiver
from benches.served import ALWAYS, EVENT, Served, served

STEP_S = 0.005
IDLE_S = 0.5
MB = 1_000_000
MOST = 99_000
"""Values of a body, about: a thousand fewer than are taken."""


def _text(size: int) -> dict[str, Any]:
    return {"text": "x" * size}


def _numbers(values: int) -> dict[str, Any]:
    return {"numbers": [[number, {"n": number}] for number in range(values // 4)]}


def _empty_lists(values: int) -> dict[str, Any]:
    return {"lists": [[]] * (values // 2)}


def _trigger(simulator: Served, *, status: int = 202, event: str = EVENT, **fields: Any) -> None:
    answer = simulator.http.post("/_sim/trigger", json={"event": event, **fields})
    assert answer.status_code == status, answer.text


Case = Callable[[Served, float], object]
"""A heavy call of a simulator, with the scale of its number of events."""


def _once(call: Callable[[Served], object]) -> Case:
    """A call that is the same at any scale."""
    return lambda simulator, _: call(simulator)


def _custom(make: Callable[[int], dict[str, Any]], size: int, count: int) -> Case:
    def trigger(simulator: Served, scale: float) -> None:
        _trigger(simulator, count=max(1, int(count * scale)), payload=make(size), invalid=True)

    return trigger


def _set_lists(simulator: Served, scale: float) -> None:
    _trigger(simulator, count=max(1, int(100 * scale)), set={"extId": [[]] * (MOST // 2)}, invalid=True)


def _record(simulator: Served, scale: float) -> None:
    for _ in range(max(1, int(100 * scale))):
        simulator.http.post("/_sim/sink/erp", json=_empty_lists(MOST)).raise_for_status()


def _too_many(simulator: Served) -> None:
    _trigger(simulator, status=413, payload=_empty_lists(6 * MB))


def _set(simulator: Served, scale: float) -> None:
    _trigger(simulator, count=max(1, int(5_000 * scale)), set={"extId": "x"})


def _refused(make: Callable[[int], dict[str, Any]], size: int) -> Case:
    return _once(lambda simulator: _trigger(simulator, status=422, payload=make(size)))


def _wrong_lines(values: int) -> dict[str, Any]:
    return {"salesLines": [{"n": number} for number in range(values // 2)]}


def _simulate(simulator: Served, scale: float) -> None:
    simulator.http.post("/_sim/simulate", json={"what": "sale", "count": max(1, int(1_000 * scale))}).raise_for_status()


def _plain(simulator: Served, scale: float) -> None:
    _trigger(simulator, count=max(1, int(20_000 * scale)))


def _adversarial(simulator: Served, scale: float) -> None:
    _trigger(simulator, count=max(1, int(2_000 * scale)), payloads="adversarial")


def _reset(simulator: Served) -> None:
    (webhook,) = simulator.http.get("/api/Webhooks").json()
    simulator.http.post("/_sim/reset").raise_for_status()
    simulator.subscribe(webhook["url"])


def _list(simulator: Served) -> None:
    for webhook in simulator.http.get("/api/Webhooks").json():
        query = f"{ALWAYS}&includePayload=true&includeRuns=true"
        with simulator.http.stream("GET", f"/api/webhooksevents/{webhook['id']}?{query}") as answer:
            for _ in answer.iter_raw():
                pass


def _unanswered(simulator: Served, scale: float) -> None:
    """Deliveries that are read back from the log, time out together, and make room for the next ones."""
    with receiver("never answers") as (url, _):
        webhook = simulator.subscribe(url, "CustomerCreated")
        count = max(1, int(80 * scale))
        _trigger(simulator, event="CustomerCreated", count=count, payload=_text(5 * MB), invalid=True)
        simulator.drain()
        simulator.http.delete(f"/api/Webhooks/{webhook}").raise_for_status()


def _at_once(number: int, call: Callable[[Served], object]) -> Case:
    """So many callers make a call at the same time, each on a separate connection."""

    def calls(simulator: Served, scale: float) -> None:
        with ThreadPoolExecutor(number) as callers:
            for _ in callers.map(lambda _: call(simulator), range(max(1, int(number * scale)))):
                pass

    return calls


def _record_text(simulator: Served) -> None:
    simulator.http.post("/_sim/sink/shop", json=_text(10 * MB)).raise_for_status()


def _read_sink(simulator: Served) -> None:
    with simulator.http.stream("GET", "/_sim/sink/shop") as answer:
        for _ in answer.iter_raw():
            pass


def _lease(simulator: Served) -> None:
    simulator.http.post("/_sim/leases", json={"event": EVENT, "count": 10_000}).raise_for_status()


CASES: Mapping[str, Case] = {
    "400 payloads of 1 MB of text": _custom(_text, MB, 400),
    "list them with payloads": _once(_list),
    "drain them": _once(Served.drain),
    "150 payloads of 5 MB of text": _custom(_text, 5 * MB, 150),
    "list all of them with payloads": _once(_list),
    "drain all of them": _once(Served.drain),
    "reset the log of them": _once(_reset),
    "80 payloads of 5 MB to a receiver that never answers": _unanswered,
    "100 payloads of 99,000 values in numbers": _custom(_numbers, MOST, 100),
    "100 payloads of 99,000 values in empty lists": _custom(_empty_lists, MOST, 100),
    "100 payloads with 99,000 values set": _set_lists,
    "100 records of 99,000 values in a sink": _record,
    "a refused trigger of 6,000,000 values": _once(_too_many),
    "5,000 payloads with a value set": _set,
    "a first invalid payload of 1 kB": _refused(_text, 1_000),
    "an invalid payload of 9 MB of text": _refused(_text, 9 * MB),
    "an invalid payload of 99,000 values in numbers": _refused(_numbers, MOST),
    "an invalid payload of 49,500 wrong lines": _refused(_wrong_lines, MOST),
    "1,000 simulated sales": _simulate,
    "20,000 plain events": _plain,
    "2,000 adversarial events": _adversarial,
    "drain all": _once(Served.drain),
    "list all": _once(_list),
    "reset": _once(_reset),
    "25 records of 10 MB in a sink at once": _at_once(25, _record_text),
    "10 readers of a sink of 250 MB": _at_once(10, _read_sink),
    "5 leases of 10,000 at once": _at_once(5, _lease),
    "reset the leases": _once(_reset),
}


@dataclass(frozen=True, slots=True)
class Prober:
    """Asks for the health in a separate process."""

    pipe: Any

    def begin(self) -> None:
        """Begin a measurement."""
        self.pipe.send("begin")

    def end(self) -> list[float]:
        """End it: milliseconds of each answer, in order."""
        self.pipe.send("end")
        took: list[float] = sorted(self.pipe.recv())
        return took


def _probe(host: str, port: int, pipe: Any) -> None:
    link = http.client.HTTPConnection(host, port, timeout=600)
    pipe.send("ready")
    while pipe.recv():
        took: list[float] = []
        while not pipe.poll():
            began = time.perf_counter()
            link.request("GET", "/_sim/health")
            link.getresponse().read()
            took.append((time.perf_counter() - began) * 1000)
            time.sleep(STEP_S)
        pipe.recv()
        pipe.send(took)


@contextmanager
def prober(simulator: Served) -> Iterator[Prober]:
    """A prober of that simulator."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    parts = urlsplit(simulator.base_url)
    process = spawn.Process(target=_probe, args=(parts.hostname, parts.port, theirs), daemon=True)
    process.start()
    theirs.close()
    try:
        ours.recv()
        yield Prober(ours)
    finally:
        process.kill()
        process.join()


def measure(name: str, simulator: Served, probes: Prober, scale: float) -> None:
    """Make one heavy call, and print what it did to the health."""
    probes.begin()
    threading.Event().wait(IDLE_S)
    idle = probes.end()
    began = time.perf_counter()
    probes.begin()
    CASES[name](simulator, scale)
    took = probes.end()
    print_figures(
        f"health during: {name}",
        max=max(took, default=None),
        p99=took[len(took) * 99 // 100] if took else None,
        idle=max(idle, default=None),
        seconds=time.perf_counter() - began,
    )


def main() -> None:
    """Measure each case, and print a line for it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=1.0, help="of the numbers of events")
    parser.add_argument("--case", action="append", choices=CASES, help="repeatable; all by default")
    options = parser.parse_args()
    with sink() as url, served("--max-waiting", "1000000", "--timeout", "2") as simulator, prober(simulator) as probes:
        simulator.subscribe(url)
        for name in options.case or CASES:
            measure(name, simulator, probes, options.scale)


if __name__ == "__main__":
    main()
