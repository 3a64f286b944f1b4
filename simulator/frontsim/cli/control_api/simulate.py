"""`frontsim simulate`: a business act and everything that it causes, or a whole trading day."""

import click

from frontsim.cli.completion import names
from frontsim.cli.connection import ControlConnection, control_options
from frontsim.cli.control_api.raised import show_raised
from frontsim.cli.output import json_option
from frontsim.cli.overrides import finite
from frontsim.payloads.shop import ACTS
from frontsim.user_input.near import not_among

DAY = "day"
SPEED = 600.0


@click.command()
@click.argument("what", metavar="WHAT", shell_complete=names(lambda: (*ACTS, DAY)))
@click.option("--count", type=click.IntRange(min=1), help="How many times.  [default: 1]")
@click.option(
    "--speed",
    type=click.FloatRange(min=0, min_open=True),
    callback=finite,
    help="For a day: how many times faster than real time.  [default: 600]",
)
@control_options
@json_option
def simulate(what: str, count: int | None, speed: float | None, control: ControlConnection, *, as_json: bool) -> None:
    """Do a business act and everything that it causes, in order; `day` plays the chain's whole trading day.

    WHAT is one of sale, return, invoice-sale, online-sale, delivery, transfer, virtual-transfer, stock-count,
    adjustment, reservation, reservation-expiry, endless-aisle-order, order-update, order-fulfilment,
    order-refund, settlement, new-customer, customer-update, day.
    """
    if what not in (*ACTS, DAY):
        raise click.UsageError(not_among((*ACTS, DAY), what, expected="an act"))
    if speed is not None and what != DAY:
        raise click.UsageError(f"leave --speed out: only `frontsim simulate {DAY}` takes it")
    if count is not None and what == DAY:
        raise click.UsageError(f"leave --count out: `frontsim simulate {DAY}` plays one day")
    with control.open() as simulator:
        raised = (
            simulator.simulate_day(speed=speed or SPEED) if what == DAY else simulator.simulate(what, count=count or 1)
        )
    show_raised(raised, "event", "webhookEventId", wanted="TYPE", as_json=as_json)
