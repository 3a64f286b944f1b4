"""`types`, `schema`, `payload`: no simulator needed."""

import sys
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from frontsim.catalog import EventType
from frontsim.cli.options import NearChoice, contracts_option, event_types, load, payload_options
from frontsim.cli.output import json_option, progress_of, show_json, show_table
from frontsim.payloads.making.profiles import PROFILES
from frontsim.settings import Settings

if TYPE_CHECKING:
    from frontsim.payloads.making.factory import Payloads


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


_DEFAULTS = Settings()
_BLOCK = 256  # lines written at a time: memory stays the same, whatever the count


@click.command()
@click.argument("type_", metavar="TYPE", shell_complete=event_types)
@click.option("--count", type=click.IntRange(min=0), default=1, show_default=True, help="How many lines.")
@click.option(
    "--seed",
    type=click.IntRange(0, 2**63 - 1),
    default=_DEFAULTS.seed,
    show_default=True,
    envvar="FRONTSIM_SEED",
    show_envvar=True,
    help="Seed of everything that is random.",
)
@click.option(
    "--payloads",
    type=NearChoice(PROFILES),
    default=_DEFAULTS.payloads,
    show_default=True,
    envvar="FRONTSIM_PAYLOADS",
    show_envvar=True,
    help="Payload profile.",
)
@click.option(
    "--out", type=click.File("wb", lazy=True), metavar="FILE", help="The file to write.  [default: standard output]"
)
@payload_options
@contracts_option
def payload(
    type_: str,
    count: int,
    seed: int,
    payloads: str,
    store: int | None,
    changes: Mapping[str, object],
    whole: Mapping[str, object] | None,
    contracts: Path | None,
    out: IO[bytes] | None,
    *,
    invalid: bool,
) -> None:
    """Print payloads of one type, such as SaleCreated, as JSON lines.

    The same seed gives the same lines. Each is valid under its type's schema, or refused, unless --invalid
    is given.
    """
    from frontsim.payloads.making.factory import Payloads  # noqa: PLC0415 - a sixth of the start of types and schema

    catalog = load(contracts)
    event = catalog.find(type_).name
    body = _bodies(Payloads(catalog, seed=seed, profile=payloads), event, store, changes, whole, invalid=invalid)
    to = out or sys.stdout.buffer
    with progress_of(event, count) if out or not sys.stdout.isatty() else nullcontext(_no_bar) as tell:
        for first in range(1, count + 1, _BLOCK):  # a simulator's own numbers begin at 1, too
            block = range(first, min(first + _BLOCK, count + 1))
            to.write(b"".join(body(number) + b"\n" for number in block))
            tell(block.stop - 1)


def _no_bar(_: int) -> None:
    """The lines themselves show how far it is."""


def _bodies(
    payloads: "Payloads",
    event: str,
    store: int | None,
    changes: Mapping[str, object],
    whole: Mapping[str, object] | None,
    *,
    invalid: bool,
) -> Callable[[int], bytes]:
    """The body of each number: as the shop makes it, or as the options change it."""
    if whole is not None:
        return lambda _: payloads.given(event, whole, store_id=store, set_=changes, invalid=invalid).body
    if store is None and not changes:
        return lambda number: payloads.build(event, number).body
    return lambda number: payloads.changed(payloads.build(event, number, store_id=store), changes, invalid=invalid).body
