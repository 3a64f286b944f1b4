"""Receivers in this process, right, broken or programmable, and scenarios played against them."""

import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import orjson

from frontsim import catalog
from frontsim.hosting.serving import run_in_thread
from frontsim.verification.judge import checks
from frontsim.verification.patience import TimeLimits, WaitLimits
from frontsim.verification.request import Request
from frontsim.verification.run import open_run, play_all
from frontsim.verification.scenario import scenario
from tests.support.patience import PATIENCE_S
from tests.support.served import served

CATALOG = catalog.load()
CONTRACT = checks.receiver_contract()
FEW = ("SaleCreated", "CustomerCreated", "CustomerUpdated")
"""A type that happens once, one that begins and one that changes: by these, receivers and scenarios differ."""
QUICK = TimeLimits(settle_s=0.1, timeout_s=PATIENCE_S, answer_s=PATIENCE_S, last_s=2.0, memory_s=1.0)


class Hasty(TimeLimits):
    """Gives what is missing little time: for receivers of which it is known that it never comes, or never settles."""

    @property
    def wait_limits(self):
        return WaitLimits(self.settle_s, 5 * self.settle_s, 10 * self.settle_s)


HASTY = Hasty(settle_s=0.1, timeout_s=PATIENCE_S, answer_s=PATIENCE_S, last_s=0.4, memory_s=1.0)


def requested(url, **others):
    """The usual request for our receiver."""
    return Request(f"{url}/hook", **{"observe_url": f"{url}/effects", "limits": QUICK, **others})


def play(request, *names, seed=1, pace=None, simulators=run_in_thread, after_each=lambda: None):
    """Play scenarios by name or file, one after another without a pace; what came of each.

    `after_each` is called when a scenario has given up waiting for effects, and before any last look.
    """
    with open_run(request, seed, simulators=simulators, pause=time.sleep) as opened:
        return list(play_all(scenario.chosen(names), Followed(opened, after_each), CONTRACT, pace))


class Followed:
    """An open run, with a call after each harness."""

    def __init__(self, opened, after_each):
        self._opened = opened
        self._after_each = after_each
        self.given = opened.given

    @contextmanager
    def harness(self, name):
        with self._opened.harness(name) as harness:
            yield harness
        self._after_each()


class ShopReceiver(ThreadingHTTPServer):
    """A receiver for tests of which every part can be set: what it answers, and what it shows as effects."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Counter)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.effects = []
        self.seen = set()
        self.bodies = {}
        self.types = {}
        self.header_names = set()
        self.lock = threading.Lock()
        self.answers = lambda _: 200
        self.refuses = None
        self.shows = lambda: (200, orjson.dumps(self.effects))

    def handle_error(self, *_):
        """A caller that has left gets no answer."""

    def books(self, event_id):
        """Book an event once."""
        with self.lock:
            if event_id not in self.seen:
                self.seen.add(event_id)
                self.effects.append({"webhookEventId": event_id})


@contextmanager
def open_shop():
    """A shop that serves in a thread."""
    with served(ShopReceiver()) as server:
        yield server


class Counter(BaseHTTPRequestHandler):
    """Where the shop's requests are answered."""

    protocol_version = "HTTP/1.1"
    server: ShopReceiver

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.header_names |= set(self.headers)
        self.server.types[self.headers["X-Webhook-Event-Id"]] = self.headers["X-Webhook-Event"]
        refuses = self.server.refuses
        found = refuses(body) if refuses else self.server.answers(self.headers["X-Webhook-Event-Id"])
        status, answer = found if isinstance(found, tuple) else (found, b"")
        if status == 200:
            self.server.bodies[self.headers["X-Webhook-Event-Id"]] = body
            self.server.books(self.headers["X-Webhook-Event-Id"])
        self.reply(status, answer)

    def do_GET(self):
        self.reply(*self.server.shows())

    def reply(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Batches:
    """A worker that books what has come only when a batch is due; its first batch was due just after the control."""

    def __init__(self, shop):
        self._shop = shop
        self._booked = 1
        self.is_due = threading.Event()
        shop.shows = self._shows

    def _shows(self):
        if self.is_due.is_set():
            self._booked = len(self._shop.effects)
        return 200, orjson.dumps(self._shop.effects[: self._booked])


def ending(played):
    """The verdict, and the classes of the findings."""
    return played.judgement.verdict, [each.class_ for each in played.judgement.findings]
