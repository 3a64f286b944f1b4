"""Every figure that the README states, as JSON lines, each with its ceiling measured in the same run.

    python loadtests/bench.py                    all of them, about two minutes
    python loadtests/bench.py deliveries list    some of them
    python loadtests/bench.py --full             with 1,000,000 events in the log, some ten minutes

Machines differ, and this one may be busy: compare the ratios within one run, not the rates of two. Where the time
of a delivery goes: `bench.py shares` measures the parts, each by itself; for a profile of the whole,
`py-spy record --gil --threads --pid PID` beside a simulator under load (what holds Python's lock bounds the rate).
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit
from uuid import UUID

import httptools
import httpx
import orjson
import uvloop

from simulator import catalog
from simulator.payloads.factory import Payloads

HERE = Path(__file__).parent
FRONTSIM = (sys.executable, "-m", "simulator.cli.main")
EVENT = "SaleCreated"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
CALL = 5_000
"""Events that a call raises."""
WARM_UP = 2_000
DELIVERIES = 20_000
TIMES = 3
"""How often a rate is measured; the best counts, for whatever else the machine does only makes it worse."""
LANES = 256
ALWAYS = "from=2000-01-01&to=2100-01-01"


def tell(bench: str, **figures: Any) -> None:
    """One JSON line."""
    rounded = {name: float(f"{value:.4g}") if isinstance(value, float) else value for name, value in figures.items()}
    print(json.dumps({"bench": bench, **rounded}), flush=True)


class _Sink(asyncio.Protocol):
    """Answers 200 to every request, and does nothing else."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        self._transport = cast("asyncio.Transport", transport)
        self._parser = httptools.HttpRequestParser(self)

    def data_received(self, data: bytes) -> None:
        """Parse."""
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        """Answer."""
        self._transport.write(ANSWER)


def _serve_sink(told: Any) -> None:
    async def serve() -> None:
        server = await asyncio.get_running_loop().create_server(_Sink, "127.0.0.1", 0)
        told.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    uvloop.run(serve())


@contextmanager
def sink() -> Iterator[str]:
    """A receiver that costs next to nothing, in a process of its own; yields its URL."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=_serve_sink, args=(theirs,), daemon=True)
    process.start()
    theirs.close()  # so that a sink that cannot start ends in an error, not in silence
    try:
        yield f"http://127.0.0.1:{ours.recv()}/hook"
    finally:
        process.kill()
        process.join()


class _BareSender(asyncio.Protocol):
    """The ceiling: sends the next request when the answer to the last one is here; no log, no parsing, no payloads."""

    def __init__(self, request: bytes, count: int) -> None:
        self._request = request
        self._left = count
        self._seen = 0
        self.over = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Send the next."""
        self._seen += len(data)
        if self._seen < len(ANSWER):
            return
        self._seen = 0
        self._left -= 1
        if self._left:
            self._transport.write(self._request)
        else:
            self._transport.close()
            self.over.set_result(None)


def send_bare(url: str, count: int) -> Mapping[str, float]:
    """Send one real payload `count` times over `LANES` bare transports; the rate, and what each thousand cost."""
    parts = urlsplit(url)
    body = Payloads(catalog.load(), seed=1).build(EVENT, 1).body
    request = b"POST %b HTTP/1.1\r\nHost: %b\r\nContent-Length: %d\r\n\r\n%b" % (
        parts.path.encode(), parts.netloc.encode(), len(body), body,
    )  # fmt: skip
    each = count // LANES

    async def send() -> None:
        loop = asyncio.get_running_loop()
        made = [
            await loop.create_connection(lambda: _BareSender(request, each), parts.hostname, parts.port)
            for _ in range(LANES)
        ]
        await asyncio.gather(*(sender.over for _, sender in made))

    cpu_s, began = time.process_time(), time.perf_counter()
    uvloop.run(send())
    wall_s, sent = time.perf_counter() - began, each * LANES
    return {"perSecond": sent / wall_s, "cpuSecondsPer1000": (time.process_time() - cpu_s) / sent * 1000}


class Served:
    """A simulator in a process of its own, as a user starts it."""

    def __init__(self, db: Path, *options: str) -> None:
        command = [*FRONTSIM, "serve", "--port", "0", "--db", str(db), *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        words = self.process.stdout.readline().split()
        urls = [word for word in words if word.startswith("http")]
        if not urls:
            sys.exit("frontsim serve did not start; what it said stands above")
        self.base_url = urls[0]
        parts = urlsplit(self.base_url)
        self.http = httpx.Client(
            base_url=f"{parts.scheme}://{parts.netloc}", headers={"x-api-key": "bench"}, timeout=600, trust_env=False
        )

    def subscribe(self, url: str, event: str = EVENT) -> str:
        """Returns the webhook's id."""
        return str(self.http.post("/api/webhooks", json={"event": event, "url": url}).raise_for_status().json()["id"])

    def trigger(self, count: int, event: str = EVENT) -> None:
        """Raise so many events."""
        for start in range(0, count, CALL):
            some = min(CALL, count - start)
            self.http.post("/_sim/trigger", json={"event": event, "count": some}).raise_for_status()

    def events(self, webhook: str, query: str) -> list[Any]:
        """What its log lists."""
        answer = self.http.get(f"/api/webhooksevents/{webhook}?{ALWAYS}&{query}").raise_for_status()
        listed: list[Any] = orjson.loads(answer.content)
        return listed

    def drain(self) -> None:
        """Wait until all are delivered and logged."""
        assert self.http.post("/_sim/drain", json={"timeoutS": 3600}).json() == {"drained": True}

    def cpu_s(self) -> float:
        """Seconds of processor time that it has used."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def rss_mb(self, which: str = "VmRSS") -> float:
        """Its memory: now, or `VmHWM` at its peak."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(next(line.split()[1] for line in status.splitlines() if line.startswith(which))) / 1024

    def stop(self) -> None:
        """End it as Ctrl-C does."""
        self.http.close()
        self.process.send_signal(signal.SIGINT)
        self.process.wait(30)
        assert self.process.stdout is not None
        self.process.stdout.close()


@contextmanager
def served(*options: str) -> Iterator[Served]:
    """A simulator on a file of its own, with these options."""
    with tempfile.TemporaryDirectory(prefix="frontsim-bench-") as folder:
        simulator = Served(Path(folder) / "log.db", *options)
        try:
            yield simulator
        finally:
            simulator.stop()


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


def bench_deliveries(*, full: bool) -> None:
    """Durable deliveries: unique payloads, each event committed before its delivery, each outcome after it."""
    with sink() as url, served("--concurrency", str(LANES)) as simulator:
        webhook = simulator.subscribe(url)
        deliver(simulator, WARM_UP)
        small = best(deliver(simulator, DELIVERIES) for _ in range(TIMES))
        bare = best(send_bare(url, DELIVERIES) for _ in range(TIMES))
        tell("bare asyncio transports to the same sink", **bare, lanes=LANES)
        share = small["perSecond"] / bare["perSecond"]
        logged = WARM_UP + TIMES * DELIVERIES
        tell("durable deliveries", **small, ofBare=share, events=logged, lanes=LANES)
        tell("memory MB", rss=simulator.rss_mb(), peak=simulator.rss_mb("VmHWM"), events=logged)
        entries = simulator.events(webhook, "includeRuns=true")
        took = sorted(entry["runs"][0]["durationMs"] for entry in entries)
        tell("delivery latency ms", p50=statistics.median(took), p99=took[len(took) * 99 // 100], lanes=LANES)
        if full:
            simulator.trigger(1_000_000 - logged)
            simulator.drain()
            tell("memory MB", rss=simulator.rss_mb(), peak=simulator.rss_mb("VmHWM"), events=1_000_000)
            large = best(deliver(simulator, DELIVERIES) for _ in range(TIMES))
            tell("durable deliveries", **large, events=1_000_000, lanes=LANES)
            tell(
                "cost of a delivery at 1,000,000 logged events, of that at 10,000",
                ratio=large["cpuSecondsPer1000"] / small["cpuSecondsPer1000"],
            )


def bench_list(*, full: bool) -> None:
    """`success=false` with 10,000 failed, beside the bare query and orjson on the same file."""
    count, failing = (1_000_000, 0.01) if full else (20_000, 0.5)
    with sink() as url, served("--concurrency", str(LANES)) as simulator:
        webhook = simulator.subscribe(url)
        simulator.http.post("/_sim/faults", json={"fault": "refuse", "probability": failing}).raise_for_status()
        simulator.trigger(count)
        simulator.drain()
        before_mb = simulator.rss_mb()
        asked_s, listed = _best_of(10, lambda: simulator.events(webhook, "success=false"))
        db = sqlite3.connect(f"file:{simulator.process.args[7]}?mode=ro", uri=True)  # type: ignore[index]
        bare_s, bare = _best_of(10, lambda: orjson.loads(_bare_list(db)))
        db.close()
        assert len(listed) == len(bare), (len(listed), len(bare))
        tell(
            "list success=false", seconds=asked_s, bareSqlSeconds=bare_s, ratio=asked_s / bare_s,
            events=count, listed=len(listed), grewMb=simulator.rss_mb() - before_mb,
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


def bench_start(*, full: bool) -> None:  # noqa: ARG001 - every bench takes it
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
        5,
        lambda: subprocess.run([sys.executable, "-m", "simulator.cli.main", "--help"], check=True, capture_output=True),
    )
    tell("frontsim --help", seconds=help_s)


def _script(name: str, *options: str) -> Callable[..., None]:
    """A bench in a file of its own."""

    def run(*, full: bool) -> None:  # noqa: ARG001 - every bench takes it
        script = HERE / f"bench_{name}.py"
        if script.exists():
            subprocess.run([sys.executable, str(script), *options], check=True)
        else:
            tell(name, skipped=f"no {script.name} here")

    return run


BENCHES: Mapping[str, Callable[..., None]] = {
    "start": bench_start,
    "deliveries": bench_deliveries,
    "list": bench_list,
    "shares": _script("shares"),
    "wire": _script("wire"),
    "payloads": _script("payloads", "--seconds", "0.2"),
    "schema": _script("schema"),
}
"""Every bench, in the order in which they run."""


def main() -> None:
    """Run the benches that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench", nargs="*", choices=[[], *BENCHES], help="all by default")
    parser.add_argument("--full", action="store_true", help="with 1,000,000 events in the log")
    options = parser.parse_args()
    for name in options.bench or BENCHES:
        BENCHES[name](full=options.full)


if __name__ == "__main__":
    main()
