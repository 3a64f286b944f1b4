"""`frontsim types` and `frontsim schema`: the event types and their schemas; no simulator is needed."""

from pathlib import Path

import click

from frontsim.catalog import EventType
from frontsim.cli.completion import event_types
from frontsim.cli.contracts import contracts_option, load
from frontsim.cli.output import json_option, show_json, show_table


@click.command()
@contracts_option
@json_option
def types(contracts: Path | None, *, as_json: bool) -> None:
    """List the event types: when each is raised, and what a receiver does with it."""
    found = load(contracts)
    if as_json:
        show_json([_model(each) for each in found])
    else:
        show_table(["type", "raised when", "used to"], [(e.name, e.trigger, e.usage) for e in found], empty="no types")


@click.command()
@click.argument("type_", metavar="TYPE", shell_complete=event_types)
@contracts_option
def schema(type_: str, contracts: Path | None) -> None:
    """Print the JSON Schema of a type's payload."""
    show_json(load(contracts).find(type_).schema)


def _model(each: EventType) -> dict[str, object]:
    return {
        "name": each.name,
        "trigger": each.trigger,
        "usage": each.usage,
        "identity": each.identity,
        "version": list(each.version),
        "store": each.store,
        "provenance": dict(each.provenance),
    }
