"""`frontsim simulate`: a business act and everything that it causes, or a whole trading day."""

import click

from frontsim.cli.completion import names
from frontsim.cli.connection import ControlConnection, control_options
from frontsim.cli.control_api.raised import show_raised
from frontsim.cli.output import json_option
from frontsim.cli.overrides import finite
from frontsim.cli.progress import progress_of
from frontsim.client.control import Simulator
from frontsim.client.errors import CallError
from frontsim.client.models import TriggerAnswer
from frontsim.payloads.shop import ACTS
from frontsim.user_input.near import not_among

DAY = "day"
SPEED = 600.0
_AT_ONCE = 500  # acts in a call: half a second


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
        raised = simulator.simulate_day(speed=speed or SPEED) if what == DAY else _acts(simulator, what, count or 1)
    show_raised(raised, "event", "webhookEventId", wanted="TYPE", as_json=as_json)


def _acts(simulator: Simulator, what: str, count: int) -> TriggerAnswer:
    """Do an act `count` times, some in a call, so that a bar can show how far it is."""
    answers: list[TriggerAnswer] = []
    with progress_of(what, count) as tell:
        for done in range(0, count, _AT_ONCE):
            try:
                answers.append(simulator.simulate(what, count=min(_AT_ONCE, count - done)))
            except CallError as error:
                error.args = (f"{done:,} acts are done, then: {error}",) if done else error.args
                raise
            tell(min(done + _AT_ONCE, count))
    if len(answers) == 1:
        return answers[0]
    events = [event for each in answers for event in each.raw["events"]]
    return TriggerAnswer.read({"occurrences": sum(each.occurrences for each in answers), "events": events})
