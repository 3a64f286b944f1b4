"""`frontsim drain`, `clock`, `reset` and `stats`: the running simulator itself."""

import click

from frontsim.cli.connection import ControlConnection, control_options
from frontsim.cli.option_group import seconds_option
from frontsim.cli.output import json_option, show_json, show_table

_STILL_UNDER_WAY = 1


@click.command()
@seconds_option(
    "--timeout",
    "timeout_s",
    least=0,
    most=86_400,
    default=30.0,
    help_text="How long to wait.",
)
@control_options
@click.pass_context
def drain(ctx: click.Context, timeout_s: float, control: ControlConnection) -> None:
    """Wait until nothing is due or in flight.

    Exit code: 0 everything has ended, 1 something is still under way.
    """
    with control.open() as simulator:
        is_drained = simulator.drain(timeout_s)
    if not is_drained:
        click.echo(f"Deliveries are still under way after {timeout_s:g} s.", err=True)
        ctx.exit(_STILL_UNDER_WAY)


@click.command()
@click.option("--advance", "advance_s", type=float, metavar="SECONDS", help="Move time forward.")
@click.option("--set", "now", metavar="WHEN", help="Set the time, such as '2021-12-01 08:50:46'.")
@control_options
@json_option
def clock(advance_s: float | None, now: str | None, control: ControlConnection, *, as_json: bool) -> None:
    """Show the simulator's time, or move it."""
    if advance_s is not None and now is not None:
        raise click.UsageError("expected --advance or --set, got both")
    with control.open() as simulator:
        if advance_s is not None:
            found = simulator.advance(advance_s)
        else:
            found = simulator.clock() if now is None else simulator.set_clock(now)
    if as_json:
        show_json(found)
    else:
        click.echo(f"{found['now']}  ({round(found['offsetS']):+d} s from real time)")


@click.command()
@control_options
def reset(control: ControlConnection) -> None:
    """Forget webhooks, events, fault rules and sinks, and set the clock back to real time."""
    with control.open() as simulator:
        simulator.reset()


@click.command()
@control_options
@json_option
def stats(control: ControlConnection, *, as_json: bool) -> None:
    """Show how much the log holds, and how often each fault rule has fired."""
    with control.open() as simulator:
        found = simulator.stats()
    if as_json:
        show_json(found)
        return
    rows = [(name, value) for name, value in found.items() if not isinstance(value, dict)]
    rows += [(f"fault {number} fired", times) for number, times in found.get("faults", {}).items()]
    show_table(["what", "number"], rows, empty="nothing counted")
