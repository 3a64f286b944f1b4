"""`record`: real events into a file."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click

from frontsim.cli.connection import Api, ControlConnection, api_options
from frontsim.cli.options import option_group
from frontsim.cli.output import shown
from frontsim.client.models import WebhookView
from frontsim.client.retry import RetryPolicy
from frontsim.clock import WireTime
from frontsim.errors import BadInput, FrontsimError
from frontsim.records.record import SOURCES, RecordHead, RecordWriter
from frontsim.records.recording import Stretch, recorded_events, stretches
from frontsim.settings import Settings

DAYS = 30
_EVER = datetime(2000, 1, 1)  # noqa: DTZ001 - a bound of a query, in the vendor's local time
_DEFAULTS = Settings()


def say(text: str) -> None:
    """A line on standard error."""
    click.echo(shown(text), err=True)


RETRY = RetryPolicy(sleep=time.sleep, say=say)


def _zone(_: click.Context, param: click.Parameter, name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise click.BadParameter(f"expected a zone such as Europe/Oslo, got {name!r}", param=param) from None


def _moment(_: click.Context, param: click.Parameter, text: str | None) -> str | None:
    try:
        if text is not None:
            WireTime(_DEFAULTS.zone).read(text)
    except ValueError as error:
        raise click.BadParameter(str(error), param=param) from None
    return text


zone_option = click.option(
    "--timezone",
    "zone",
    default=_DEFAULTS.timezone,
    show_default=True,
    callback=_zone,
    envvar="FRONTSIM_TIMEZONE",
    show_envvar=True,
    metavar="ZONE",
    help="The vendor's local zone: its date-times carry none.",
)
token_option = click.option(
    "--token", metavar="TOKEN", envvar="FRONTSIM_TOKEN", show_envvar=True, default="", help="The simulator's token."
)


@click.command()
@option_group(
    click.option(
        "--from",
        "source",
        type=click.Choice(SOURCES[:2]),
        default="api",
        show_default=True,
        help="The log that the API lists; a simulator's log, with heads, faults and answers.",
    ),
    click.option("--webhook", "wanted", multiple=True, metavar="ID", help="Only this webhook. Repeatable."),
    click.option(
        "--from-time", "since", metavar="WHEN", callback=_moment, help=f"Raised since.  [default: {DAYS} days ago]"
    ),
    click.option("--to-time", "until", metavar="WHEN", callback=_moment, help="Raised before.  [default: no end]"),
    click.option(
        "--out",
        "out",
        type=click.Path(dir_okay=False, path_type=Path),
        required=True,
        metavar="FILE",
        help="A new file.",
    ),
    zone_option,
    token_option,
)
@api_options
def record(
    api: Api, *, source: str, out: Path, zone: ZoneInfo, token: str, wanted: Sequence[str], **window: Any
) -> None:
    """Write real events into a file: one line of JSON an event, with its head, body, time and runs.

    The API is only read. The file is yours alone (0600), and an existing one is never overwritten. Keys and tokens are
    masked.
    """
    stretch = _window(source, zone, **window)
    with api.open() as front, ControlConnection(api.base_url, token).open() as simulator:
        webhooks = _chosen(RETRY.read(front.list_webhooks), wanted)
        events = recorded_events(
            front,
            webhooks,
            stretch,
            zone=zone,
            retry=RETRY,
            say=say,
            simulator=simulator if source == "log" else None,
        )
        with RecordWriter(out, RecordHead(source, zone.key)) as writer:
            say("Warning: the record holds what was sent, personal data too")
            for event in events:
                writer.add(event)
    say(f"{writer.events} events in {out}")


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


def _chosen(found: Sequence[WebhookView], wanted: Sequence[str]) -> list[WebhookView]:
    by_id = {webhook.id.lower(): webhook for webhook in found}
    if unknown := [name for name in wanted if name.lower() not in by_id]:
        raise FrontsimError(f"expected the id of a webhook (see `frontsim webhooks list`), got {unknown[0]!r}")
    return [by_id[name.lower()] for name in wanted] if wanted else list(found)
