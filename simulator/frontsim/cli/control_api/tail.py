"""`frontsim tail`: a line for each delivery as it ends."""

from collections.abc import Mapping
from typing import Any

import click
import orjson

from frontsim.cli.connection import ControlConnection, control_options
from frontsim.cli.output import json_option, show_line, shown


@click.command()
@control_options
@json_option
def tail(control: ControlConnection, *, as_json: bool) -> None:
    r"""Follow the deliveries of a running simulator, from now on: when, type, id, how it ended, ms, fault.

    Ctrl-C ends it; it ends by itself with the simulator.

    \b
    frontsim tail
    frontsim tail --json | grep SaleCreated
    """
    with control.open() as simulator:
        for message in simulator.stream():
            about = orjson.loads(message.data)
            if "outcome" not in about:
                continue
            if as_json:
                show_line(about)
            else:
                click.echo(line_of(about))


def line_of(run: Mapping[str, Any]) -> str:
    """One delivery as a line."""
    words = (run.get("statusCode"), run.get("status"))
    outcome = " ".join(str(word) for word in words if word is not None) or str(run["outcome"])
    parts = [
        str(run["createdDateTime"]).partition("T")[2].ljust(12),
        str(run["event"]),
        str(run["webhookEventId"]),
        f"run {run['run']}",
        outcome,
        "" if run.get("durationMs") is None else f"{run['durationMs']} ms",
        f"[{run['fault']}]" if run.get("fault") else "",
    ]
    return "  ".join(shown(part) for part in parts if part)
