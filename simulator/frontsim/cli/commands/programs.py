"""`serve`, `receiver`, `job`, `load`: programs that run until they are stopped.

the log's changes ── ten times a second ──▶ up to 50 lines a second ──▶ a thread writes them to standard error
                                        │                                 │
                                        └──── "... 1,200 deliveries not shown", once a second ◀─ it is behind

Deliveries never wait for a line: a terminal that is stopped, or a pipe that nothing reads, holds up the thread alone.
"""

import asyncio
import importlib.util
import os
import queue
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from frontsim import bundled
from frontsim.api.stream import run_view
from frontsim.app import App, is_loopback_address
from frontsim.cli.options import NearChoice, names, say_bodies, setting_options
from frontsim.cli.output import delivery_line, json_option, show_json, show_line, show_table
from frontsim.clock import WireTime, stopwatch
from frontsim.domain.model import Finished
from frontsim.errors import BadInput, Unusable
from frontsim.hosting.serving import serve as serve_until_stopped
from frontsim.settings import ENVIRONMENT_PREFIX
from frontsim.store.changes import Changes, Missed
from frontsim.subjects.broken_jobs import BROKEN_JOBS, CORRECT_JOBS, find
from frontsim.subjects.combinations import COMBINED
from frontsim.subjects.registry import BROKEN, CORRECT
from frontsim.subjects.serve import run
from frontsim.user_input.configuration import read_settings
from frontsim.wording import counted, not_among

_TICK_S = 0.1
_LINES_A_SECOND = 50
_MOST_AT_ONCE = 100  # lines, after a while without any
_MOST_CHANGES = 10_000  # looked at in one step
_WAITING = 4  # texts that a slow reader may have before it
_FLUSH_S = 0.2


class DeliveryLines:
    """Makes lines of what the log says of deliveries.

    Args:
        write: takes a text, and says whether it was taken.
        wire_time: writes moments.
        seconds: real time.
    """

    def __init__(
        self, write: Callable[[str], bool], wire_time: WireTime, *, seconds: Callable[[], float] = stopwatch
    ) -> None:
        self._write = write
        self._time = wire_time
        self._seconds = seconds
        self._allowed = float(_MOST_AT_ONCE)
        self._counted_at = self._told_at = seconds()
        self._not_shown = 0
        self._more = False

    async def follow(self, changes: Changes) -> None:
        """Print what ends from now on, until there is no more."""
        after = changes.sequence
        while not changes.closed:
            if not self._not_shown:
                await changes.wait(after)
            with suppress(TimeoutError):
                await asyncio.wait_for(changes.wait_closed(), _TICK_S)
            after = self._take_all(changes, after)
            self.tell_rest()
        self.tell_rest(at_once=True)

    def _take_all(self, changes: Changes, after: int) -> int:
        while after < changes.sequence:
            try:
                new = changes.after(after, most=_MOST_CHANGES)
            except Missed:
                self._not_shown, self._more = self._not_shown + 1, True
                return changes.sequence
            after += len(new)
            self.take([about for _, about in new if isinstance(about, Finished)])
        return after

    def take(self, over: Sequence[Finished]) -> None:
        """Show as many as the limit allows now, and count the rest. While some are only counted, show no later one."""
        now = self._seconds()
        self._allowed = min(_MOST_AT_ONCE, self._allowed + (now - self._counted_at) * _LINES_A_SECOND)
        self._counted_at = now
        some = 0 if self._not_shown else min(len(over), int(self._allowed))
        if some and not self._write("".join(f"{delivery_line(run_view(each, self._time))}\n" for each in over[:some])):
            some = 0
        self._allowed -= some
        self._not_shown += len(over) - some

    def tell_rest(self, *, at_once: bool = False) -> None:
        """Say how many were not shown, once a second."""
        now = self._seconds()
        if not self._not_shown:
            self._told_at = now
        elif at_once or now - self._told_at >= 1:
            more = " and more" if self._more else ""
            number = counted(self._not_shown, "delivery", "deliveries")
            if self._write(f"... {number}{more} not shown\n"):
                self._told_at, self._not_shown, self._more = now, 0, False


class LineWriter:
    """Writes to a descriptor, in a separate thread; takes nothing more while the reader is behind."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._texts: queue.Queue[bytes | None] = queue.Queue(_WAITING)
        self._thread = threading.Thread(target=self._work, name="frontsim-lines", daemon=True)
        self._thread.start()

    def write(self, text: str) -> bool:
        """Take a text to write; False if there is no room for it."""
        try:
            self._texts.put_nowait(text.encode(errors="replace"))
        except queue.Full:
            return False
        return True

    def close(self) -> None:
        """Write what was taken, for as long as a stop may last."""
        with suppress(queue.Full):
            self._texts.put(None, timeout=_FLUSH_S)
            self._thread.join(_FLUSH_S)

    def _work(self) -> None:
        while text := self._texts.get():
            while text:
                try:
                    text = text[os.write(self._descriptor, text) :]
                except OSError:  # nothing reads it any more
                    return


STANDARD_ERROR = 2
_OPEN = "whoever reaches this machine may read and change all of the simulator: give it a --token"


@click.command()
@setting_options
@click.option(
    "-q", "--quiet", is_flag=True, envvar=f"{ENVIRONMENT_PREFIX}QUIET", show_envvar=True, help="Print no deliveries."
)
@click.option("--ask-for-token", is_flag=True, hidden=True, envvar=f"{ENVIRONMENT_PREFIX}ASK_FOR_TOKEN")  # of the image
def serve(*, quiet: bool, ask_for_token: bool, **values: Any) -> None:
    """Run a simulator: the vendor's webhook API, deliveries, and a control surface under /_sim.

    It prints its address to standard output, and a line for each delivery to standard error: when, which event, how it
    ended, in how long, by which fault, and where it went. If many come at once, it shows some and counts the rest.

    Ctrl-C stops it within a second. It logs deliveries in flight as unknown, and sends the waiting ones at the
    next start on the same --db.
    """
    settings = read_settings(**values)
    is_open = not settings.token and not is_loopback_address(settings.host)
    if is_open and ask_for_token:
        raise Unusable(f"set FRONTSIM_TOKEN, or FRONTSIM_ASK_FOR_TOKEN to 0: {_OPEN}")
    say_bodies(settings.payloads, settings.contracts)

    def ready(url: str) -> None:
        log = "a temporary file" if settings.ephemeral else settings.db
        click.echo(f"frontsim on {url}/restapi/V2  (control {url}/_sim, log {log}, pid {os.getpid()}; Ctrl-C stops)")
        if not quiet:
            click.echo(f"Page: {url}/   Next: frontsim webhooks create --all-types URL; frontsim trigger SaleCreated")
        if is_open:
            click.echo(f"Warning: {_OPEN}", err=True)

    serve_until_stopped(settings, ready, None if quiet else _print_deliveries)


async def _print_deliveries(app: App) -> None:
    writer = LineWriter(STANDARD_ERROR)
    try:
        await DeliveryLines(writer.write, app.wire_time).follow(app.store.changes)
    finally:
        writer.close()


PORT = 8500
DB = "receiver.db"


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=PORT,
    show_default=True,
    help="Port to listen on; 0 picks a free one and prints it.",
)
@click.option(
    "--db",
    type=click.Path(dir_okay=False, path_type=Path),
    default=DB,
    show_default=True,
    help="The SQLite file with what it has booked.",
)
@click.option("--broken", metavar="NAME", type=NearChoice([*BROKEN, *COMBINED]), help="A receiver with a known bug.")
@click.option("--variant", metavar="NAME", type=NearChoice(list(CORRECT)), help="Another right receiver.")
@click.option("--header", metavar="NAME", help="The header with the event's id.  [default: X-Webhook-Event-Id]")
@click.option("--allow-host", metavar="NAME", multiple=True, help="A further name in the Host header. Repeatable.")
@click.option("--list", "listing", is_flag=True, help="List the receivers.")
@json_option
def receiver(
    host: str,
    port: int,
    db: Path,
    broken: str | None,
    variant: str | None,
    header: str | None,
    allow_host: Sequence[str],
    *,
    listing: bool,
    as_json: bool,
) -> None:
    """Run the reference receiver until Ctrl-C: it books each event once, however often it arrives.

    Deliveries go to POST /hook; GET /effects lists what was booked. --broken runs one with a bug that real
    receivers had.
    """
    if broken and variant:
        raise click.UsageError("expected --broken or --variant, got both")
    if listing:
        _list(as_json=as_json)
        return
    name = broken or variant or "reference"
    run(
        host=host,
        port=port,
        db=db,
        variant=name,
        header=header,
        allow_host=allow_host,
        ready=lambda base_url: _announce(name, base_url, as_json=as_json),
    )


def _announce(name: str, base_url: str, *, as_json: bool) -> None:
    hook, effects = f"{base_url}/hook", f"{base_url}/effects"
    if as_json:
        show_line({"receiver": name, "url": hook, "effects": effects})
    else:
        click.echo(f"receiver {name!r}: deliveries to {hook}, effects at {effects}; Ctrl-C stops it")


def _list(*, as_json: bool) -> None:
    variants = [(each, each.name not in CORRECT) for each in {**CORRECT, **BROKEN, **COMBINED}.values()]
    if as_json:
        show_json([{"name": each.name, "broken": broken, "what": each.bug} for each, broken in variants])
    else:
        rows = [(each.name, "broken" if broken else "correct", each.bug) for each, broken in variants]
        show_table(["receiver", "is", "what sets it apart"], rows, empty="no receivers")


_NEEDED = ("FRONTSIM_BASE_URL", "FRONTSIM_API_KEY", "FRONTSIM_SUBSCRIPTION_KEY", "FRONTSIM_WEBHOOK_IDS")


@click.command()
@click.option("--broken", "name", default="simple", metavar="NAME", help="A job with a known bug; --list names them.")
@click.option("--list", "only_list", is_flag=True, help="List the jobs and what is wrong with each.")
@json_option
@click.pass_context
def job(ctx: click.Context, name: str, *, only_list: bool, as_json: bool) -> None:
    """Run a list -> resend job once: a small right one, or one that is broken on purpose.

    It is meant to be tested: frontsim verify-recovery --job 'frontsim job --broken only-today'. It reads
    FRONTSIM_BASE_URL, FRONTSIM_API_KEY, FRONTSIM_SUBSCRIPTION_KEY and FRONTSIM_WEBHOOK_IDS.
    """
    variants = [*CORRECT_JOBS.values(), *BROKEN_JOBS.values()]
    if only_list:
        if as_json:
            show_json([{"name": each.name, "bug": each.bug, "class": each.expected} for each in variants])
        else:
            rows = [(each.name, each.expected or "-", each.bug) for each in variants]
            show_table(["job", "found as", "what it does"], rows, empty="")
        return
    variant = find(name)
    missing = [variable for variable in _NEEDED if not os.environ.get(variable)]
    if missing:
        raise click.UsageError(f"expected the variable {missing[0]}, as `frontsim verify-recovery` sets it")
    ctx.exit(variant.make(os.environ).run())


_OTHERS = ("bench",)


def load_tests() -> dict[str, str]:
    """The bundled load tests: name to file."""
    files = sorted(bundled.folder("loadtests").glob("*.py"))
    return {file.stem.replace("_", "-"): str(file) for file in files if file.stem not in _OTHERS}


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("name", shell_complete=names(lambda: load_tests()))
@click.argument("locust_options", nargs=-1, type=click.UNPROCESSED)
def load(name: str, locust_options: tuple[str, ...]) -> None:
    """Start Locust with a bundled load test: steady, lost-answers, downtime, resend-storm, store-day or api.

    Everything after NAME goes to Locust. After -- that holds for --help, too: it explains Locust's options and ours.
    """
    tests = load_tests()
    if name not in tests:
        raise BadInput(not_among(tests, name, expected="a load test"))
    if importlib.util.find_spec("locust") is None:
        raise Unusable("install the extra first: pip install 'frontsim[load]'")
    words = [sys.executable, "-m", "locust", "-f", tests[name], *locust_options]
    os.execv(sys.executable, words)  # noqa: S606 - Locust takes our place: its exit code and its Ctrl-C are ours
