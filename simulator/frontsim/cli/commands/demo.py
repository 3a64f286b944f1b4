"""`frontsim demo`: an outage from beginning to end, with a real simulator and a real receiver on loopback.

raise -> receiver down -> raise -> receiver up -> answers lost -> raise -> list -> resend -> judge
"""

import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import click
import orjson

from frontsim.cli.output import json_option, show_json, show_table
from frontsim.client.control import Simulator
from frontsim.client.reconcile import reconcile
from frontsim.client.vendor import EVER, FrontSystems
from frontsim.errors import Unusable
from frontsim.hosting.serving import run_in_thread
from frontsim.settings import Settings
from frontsim.verdicts import Verdict
from frontsim.verification.effects.correlate import correlate
from frontsim.verification.effects.history import History, Observation
from frontsim.verification.effects.observers import UrlObserver, read_effects
from frontsim.verification.judge import checks
from frontsim.verification.judge.checks import Judgement, judge
from frontsim.verification.play.log import read_webhook_facts

VERIFIED, VIOLATED = 0, 1
_STOP_S = 10.0
_COLUMNS = ("event", "raised", "failed", "resent", "effects", "lost", "doubled")


class DemoReceiver:
    """The reference receiver as a separate process, that can go down and come back on the same port.

    Args:
        folder: where its file is.
    """

    def __init__(self, folder: Path) -> None:
        self._db = folder / "receiver.db"
        self.url = self.effects_url = ""
        self._port = 0
        self.start()

    def start(self) -> None:
        """Start the process, and wait until it listens. Raises Unusable."""
        command = [sys.executable, "-m", "frontsim.subjects.serve", "--port", str(self._port), "--db", str(self._db)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE)  # noqa: S603 - our own module
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise Unusable("the reference receiver did not start; standard error says why")
        urls = orjson.loads(line)
        self.url, self.effects_url = urls["url"], urls["effects"]
        self._port = urlsplit(self.url).port or 0

    def stop(self) -> None:
        """Stop the process, and wait until it has ended."""
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()


@dataclass
class JobCounts:
    """What the list -> resend job found, by event type, and how many events are still failed."""

    failed: Counter[str] = field(default_factory=Counter)
    resent: Counter[str] = field(default_factory=Counter)
    left: int = 0


@click.command()
@click.option(
    "--count", default=3, show_default=True, type=click.IntRange(1, 100), help="Events of each type, each time."
)
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
        epoch = simulator.now()
        webhooks, job = _play(api, simulator, receiver, count, say)
        history = _record(api, webhooks, epoch, receiver.effects_url)
    verdict = judge_demo(history, job)
    if as_json:
        show_json(verdict.as_json(time.monotonic() - began))
    else:
        verdict.show()
        say(f"({time.monotonic() - began:.1f} s)")
    return VERIFIED if verdict.good else VIOLATED


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
) -> tuple[Mapping[str, str], JobCounts]:
    """Play the outage; gives the event type of each webhook, and what the list -> resend job did."""
    webhooks = {api.create_webhook(event, f"{receiver.url}?token=demo").id: event for event in api.webhook_types()}
    types = list(webhooks.values())
    say(f"Subscribed to all {len(webhooks)} event types.")
    say(f"All is well:            {_raise(simulator, types, count)} events raised.")
    receiver.stop()
    say(f"The receiver is down:   {_raise(simulator, types, count)} events raised.")
    receiver.start()
    simulator.add_fault("lost-response")
    say(f"Its answers get lost:   {_raise(simulator, types, count)} events raised.")
    simulator.clear_faults()
    job = JobCounts()
    for webhook_id, event in webhooks.items():
        done = reconcile(api, webhook_id, from_=EVER[0], to=EVER[1], sleep=time.sleep)
        job.failed[event], job.resent[event] = done.listed, done.resent
        job.left += len(done.left)
    say(
        f"List and resend:        {job.failed.total()} listed as failed, {job.resent.total()} resent, "
        f"{job.left} left.\n"
    )
    return webhooks, job


def _raise(simulator: Simulator, types: Sequence[str], count: int) -> int:
    raised = sum(len(simulator.trigger(event, count=count).events) for event in types)
    if not simulator.drain():
        raise Unusable("the deliveries did not end within 30 s")
    return raised


def _record(api: FrontSystems, webhooks: Mapping[str, str], epoch: datetime, effects_url: str) -> History:
    """What the log and the receiver show at the end."""
    events = tuple(read_webhook_facts(api, webhooks, epoch=epoch))
    with closing(UrlObserver(effects_url)) as observer:
        final = Observation(0, read_effects(observer, "webhookEventId"))
    return History("demo", events, observer=observer.name, final=final)


@dataclass(frozen=True)
class DemoVerdict:
    """The judgement on the receiver, with the counts that the demo shows."""

    history: History
    judgement: Judgement
    job: JobCounts
    unexplained: int
    """Effects that no event explains."""

    @property
    def good(self) -> bool:
        """Every event has exactly one effect, no effect is unexplained, and no event is still failed."""
        return self.judgement.verdict is Verdict.VERIFIED and not self.unexplained and not self.job.left

    def rows(self) -> list[tuple[object, ...]]:
        """A row for each type."""
        job, by_type = self.job, self._effects_by_type()
        return [
            (
                event, len(counts), job.failed[event], job.resent[event],
                sum(counts), counts.count(0), sum(count > 1 for count in counts),
            )
            for event, counts in by_type.items()
        ]  # fmt: skip

    def show(self) -> None:
        """Print the table and the verdict."""
        show_table(_COLUMNS, self.rows(), empty="nothing was raised")
        counts = [count for of_type in self._effects_by_type().values() for count in of_type]
        once = f"{counts.count(1)} of {len(counts)} events have exactly one effect"
        if self.good:
            click.echo(f"\nVERIFIED: {once}.")
        else:
            click.echo(
                f"\nVIOLATED: {once}; {self.job.left} still failed; {self.unexplained} effects without an event."
            )

    def as_json(self, duration_s: float) -> dict[str, object]:
        return {
            "verdict": "verified" if self.good else "violated",
            "durationS": round(duration_s, 3),
            "types": [dict(zip(_COLUMNS, row, strict=True)) for row in self.rows()],
            "left": self.job.left,
            "unexplained": self.unexplained,
        }

    def _effects_by_type(self) -> Mapping[str, Sequence[int]]:
        """How many effects each event has, by type."""
        by_type: dict[str, list[int]] = {}
        for event in self.history.events:
            by_type.setdefault(event.event, []).append(self.judgement.effects.get(event.webhook_event_id, 0))
        return by_type


def judge_demo(history: History, job: JobCounts) -> DemoVerdict:
    """Judge what the demo recorded, as `frontsim verify` does."""
    correlation = correlate(history, history.final)
    unexplained = correlation.foreign + correlation.unkeyed
    return DemoVerdict(history, judge(history, checks.receiver_contract()), job, unexplained)
