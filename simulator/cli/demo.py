"""`frontsim demo`: an outage from beginning to end, with a real simulator and a real receiver on loopback.

raise -> receiver down -> raise -> receiver up -> answers lost -> raise -> list -> resend -> compare
"""

import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import click
import httpx
import orjson

from simulator.answers import RaisedEvent
from simulator.cli.output import show_table
from simulator.client import FrontSystems, Simulator
from simulator.errors import Unusable
from simulator.reconcile import reconcile
from simulator.serving import run_in_thread
from simulator.settings import Settings

VERIFIED, VIOLATED = 0, 1
ALWAYS = ("2000-01-01", "2100-01-01")
_STOP_S = 10.0


class Receiver:
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
        command = [sys.executable, "-m", "simulator.receivers.serve", "--port", str(self._port), "--db", str(self._db)]
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
def demo(count: int) -> int:
    """See an outage, list and resend from end to end.

    Starts a simulator and the reference receiver on free ports, subscribes to all event types, takes the
    receiver down, loses answers, and then does what every integrator owes: list what failed, resend it until
    nothing is left, and compare what the receiver booked with what happened. Ends with code 0 if every event
    has exactly one effect, else with 1.
    """
    began = time.monotonic()
    with _folder() as folder, _simulator() as (api, simulator), _receiver(folder) as receiver:
        tale = _play(api, simulator, receiver, count)
        effects = receiver.effects()
    verdict = _judge(tale, effects)
    click.echo(f"({time.monotonic() - began:.1f} s)")
    return verdict


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="frontsim-demo-") as folder:
        yield Path(folder)


@contextmanager
def _simulator() -> Iterator[tuple[FrontSystems, Simulator]]:
    settings = Settings(port=0, ephemeral=True)
    running = run_in_thread(settings)
    calls = FrontSystems(running.base_url, api_key=settings.api_key, subscription_key=settings.subscription_key)
    try:
        with calls as api, Simulator(running.control_url) as simulator:
            click.echo(f"simulator  {running.base_url}")
            yield api, simulator
    finally:
        running.stop()


@contextmanager
def _receiver(folder: Path) -> Iterator[Receiver]:
    receiver = Receiver(folder)
    try:
        click.echo(f"receiver   {receiver.url}\n")
        yield receiver
    finally:
        receiver.stop()


def _play(api: FrontSystems, simulator: Simulator, receiver: Receiver, count: int) -> Tale:
    tale = Tale()
    webhooks = {event: api.create_webhook(event, f"{receiver.url}?token=demo").id for event in api.webhook_types()}
    click.echo(f"Subscribed to all {len(webhooks)} event types.")
    click.echo(f"All is well:            {_raise(tale, simulator, webhooks, count)} events raised.")
    receiver.stop()
    click.echo(f"The receiver is down:   {_raise(tale, simulator, webhooks, count)} events raised.")
    receiver.start()
    simulator.add_fault("lost-response")
    click.echo(f"Its answers get lost:   {_raise(tale, simulator, webhooks, count)} events raised.")
    simulator.clear_faults()
    for event, webhook_id in webhooks.items():
        done = reconcile(api, webhook_id, from_=ALWAYS[0], to=ALWAYS[1], sleep=time.sleep)
        tale.failed[event], tale.resent[event] = done.listed, done.resent
        tale.left += len(done.left)
    click.echo(
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


def _judge(tale: Tale, effects: Counter[str]) -> int:
    """Show the events beside their effects; every one must have exactly one."""
    by_type: dict[str, list[int]] = {}
    for raised in tale.events:
        by_type.setdefault(raised.event, []).append(effects.pop(raised.webhook_event_id, 0))
    show_table(
        ["event", "raised", "failed", "resent", "effects", "lost", "doubled"],
        [
            (
                event, len(counts), tale.failed[event], tale.resent[event],
                sum(counts), counts.count(0), sum(count > 1 for count in counts),
            )
            for event, counts in by_type.items()
        ],
        empty="nothing was raised",
    )  # fmt: skip
    everything = [count for counts in by_type.values() for count in counts]
    good = bool(everything) and set(everything) == {1} and not effects and not tale.left
    once = everything.count(1)
    click.echo(
        f"\n{'VERIFIED' if good else 'VIOLATED'}: {once} of {len(everything)} events have exactly one effect", nl=False
    )
    click.echo("." if good else f"; {tale.left} still failed; {len(effects)} effects without an event.")
    return VERIFIED if good else VIOLATED
