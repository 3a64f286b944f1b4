"""`frontsim serve`: a simulator in the foreground, until Ctrl-C. Its options are the settings."""

import os
from typing import Any

import click

from frontsim.app import App
from frontsim.cli.processes.delivery_lines import DeliveryLines, LineWriter
from frontsim.cli.setting_options import setting_options
from frontsim.serving import serve as serve_until_stopped
from frontsim.settings import ENVIRONMENT_PREFIX
from frontsim.user_input.configuration import read_settings

STANDARD_ERROR = 2


@click.command()
@setting_options
@click.option(
    "-q", "--quiet", is_flag=True, envvar=f"{ENVIRONMENT_PREFIX}QUIET", show_envvar=True, help="Print no deliveries."
)
def serve(*, quiet: bool, **values: Any) -> None:
    """Run a simulator: the vendor's webhook API, deliveries, and a control surface under /_sim.

    It prints its address to standard output, and a line for each delivery to standard error: when, which event, how it
    ended, in how long, by which fault, and where it went. If many come at once, it shows some and counts the rest.

    Ctrl-C stops it within a second. It logs deliveries in flight as unknown, and sends the waiting ones at the
    next start on the same --db.
    """
    settings = read_settings(**values)

    def ready(url: str) -> None:
        log = "a temporary file" if settings.ephemeral else settings.db
        click.echo(f"frontsim on {url}/restapi/V2  (control {url}/_sim, log {log}, pid {os.getpid()}; Ctrl-C stops)")

    serve_until_stopped(settings, ready, None if quiet else _print_deliveries)


async def _print_deliveries(app: App) -> None:
    writer = LineWriter(STANDARD_ERROR)
    try:
        await DeliveryLines(writer.write, app.wire_time).follow(app.store.changes)
    finally:
        writer.close()
