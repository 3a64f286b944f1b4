"""`frontsim trigger`: raise events of one type."""

from collections.abc import Mapping

import click

from frontsim.cli.completion import event_types
from frontsim.cli.connection import ControlConnection, control_options
from frontsim.cli.control_api.raised import show_raised
from frontsim.cli.output import json_option
from frontsim.cli.overrides import payload_options
from frontsim.errors import FrontsimError


@click.command()
@click.argument("type_", metavar="TYPE", shell_complete=event_types)
@click.option("--count", type=click.IntRange(min=1), default=1, show_default=True, help="How many occurrences.")
@click.option("--wait", is_flag=True, help="Wait until everything is delivered, for up to 30 s.")
@payload_options
@control_options
@json_option
def trigger(
    type_: str,
    count: int,
    store: int | None,
    changes: Mapping[str, object],
    whole: Mapping[str, object] | None,
    control: ControlConnection,
    *,
    wait: bool,
    invalid: bool,
    as_json: bool,
) -> None:
    """Raise events of one type, such as SaleCreated.

    The events are in the log when the command returns, and each is delivered once. One occurrence becomes an event
    for every webhook that matches it.
    """
    with control.open() as simulator:
        raised = simulator.trigger(
            type_, count=count, store_id=store, set_=changes or None, payload=whole, invalid=invalid
        )
        if wait and not simulator.drain():
            raise FrontsimError("deliveries are still under way after 30 s: frontsim drain waits longer")
    show_raised(raised, "webhookEventId", "webhook", wanted=type_, as_json=as_json)
