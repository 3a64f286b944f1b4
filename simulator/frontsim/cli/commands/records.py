"""`record`, `replay`: real events into a file, and out of it to a receiver.

What is sent goes through a simulator, our own or the one at `--base-url`: its log, faults, page and stream know each
delivery.
"""

import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import click
import orjson
from click.core import ParameterSource

from frontsim.catalog import Catalog
from frontsim.cli.connection import RETRY, Api, ControlConnection, api_options, named_webhooks
from frontsim.cli.options import contracts_option, delivery_options, finite, load, option_group
from frontsim.cli.output import delivery_line, say
from frontsim.client.control import Simulator
from frontsim.client.errors import CallError
from frontsim.client.http import FrontSystems, is_loopback, read_url
from frontsim.clock import WireTime, stopwatch
from frontsim.errors import BadInput, FrontsimError
from frontsim.hosting.listening import listen as listening
from frontsim.hosting.listening import url_of
from frontsim.hosting.serving import run_in_thread
from frontsim.records.identities import Renewal, identity_fields
from frontsim.records.proxy import HeadersOf, RecordingProxy
from frontsim.records.record import (
    SOURCES,
    RecordedEvent,
    RecordHead,
    RecordReader,
    RecordWriter,
    Stretch,
    recorded_events,
    stretches,
)
from frontsim.records.replay import Replay, ReplayPace, ReplayResult
from frontsim.settings import Settings
from frontsim.user_input.configuration import read_settings
from frontsim.wording import counted

DAYS = 30
_EVER = datetime(2000, 1, 1)  # noqa: DTZ001 - a bound of a query, in the vendor's local time
_DEFAULTS = Settings()
_FOLLOWING_S = 5.0
_LAST_LINES_S = 1.0


def moment_text(_: click.Context, param: click.Parameter, text: str | None) -> str | None:
    """The callback of an option that takes a moment: the text, if the API takes it. Raises click.BadParameter."""
    try:
        if text is not None:
            WireTime(_DEFAULTS.zone).read(text)
    except ValueError as error:
        raise click.BadParameter(str(error), param=param) from None
    return text


token_option = click.option(
    "--token", metavar="TOKEN", envvar="FRONTSIM_TOKEN", show_envvar=True, default="", help="The simulator's token."
)


@click.command()
@option_group(
    click.option(
        "--from",
        "source",
        type=click.Choice(SOURCES),
        default="api",
        show_default=True,
        help="The log of an API; a simulator's own, with heads, faults and answers; or a proxy before a receiver.",
    ),
    click.option("--webhook", "wanted", multiple=True, metavar="ID", help="Only this webhook. Repeatable."),
    click.option(
        "--from-time", "since", metavar="WHEN", callback=moment_text, help=f"Raised since.  [default: {DAYS} days ago]"
    ),
    click.option("--to-time", "until", metavar="WHEN", callback=moment_text, help="Raised before.  [default: no end]"),
    click.option("--listen", metavar="HOST:PORT", help="For a proxy: where deliveries come; port 0 picks a free one."),
    click.option("--to", metavar="URL", help="For a proxy: the receiver. Without a path, each delivery keeps its own."),
    click.option("--event", metavar="TYPE", help="For a proxy: the type of deliveries that have no header with it."),
    click.option(
        "--out",
        "out",
        type=click.Path(dir_okay=False, path_type=Path),
        required=True,
        metavar="FILE",
        help="A new file.",
    ),
    click.option("--anonymise", is_flag=True, help="Replace who is in the events: names, addresses, numbers, texts."),
    click.option(
        "--salt-file",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help="A secret: the same one gives the same names. Made if it is not there.  [default: a random one]",
    ),
    click.option("--shift", type=click.Choice(["ids", "amounts"]), multiple=True, help="With --anonymise. Repeatable."),
    token_option,
    contracts_option,
    delivery_options,
)
@api_options
def record(
    api: Api,
    *,
    source: str,
    out: Path,
    token: str,
    wanted: Sequence[str],
    since: str | None,
    until: str | None,
    listen: str | None,
    to: str | None,
    event: str | None,
    anonymise: bool,
    salt_file: Path | None,
    shift: Sequence[str],
    contracts: Path | None,
    **delivery: Any,
) -> None:
    """Write real events into a file: one line of JSON an event, with its head, body, time and runs.

    The API is only read. A proxy forwards each delivery before it records it; Ctrl-C ends it. The file is yours alone
    (0600), and an existing one is never overwritten. Keys and tokens are masked. --anonymise puts other people into the
    events, by rules that follow from the schemas; it lists what it replaced and what it kept.
    """
    settings = read_settings(**delivery)
    if (source == "proxy") != bool(listen and to):
        raise BadInput("--from: expected --listen and --to with a proxy, and with nothing else")
    if (salt_file or shift) and not anonymise:
        raise BadInput("--salt-file, --shift: expected --anonymise beside them")
    window = _window(source, settings.zone, since=since, until=until)
    with (
        RecordWriter(out, RecordHead(source, settings.timezone, anonymise)) as writer,
        _taker(writer, load(contracts), salt_file, shift) if anonymise else _as_they_are(writer) as add,
    ):
        if listen and to:
            headers = HeadersOf(settings.event_id_header, settings.webhook_id_header, settings.event_header, event)
            _proxy(listen, to, headers, add)
        else:
            try:
                _read_log(api, token, source, wanted, window, settings.zone, add)
            except FrontsimError:
                if not writer.events:
                    out.unlink()
                raise
    say(f"{counted(writer.events, 'event')} in {out}")


@contextmanager
def _as_they_are(writer: RecordWriter) -> Iterator[Callable[[RecordedEvent], None]]:
    say("Warning: the record holds what was sent, personal data too; --anonymise replaces it")
    yield writer.add


@contextmanager
def _taker(
    writer: RecordWriter, catalog: Catalog, salt_file: Path | None, shift: Sequence[str]
) -> Iterator[Callable[[RecordedEvent], None]]:
    """Takes events, and writes them without whoever was in them once all are known, at the end of the block."""
    from frontsim.records.anonymise import Anonymiser, WaitingEvents, read_salt  # noqa: PLC0415 - Faker takes 0.1 s

    salt = read_salt(salt_file) if salt_file else secrets.token_bytes(32)
    changed = Anonymiser(catalog, salt=salt, shift_amounts="amounts" in shift)
    renewal = Renewal.drawn(identity_fields(catalog), Random(salt)) if "ids" in shift else None  # noqa: S311 - the secret is the seed
    with WaitingEvents(writer.file.parent) as waiting:

        def add(event: RecordedEvent) -> None:
            changed.learn(event)
            waiting.add(event)

        yield add
        for event in waiting:
            made = changed.anonymise(event)
            writer.add(made if renewal is None else replace(made, body=renewal.body(made.body)))
    fields = changed.fields
    say(f"replaced: {', '.join(f'{name} ({count})' for name, count in sorted(fields.replaced.items())) or 'nothing'}")
    say(f"replaced, because no rule knows it: {', '.join(sorted(fields.unknown)) or 'nothing'}")
    say(f"kept: {', '.join(sorted(fields.kept)) or 'nothing'}")


def _read_log(
    api: Api,
    token: str,
    source: str,
    wanted: Sequence[str],
    window: Sequence[Stretch],
    zone: ZoneInfo,
    add: Callable[[RecordedEvent], None],
) -> None:
    with api.open() as front, ControlConnection(api.base_url, token).open() as simulator:
        events = recorded_events(
            front,
            named_webhooks(RETRY.read(front.list_webhooks), wanted),
            window,
            zone=zone,
            retry=RETRY,
            say=say,
            simulator=simulator if source == "log" else None,
        )
        for event in events:
            add(event)


def _proxy(where: str, to: str, headers: HeadersOf, add: Callable[[RecordedEvent], None]) -> None:
    host, _, port = where.rpartition(":")
    if not port.isdecimal():
        raise BadInput(f"--listen: expected HOST:PORT such as 127.0.0.1:8600, got {where!r}")
    read_url(to.partition("?")[0])
    with listening(host.strip("[]") or "127.0.0.1", int(port)) as socket, suppress(KeyboardInterrupt):
        say(f"deliveries to {url_of(socket)} go to {to.partition('?')[0]}, and into the record; Ctrl-C ends it")
        RecordingProxy(socket, to=to, headers=headers, add=add, say=say).serve()


def _window(source: str, zone: ZoneInfo, *, since: str | None, until: str | None) -> Sequence[Stretch]:
    now = datetime.now(UTC).astimezone(zone).replace(tzinfo=None, microsecond=0)
    default = _EVER if source == "log" else now - timedelta(days=DAYS)
    begin, end = (None if text is None else _local(text, zone) for text in (since, until))
    if end is not None and end <= (begin or default):
        raise BadInput(f"--to-time: expected a moment after --from-time, got {until}")
    return stretches(begin or default, end, now.date())


def _local(text: str, zone: ZoneInfo) -> datetime:
    moment = WireTime(zone).read(text)
    return datetime.fromtimestamp(moment / 1000, zone).replace(tzinfo=None)


to_options = option_group(
    click.option("--to", required=True, metavar="URL", help="The receiver; {event} in it is filled in."),
    click.option("--allow-remote", is_flag=True, help="Send real events to another machine, too."),
)
"""Where real events go: `to` and `allow_remote` in the command."""


def refuse_remote(to: str, *, allowed: bool) -> None:
    """Real events hold personal data: they leave this machine only if the user says so."""
    host = read_url(to.partition("?")[0].replace("{event}", "event")).host
    if not (allowed or is_loopback(host)):
        raise BadInput(
            f"--to: add --allow-remote to send real events to {host}; expected this machine, such as "
            f"http://127.0.0.1:8500/hook, got {to}"
        )


@contextmanager
def own_simulator(settings: Mapping[str, Any]) -> Iterator[tuple[Simulator, FrontSystems]]:
    """A simulator of our own until the block ends: it sends one delivery at a time, so the order is kept."""
    running = run_in_thread(read_settings(**settings, port=0, ephemeral=True, concurrency=1))
    try:
        say(f"through a simulator of its own: {running.control_url.removesuffix('/_sim')} (page, faults, stream)")
        own = Api(running.base_url, _DEFAULTS.api_key, _DEFAULTS.subscription_key)
        with Simulator(running.control_url) as simulator, own.open() as front:
            yield simulator, front
    finally:
        running.stop()


def _rule(_: click.Context, param: click.Parameter, texts: Sequence[str]) -> list[dict[str, Any]]:
    """Each fault is a name, or a rule as `POST /_sim/faults` takes it."""
    rules = []
    for text in texts:
        try:
            value = orjson.loads(text) if text.lstrip().startswith("{") else {"fault": text}
        except ValueError:
            value = {}
        if not isinstance(value.get("fault"), str):
            raise click.BadParameter(f'expected a fault\'s name, or {{"fault": NAME, ...}}, got {text!r}', param=param)
        rules.append(value)
    return rules


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@to_options
@option_group(
    click.option(
        "--speed",
        type=click.FloatRange(min=0, min_open=True),
        callback=finite,
        default=1.0,
        show_default=True,
        metavar="N",
        help="How many times faster than that day.",
    ),
    click.option("--same-ids", is_flag=True, help="Keep every id as it was: is the receiver idempotent?"),
    click.option(
        "--from-line", type=click.IntRange(min=1), default=1, metavar="N", help="Begin with this line of the file."
    ),
    click.option("--seed", type=click.IntRange(0), metavar="N", help="Of the fresh ids.  [default: random]"),
    click.option(
        "--fault",
        "rules",
        multiple=True,
        callback=_rule,
        metavar="RULE",
        help="A fault on top: a name or JSON. Repeatable.",
    ),
    click.option("-q", "--quiet", is_flag=True, help="Print no deliveries."),
    token_option,
    contracts_option,
    delivery_options,
)
@api_options
@click.pass_context
def replay(
    ctx: click.Context,
    /,
    api: Api,
    *,
    file: Path,
    to: str,
    speed: float,
    from_line: int,
    seed: int | None,
    rules: Sequence[Mapping[str, Any]],
    token: str,
    contracts: Path | None,
    allow_remote: bool,
    same_ids: bool,
    quiet: bool,
    **delivery: Any,
) -> None:
    """Send a recorded day to a receiver again: in its order, at its pace or faster, with fresh identities.

    The events go through a simulator of its own, or the one that --base-url names, with the faults that are on.
    References between events survive fresh identities. In that one its webhooks stay, so that `frontsim reconcile`
    can resend what failed; events whose ids its log has already are left out.

    Exit code: 0 every event was acknowledged, 1 some were not, 3 wrong usage, or a line that cannot be read.
    """
    refuse_remote(to, allowed=allow_remote)
    catalog = load(contracts)
    number = secrets.randbelow(2**32) if seed is None else seed
    renewal = None if same_ids else Renewal.drawn(identity_fields(catalog), Random(number))  # noqa: S311 - no secret
    with ExitStack() as stack:
        reader, show = stack.enter_context(RecordReader(file)), stack.enter_context(live())
        if ctx.get_parameter_source("base_url") is ParameterSource.DEFAULT:
            simulator, front = stack.enter_context(own_simulator({**delivery, "contracts": contracts}))
        else:
            simulator = stack.enter_context(ControlConnection(api.base_url, token).open())
            front = stack.enter_context(api.open())
        for rule in rules:
            stack.callback(_remove_fault, simulator, simulator.add_fault(**rule)["id"])
        if not quiet:
            show(simulator)
        done = Replay(simulator, front, to=to, catalog=catalog, renewal=renewal, say=say)
        pace = ReplayPace(speed, ZoneInfo(reader.head.timezone), time.sleep, stopwatch)
        try:
            done.run(reader, pace, from_line=from_line)
        finally:
            _tell(done.result, file, "" if same_ids else f" --seed {number}")
    ctx.exit(int(done.result.failed > 0))


def _remove_fault(simulator: Simulator, fault_id: str) -> None:
    with suppress(CallError):  # one with `times` may have worn off, and the simulator may be gone
        simulator.remove_fault(fault_id)


def _tell(result: ReplayResult, file: Path, more: str) -> None:
    known = result.acknowledged + result.failed
    left_out = f", {result.left_out} left out" if result.left_out else ""
    say(f"{counted(known, 'event')} replayed: {result.acknowledged} acknowledged, {result.failed} not{left_out}")
    if not result.is_complete:
        say(f"not complete; go on with: frontsim replay {file} --from-line {result.next_line}{more}")


@contextmanager
def live() -> Iterator[Callable[[Simulator], None]]:
    """Gives what prints each delivery of a simulator from its call on; at the end of the block, the last ones too."""
    threads: list[threading.Thread] = []

    def follow(simulator: Simulator, following: threading.Event) -> None:
        try:
            for message in simulator.stream(following=following.set):
                about = orjson.loads(message.data)
                if "outcome" in about:
                    click.echo(delivery_line(about))
        except CallError:
            pass  # the stream ends with the simulator, or with its client
        finally:
            following.set()

    def start(simulator: Simulator) -> None:
        following = threading.Event()
        thread = threading.Thread(target=follow, args=[simulator, following], name="frontsim-live", daemon=True)
        threads.append(thread)
        thread.start()
        following.wait(_FOLLOWING_S)

    yield start
    for thread in threads:
        thread.join(_LAST_LINES_S)
