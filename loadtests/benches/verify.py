"""How long `frontsim verify` takes with its default budget, by the kind of receiver: seconds, and processor time.

    quick     the reference receiver
    lossy     the broken receiver ok-on-exception, which verify must find
    batch     right: it acknowledges at once, and books every 8 s
    cached    right: it books at once, and shows its effects as they were up to 5 s ago
    serial    right: it takes one event at a time, and 0.3 s for each
    journal   right: it books at once, and shows the payload with each effect
    filled    the same, with 20,000 effects of earlier runs (45 MB) in its list

python loadtests/bench.py verify, or python -m benches.verify --kind batch in loadtests/
"""

import argparse
import contextlib
import json
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from benches.figures import print_figures
from benches.served import FRONTSIM

BATCH_S, CACHE_S, SERIAL_S = 8.0, 5.0, 0.3
EARLIER = 20_000
"""Effects that were there before the run."""


def earlier_effect(number: int) -> bytes:
    """An effect of an earlier run, with a payload of a sale's size and shape."""
    lines = [{"rowId": str(line), "gtin": f"70{number:011}", "price": 99.5, "text": "x" * 200} for line in range(8)]
    payload = {"saleId": number, "total": 796.0, "salesLines": lines}
    return json.dumps({"webhookEventId": f"earlier-{number}", "payload": payload}).encode()


class Journal:
    """Effects with their payloads, as JSON that is ready to be sent: a list that costs the receiver little to show."""

    def __init__(self, number: int) -> None:
        self._lock = threading.Lock()
        self._ids: set[str] = set()
        self._parts = bytearray(b",".join(map(earlier_effect, range(number))))

    def take(self, event_id: str, body: bytes) -> None:
        effect = b'{"webhookEventId": %b, "payload": %b}' % (json.dumps(event_id).encode(), body)
        with self._lock:
            if event_id not in self._ids:
                self._ids.add(event_id)
                self._parts += b"," + effect if self._parts else effect

    def shown(self) -> bytes:
        with self._lock:
            return b"[" + self._parts + b"]"


class BookedEffects:
    """Events that a receiver has taken, booked and shows: by event id, so that a repeat is booked once."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._lock = threading.Lock()
        self._taken: dict[str, None] = {}
        self._shown: bytes = b"[]"
        self._shown_s = 0.0

    def take(self, event_id: str, _: bytes) -> None:
        with self._lock:
            if self._kind == "serial":
                time.sleep(SERIAL_S)
            self._taken[event_id] = None

    def shown(self) -> bytes:
        """The booked ids. What is a batch to the receiver is a cache to who looks: both change now and then."""
        every_s = {"batch": BATCH_S, "cached": CACHE_S}.get(self._kind, 0.0)
        with self._lock:
            now = time.monotonic()
            if now - self._shown_s >= every_s:
                self._shown_s = now - now % every_s if every_s else now
                self._shown = json.dumps([{"webhookEventId": each} for each in self._taken]).encode()
            return self._shown


def _handler(books: BookedEffects | Journal) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            try:
                json.loads(body)
                is_json = self.headers.get("Content-Type", "").startswith("application/json")
            except ValueError:
                is_json = False
            if is_json:
                books.take(self.headers["X-Webhook-Event-Id"], body)
            self._answer(200 if is_json else 400, b"")

        def do_GET(self) -> None:
            self._answer(200, books.shown())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler


class _BenchServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, *_: object) -> None:
        """A sender that hangs up is what a scenario is about."""


@contextlib.contextmanager
def served(books: BookedEffects | Journal) -> Iterator[str]:
    """A right receiver with these books; its URL."""
    with _BenchServer(("127.0.0.1", 0), _handler(books)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


@contextlib.contextmanager
def bundled(variant: str) -> Iterator[str]:
    """Our receiver in a separate process; its URL."""
    with tempfile.TemporaryDirectory(prefix="frontsim-bench-") as folder:
        command = [sys.executable, "-m", "frontsim.subjects.serve", "--db", f"{folder}/r.db", "--variant", variant]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            try:
                yield json.loads(process.stdout.readline())["url"].removesuffix("/hook")
            finally:
                process.terminate()


KINDS: dict[str, Callable[[], contextlib.AbstractContextManager[str]]] = {
    "quick": lambda: bundled("reference"),
    "lossy": lambda: bundled("ok-on-exception"),
    "batch": lambda: served(BookedEffects("batch")),
    "cached": lambda: served(BookedEffects("cached")),
    "serial": lambda: served(BookedEffects("serial")),
    "journal": lambda: served(Journal(0)),
    "filled": lambda: served(Journal(EARLIER)),
}


def verified(url: str, *options: str) -> dict[str, object]:
    """One run: its seconds, its processor time, and what came of how many scenarios."""
    with tempfile.TemporaryDirectory(prefix="frontsim-bench-") as folder:
        report = Path(folder) / "report.json"
        command = [*FRONTSIM, "verify", "--receiver", f"{url}/hook", "--observe-url", f"{url}/effects"]
        began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([*command, "--seed", "5", "--json", str(report), *options], check=False, capture_output=True)
        seconds, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
        found = json.loads(report.read_text())
    verdicts = [each["verdict"] for each in found["scenarios"]]
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    counts = {each: verdicts.count(each) for each in sorted(set(verdicts))}
    return {"seconds": seconds, "cpuSeconds": cpu_s, "verdict": found["verdict"], **counts}


def main() -> None:
    """Measure each kind, or those that are named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kind", action="append", choices=list(KINDS))
    parser.add_argument("--scenario", action="append", default=[], help="only these")
    options = parser.parse_args()
    for kind in options.kind or KINDS:
        with KINDS[kind]() as url:
            figures = verified(url, *[f"--scenario={name}" for name in options.scenario])
        print_figures("verify", receiver=kind, **figures)


if __name__ == "__main__":
    main()
