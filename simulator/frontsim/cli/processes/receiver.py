"""`frontsim receiver`: run the reference receiver, or one that is broken on purpose."""

from pathlib import Path

import click

from frontsim.cli.choices import NearChoice
from frontsim.cli.output import json_option, show_json, show_line, show_table
from frontsim.receivers.broken.registry import BROKEN
from frontsim.receivers.registry import CORRECT
from frontsim.receivers.serve import run

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
@click.option("--broken", metavar="NAME", type=NearChoice(list(BROKEN)), help="A receiver with a known bug.")
@click.option("--variant", metavar="NAME", type=NearChoice(list(CORRECT)), help="Another right receiver.")
@click.option("--header", metavar="NAME", help="The header with the event's id.  [default: X-Webhook-Event-Id]")
@click.option("--list", "listing", is_flag=True, help="List the receivers.")
@json_option
def receiver(
    host: str,
    port: int,
    db: Path,
    broken: str | None,
    variant: str | None,
    header: str | None,
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
        ready=lambda base_url: _announce(name, base_url, as_json=as_json),
    )


def _announce(name: str, base_url: str, *, as_json: bool) -> None:
    hook, effects = f"{base_url}/hook", f"{base_url}/effects"
    if as_json:
        show_line({"receiver": name, "url": hook, "effects": effects})
    else:
        click.echo(f"receiver {name!r}: deliveries to {hook}, effects at {effects}; Ctrl-C stops it")


def _list(*, as_json: bool) -> None:
    variants = [(each, each.name in BROKEN) for each in (*CORRECT.values(), *BROKEN.values())]
    if as_json:
        show_json([{"name": each.name, "broken": broken, "what": each.bug} for each, broken in variants])
    else:
        rows = [(each.name, "broken" if broken else "correct", each.bug) for each, broken in variants]
        show_table(["receiver", "is", "what sets it apart"], rows, empty="no receivers")
