"""A simulator in a separate process, as a user starts it, with its processor time and memory."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson

FRONTSIM = (sys.executable, "-m", "frontsim.cli.main")
EVENT = "SaleCreated"
CALL = 5_000
"""Events that one call raises."""
ALWAYS = "from=2000-01-01&to=2100-01-01"


class Served:
    """A simulator in a separate process, as a user starts it."""

    def __init__(self, db: Path, *options: str, program: Sequence[str] = FRONTSIM) -> None:
        self.db = db
        command = [*program, "serve", "--quiet", "--port", "0", "--db", str(db), *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        words = self.process.stdout.readline().split()
        urls = [word for word in words if word.startswith("http")]
        if not urls:
            sys.exit("frontsim serve did not start; standard error says why")
        self.base_url = urls[0]
        parts = urlsplit(self.base_url)
        self.http = httpx.Client(
            base_url=f"{parts.scheme}://{parts.netloc}", headers={"x-api-key": "bench"}, timeout=600, trust_env=False
        )

    def subscribe(self, url: str, event: str = EVENT) -> str:
        """Create a webhook, and return its id."""
        return str(self.http.post("/api/webhooks", json={"event": event, "url": url}).raise_for_status().json()["id"])

    def trigger(self, count: int, event: str = EVENT) -> None:
        """Raise `count` events."""
        for start in range(0, count, CALL):
            some = min(CALL, count - start)
            self.http.post("/_sim/trigger", json={"event": event, "count": some}).raise_for_status()

    def events(self, webhook: str, query: str) -> list[Any]:
        """List the webhook's events."""
        answer = self.http.get(f"/api/webhooksevents/{webhook}?{ALWAYS}&{query}").raise_for_status()
        listed: list[Any] = orjson.loads(answer.content)
        return listed

    def drain(self) -> None:
        """Wait until every event is delivered and logged."""
        assert self.http.post("/_sim/drain", json={"timeoutS": 3600}).json() == {"drained": True}

    def cpu_s(self) -> float:
        """Seconds of processor time so far, with those of the process that builds its payloads."""
        ticks = 0
        for folder in self._processes():
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def loop_cpu_s(self) -> float:
        """Seconds of processor time of its event loop, which is its first thread."""
        pid = self.process.pid
        return int(Path(f"/proc/{pid}/task/{pid}/schedstat").read_text().split()[0]) / 1e9

    def rss_mb(self, which: str = "VmRSS") -> float:
        """Its memory, with that of the process that builds its payloads: now, or `VmHWM` for the peak."""
        lines = [line for folder in self._processes() for line in (folder / "status").read_text().splitlines()]
        return sum(int(line.split()[1]) for line in lines if line.startswith(which)) / 1024

    def _processes(self) -> list[Path]:
        """Its folder in /proc, and those of its child processes."""
        proc, own = Path("/proc"), Path(f"/proc/{self.process.pid}")
        children = [(thread / "children").read_text().split() for thread in (own / "task").iterdir()]
        return [own, *(proc / child for each in children for child in each)]

    def stop(self) -> None:
        """End it as Ctrl-C does."""
        self.http.close()
        self.process.send_signal(signal.SIGINT)
        self.process.wait(30)
        assert self.process.stdout is not None
        self.process.stdout.close()


@contextmanager
def served(*options: str, program: Sequence[str] = FRONTSIM) -> Iterator[Served]:
    """A simulator with a new log file and these options."""
    with tempfile.TemporaryDirectory(prefix="frontsim-bench-") as folder:
        simulator = Served(Path(folder) / "log.db", *options, program=program)
        try:
            yield simulator
        finally:
            simulator.stop()
