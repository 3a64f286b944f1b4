"""`frontsim demo`: an outage from beginning to end, with a real simulator and a real receiver on loopback.

raise -> receiver down -> raise -> receiver up -> answers lost -> raise -> list -> resend -> compare
"""

import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import click
import httpx
import orjson

from frontsim.cli.output import json_option, show_json, show_table
from frontsim.client.control import Simulator
from frontsim.client.models import RaisedEvent
from frontsim.client.reconcile import reconcile
from frontsim.client.vendor import FrontSystems
from frontsim.errors import Unusable
from frontsim.serving import run_in_thread
from frontsim.settings import Settings

VERIFIED, VIOLATED = 0, 1
ALWAYS = ("2000-01-01", "2100-01-01")
_STOP_S = 10.0
_COLUMNS = ("event", "raised", "failed", "resent", "effects", "lost", "doubled")


class DemoReceiver:
    """The reference receiver as a process of its own, that can go down and come back on the same port.

    Args:
        folder: where its file is.
    """

    def __init__(self, folder: Path) -> None:
        self._db = folder / "receiver.db"
        self.url = self.effects_url = ""
        self._port = 0
        self.start()

    def start(self) -> None:
        """Start it, and wait until it listens. Raises Unusable."""
        command = [sys.executable, "-m", "frontsim.receivers.serve", "--port", str(self._port), "--db", str(self._db)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE)  # noqa: S603 - our own module
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise Unusable("the reference receiver did not start; what it said stands above")
        urls = orjson.loads(line)
        self.url, self.effects_url = urls["url"], urls["effects"]
        self._port = urlsplit(self.url).port or 0

    def stop(self) -> None:
        """End it, and wait until it has ended."""
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def effects(self) -> Counter[str]:
        """How many effects each event has had."""
        answer = httpx.get(self.effects_url, trust_env=False, timeout=30)
        answer.raise_for_status()
        return Counter(item["webhookEventId"] for item in answer.json())


@dataclass
class Tale:
    """What has happened so far: events by type, and what the job found."""

    events: list[RaisedEvent] = field(default_factory=list)
    failed: Counter[str] = field(default_factory=Counter)
    resent: Counter[str] = field(default_factory=Counter)
    left: int = 0


@click.command()
@click.option("--count", default=3, show_default=True, type=click.IntRange(1, 100), help="Events of each type, a time.")
@json_option
def demo(count: int, *, as_json: bool) -> int:
    """See an outage, list and resend from end to end.

    Starts a simulator and the reference receiver on free ports, subscribes to all event types, takes the
    receiver down, loses answers, and then does what every integrator owes: list what failed, resend it until
    nothing is left, and compare what the receiver booked with what happened. Ends with code 0 if every event
    has exactly one effect, else with 1.
    """
    began = time.monotonic()
    say = partial(click.echo, err=as_json)
    with _folder() as folder, _simulator() as (base_url, api, simulator), _receiver(folder) as receiver:
        say(f"simulator  {base_url}\nreceiver   {receiver.url}\n")
        tale = _play(api, simulator, receiver, count, say)
        effects = receiver.effects()
    judgement = judge(tale, effects)
    if as_json:
        show_json(judgement.as_json(time.monotonic() - began))
    else:
        judgement.show()
        say(f"({time.monotonic() - began:.1f} s)")
    return VERIFIED if judgement.good else VIOLATED


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="frontsim-demo-") as folder:
        yield Path(folder)


@contextmanager
def _simulator() -> Iterator[tuple[str, FrontSystems, Simulator]]:
    settings = Settings(port=0, ephemeral=True)
    running = run_in_thread(settings)
    calls = FrontSystems(running.base_url, api_key=settings.api_key, subscription_key=settings.subscription_key)
    try:
        with calls as api, Simulator(running.control_url) as simulator:
            yield running.base_url, api, simulator
    finally:
        running.stop()


@contextmanager
def _receiver(folder: Path) -> Iterator[DemoReceiver]:
    receiver = DemoReceiver(folder)
    try:
        yield receiver
    finally:
        receiver.stop()


def _play(
    api: FrontSystems, simulator: Simulator, receiver: DemoReceiver, count: int, say: Callable[[str], None]
) -> Tale:
    tale = Tale()
    webhooks = {event: api.create_webhook(event, f"{receiver.url}?token=demo").id for event in api.webhook_types()}
    say(f"Subscribed to all {len(webhooks)} event types.")
    say(f"All is well:            {_raise(tale, simulator, webhooks, count)} events raised.")
    receiver.stop()
    say(f"The receiver is down:   {_raise(tale, simulator, webhooks, count)} events raised.")
    receiver.start()
    simulator.add_fault("lost-response")
    say(f"Its answers get lost:   {_raise(tale, simulator, webhooks, count)} events raised.")
    simulator.clear_faults()
    for event, webhook_id in webhooks.items():
        done = reconcile(api, webhook_id, from_=ALWAYS[0], to=ALWAYS[1], sleep=time.sleep)
        tale.failed[event], tale.resent[event] = done.listed, done.resent
        tale.left += len(done.left)
    say(
        f"List and resend:        {tale.failed.total()} listed as failed, {tale.resent.total()} resent, "
        f"{tale.left} left.\n"
    )
    return tale


def _raise(tale: Tale, simulator: Simulator, webhooks: Mapping[str, str], count: int) -> int:
    raised = [event for name in webhooks for event in simulator.trigger(name, count=count).events]
    if not simulator.drain():
        raise Unusable("the deliveries did not end within 30 s")
    tale.events += raised
    return len(raised)


@dataclass(frozen=True)
class DemoVerdict:
    """Events beside their effects: how many effects each event has had, by type."""

    tale: Tale
    counts: Mapping[str, Sequence[int]]
    unexplained: int
    """Effects that no event explains."""

    @property
    def good(self) -> bool:
        """Every event has exactly one effect, and nothing is left."""
        everything = {count for counts in self.counts.values() for count in counts}
        return everything == {1} and not self.unexplained and not self.tale.left

    def rows(self) -> list[tuple[object, ...]]:
        """A row for each type."""
        tale = self.tale
        return [
            (
                event, len(counts), tale.failed[event], tale.resent[event],
                sum(counts), counts.count(0), sum(count > 1 for count in counts),
            )
            for event, counts in self.counts.items()
        ]  # fmt: skip

    def show(self) -> None:
        """The table and the verdict, for people."""
        show_table(_COLUMNS, self.rows(), empty="nothing was raised")
        everything = [count for counts in self.counts.values() for count in counts]
        told = f"{everything.count(1)} of {len(everything)} events have exactly one effect"
        if self.good:
            click.echo(f"\nVERIFIED: {told}.")
        else:
            click.echo(
                f"\nVIOLATED: {told}; {self.tale.left} still failed; {self.unexplained} effects without an event."
            )

    def as_json(self, duration_s: float) -> dict[str, object]:
        """The same for programs."""
        return {
            "verdict": "verified" if self.good else "violated",
            "durationS": round(duration_s, 3),
            "types": [dict(zip(_COLUMNS, row, strict=True)) for row in self.rows()],
            "left": self.tale.left,
            "unexplained": self.unexplained,
        }


def judge(tale: Tale, effects: Counter[str]) -> DemoVerdict:
    """Hold the events against the effects, by event id."""
    left = Counter(effects)
    by_type: dict[str, list[int]] = {}
    for raised in tale.events:
        by_type.setdefault(raised.event, []).append(left.pop(raised.webhook_event_id, 0))
    return DemoVerdict(tale, by_type, len(left))
