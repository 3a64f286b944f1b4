"""`frontsim tail`: a line for each delivery as it ends."""

import click
import orjson

from frontsim.cli.connection import ControlConnection, control_options
from frontsim.cli.delivery_line import delivery_line
from frontsim.cli.output import json_option, show_line


@click.command()
@control_options
@json_option
def tail(control: ControlConnection, *, as_json: bool) -> None:
    """Follow the deliveries of a running simulator, from now on: when, id, type, how it ended, ms, fault, URL.

    Ctrl-C ends it; it ends by itself with the simulator.
    """
    with control.open() as simulator:
        for message in simulator.stream():
            about = orjson.loads(message.data)
            if "outcome" not in about:
                continue
            if as_json:
                show_line(about)
            else:
                click.echo(delivery_line(about))
