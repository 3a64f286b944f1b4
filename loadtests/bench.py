"""Every figure that the README states, as JSON lines, each with its ceiling measured in the same run.

    python loadtests/bench.py                    all of them, about two minutes
    python loadtests/bench.py deliveries list    some of them
    python loadtests/bench.py --full             with 1,000,000 events in the log

Machines differ, and this one may be busy: compare the ratios within one run, not the rates of two.
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
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit
from uuid import UUID

import httptools
import httpx
import orjson
import uvloop

HERE = Path(__file__).parent
FRONTSIM = (sys.executable, "-m", "simulator.cli.main")
WARM_UP = 2_000
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
        self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


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
    try:
        yield f"http://127.0.0.1:{ours.recv()}/hook"
    finally:
        process.kill()
        process.join()


class Served:
    """A simulator in a process of its own, as a user starts it."""

    def __init__(self, db: Path, *options: str) -> None:
        command = [*FRONTSIM, "serve", "--port", "0", "--db", str(db), *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        words = self.process.stdout.readline().split()
        self.base_url = next(word for word in words if word.startswith("http"))
        parts = urlsplit(self.base_url)
        self.http = httpx.Client(
            base_url=f"{parts.scheme}://{parts.netloc}", headers={"x-api-key": "bench"}, timeout=600, trust_env=False
        )

    def subscribe(self, url: str, event: str = "SaleCreated") -> str:
        """Returns the webhook's id."""
        return str(self.http.post("/api/webhooks", json={"event": event, "url": url}).raise_for_status().json()["id"])

    def trigger(self, count: int, event: str = "SaleCreated") -> None:
        """Raise so many events."""
        for start in range(0, count, 100_000):
            some = min(100_000, count - start)
            self.http.post("/_sim/trigger", json={"event": event, "count": some}).raise_for_status()

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


def bench_deliveries(*, full: bool) -> None:
    """Durable deliveries: unique payloads, each event committed before its delivery, each outcome after it."""
    with sink() as url, served("--concurrency", str(LANES)) as simulator:
        webhook = simulator.subscribe(url)
        deliver(simulator, WARM_UP)
        small = deliver(simulator, 40_000)
        tell("durable deliveries", **small, events=40_000, lanes=LANES)
        entries = simulator.http.get(f"/api/webhooksevents/{webhook}?{ALWAYS}&includeRuns=true").json()
        took = sorted(entry["runs"][0]["durationMs"] for entry in entries)
        tell("delivery latency ms", p50=statistics.median(took), p99=took[len(took) * 99 // 100], lanes=LANES)
        tell("memory MB", rss=simulator.rss_mb(), peak=simulator.rss_mb("VmHWM"), events=len(entries))
        if full:
            simulator.trigger(1_000_000 - len(entries))
            simulator.drain()
            tell("memory MB", rss=simulator.rss_mb(), peak=simulator.rss_mb("VmHWM"), events=1_000_000)
            large = deliver(simulator, 40_000)
            tell("durable deliveries", **large, events=1_000_000, lanes=LANES)
            tell(
                "cost of a delivery at 1,000,000 logged events, of that at 10,000",
                ratio=large["cpuSecondsPer1000"] / small["cpuSecondsPer1000"],
            )


def bench_list(*, full: bool) -> None:
    """`success=false` with 1 % failed, beside the bare query and orjson on the same file."""
    count = 1_000_000 if full else 100_000
    with sink() as url, served("--concurrency", str(LANES)) as simulator:
        webhook = simulator.subscribe(url)
        simulator.http.post("/_sim/faults", json={"fault": "refuse", "probability": 0.01}).raise_for_status()
        simulator.trigger(count)
        simulator.drain()
        before_mb = simulator.rss_mb()
        asked_s, listed = _best_of(
            5, lambda: simulator.http.get(f"/api/webhooksevents/{webhook}?{ALWAYS}&success=false").json()
        )
        db = sqlite3.connect(f"file:{simulator.process.args[7]}?mode=ro", uri=True)  # type: ignore[index]
        bare_s, bare = _best_of(5, lambda: orjson.loads(_bare_list(db)))
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


def _script(name: str) -> Callable[..., None]:
    def run(*, full: bool) -> None:  # noqa: ARG001 - every bench takes it
        subprocess.run([sys.executable, str(HERE / f"bench_{name}.py")], check=True)

    return run


BENCHES: Mapping[str, Callable[..., None]] = {
    "start": bench_start,
    "deliveries": bench_deliveries,
    "list": bench_list,
    "wire": _script("wire"),
    "payloads": _script("payloads"),
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
