"""The event types, for which no simulator is needed, and how they change: `types`, `schema`, `payload`, `contracts`.

frontsim contracts pull --out pulled          # then: frontsim verify --contracts pulled
frontsim contracts diff pulled https://...    # in a nightly job: exit code 1 if a receiver may break
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click
import orjson

from frontsim import catalog
from frontsim.catalog import TYPE_NAME, EventType, contracts_in, schema_problem
from frontsim.cli.connection import RETRY, Api, api_options, key_options
from frontsim.cli.options import NearChoice, contracts_option, event_types, load, payload_options
from frontsim.cli.output import json_option, progress_of, show_json, show_table, shown
from frontsim.client.bounded import MOST_BYTES
from frontsim.client.errors import ApiError, RetryPolicy
from frontsim.client.http import FrontSystems
from frontsim.errors import FrontsimError, Unusable
from frontsim.files import opened
from frontsim.payloads.making.profiles import PROFILES
from frontsim.records.drift import seen_changes
from frontsim.records.record import RecordReader
from frontsim.schemas.difference import schema_changes
from frontsim.settings import Settings
from frontsim.wording import counted

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


MOST_TYPES = 1_000
"""Types that are pulled; the vendor has 21."""


@dataclass(frozen=True, slots=True)
class PulledContracts:
    """The schemas by type, and the types whose schema cannot be used, each with the reason."""

    schemas: Mapping[str, Mapping[str, Any]]
    left_out: Mapping[str, str]


def pull_contracts(api: FrontSystems, retry: RetryPolicy) -> PulledContracts:
    """Read all types and schemas; a call is repeated after a 429, a 5xx or a lost answer.

    Raises:
        CallError: a call failed for good, other than a 404 for one schema.
        FrontsimError: the types are too many, too large, or would share a file.
    """
    schemas: dict[str, Mapping[str, Any]] = {}
    left_out: dict[str, str] = {}
    size = 0
    for name in _distinct(retry.read(api.webhook_types)):
        if not TYPE_NAME.fullmatch(name):
            left_out[name] = "expected a name of letters, digits, _ - and ."
            continue
        try:
            schema = _parsed(retry.read(partial(api.type_schema, name)))
        except ApiError as error:
            if error.status != 404:
                raise
            left_out[name] = "the API has no schema of it (404)"
            continue
        problem = schema_problem(schema)
        if problem:
            left_out[name] = problem
        else:
            schemas[name] = schema
            size += len(orjson.dumps(schema))
        if size > MOST_BYTES:
            raise FrontsimError(f"expected schemas of at most {MOST_BYTES // 1024 // 1024} MiB in all, got more")
    return PulledContracts(schemas, left_out)


def _distinct(names: Sequence[str]) -> list[str]:
    """The names, each once. Two that differ in case alone are one file on some systems, and one type to an API."""
    found: dict[str, str] = {}
    for name in names:
        other = found.setdefault(name.lower(), name)
        if other != name:
            raise FrontsimError(f"expected names of types that differ in more than case, got {other} and {name}")
    if len(found) > MOST_TYPES:
        raise FrontsimError(f"expected at most {MOST_TYPES:,} event types, got {len(found):,}")
    return list(found.values())


def _parsed(schema: Any) -> Any:
    """The schema; the form of the answer is open, and it may be JSON in a text."""
    if isinstance(schema, str):
        try:
            return orjson.loads(schema)
        except ValueError:
            return schema
    return schema


BUNDLED = "bundled"
BREAKING = 1


@click.group()
def contracts() -> None:
    """Read the event types and schemas of the real API, and compare them."""


@contracts.command()
@click.option(
    "--out",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="The folder to write, for --contracts. Other types in it stay as they are.",
)
@api_options
@json_option
def pull(out: Path, api: Api, *, as_json: bool) -> None:
    """Write the API's schemas into a folder for --contracts.

    Event types that frontsim does not know are written, too. Nothing is written until all are read. The API is only
    read.
    """
    with api.open() as front:
        pulled = pull_contracts(front, RETRY)
    _write(out, pulled)
    known = {each.name.lower() for each in catalog.load()}
    new = [name for name in pulled.schemas if name.lower() not in known]
    if as_json:
        show_json({"out": str(out), "types": list(pulled.schemas), "new": new, "leftOut": pulled.left_out})
        return
    click.echo(f"{counted(len(pulled.schemas), 'type')} in {out}; try: frontsim verify --contracts {out}")
    if new:
        click.echo(shown(f"New to frontsim: {', '.join(new)}"))
    _warn(pulled)


@contracts.command()
@click.argument("before", metavar="A")
@click.argument("after", metavar="B")
@key_options
@json_option
@click.pass_context
def diff(ctx: click.Context, before: str, after: str, api_at: Callable[[str], Api], *, as_json: bool) -> None:
    """Show what changed from A to B, and what may break a receiver.

    It compares event types, fields, their types, null, required fields and listed values. A and B are folders, the
    word bundled, or an API's base URL. B may be a record (`frontsim record`) too: then it shows what was seen in real
    events but is not in the schema.

    Exit code: 1 if a change may break a receiver that copes with A, 0 if none does, 3 if they cannot be compared.
    """
    if Path(after).is_file():
        with RecordReader(Path(after)) as reader:
            changes = seen_changes(_schemas(before, api_at), reader.events())
    else:
        changes = schema_changes(_schemas(before, api_at), _schemas(after, api_at))
    breaking = any(change.breaking for change in changes)
    if as_json:
        show_json({"breaking": breaking, "changes": [change.as_json() for change in changes]})
    else:
        rows = [
            ("breaking" if each.breaking else "ok", each.event, each.path or None, each.change, each.before, each.after)
            for each in changes
        ]
        show_table(("", "EVENT", "FIELD", "CHANGE", "BEFORE", "AFTER"), rows, empty="no changes")
    ctx.exit(BREAKING if breaking else 0)


def _schemas(source: str, api_at: Callable[[str], Api]) -> Mapping[str, Mapping[str, Any]]:
    """The schemas by type, of whatever a user names."""
    if source == BUNDLED:
        return {each.name: each.schema for each in catalog.load()}
    if source.lower().startswith(("http://", "https://")):
        with api_at(source).open() as front:
            pulled = pull_contracts(front, RETRY)
        _warn(pulled)
        return pulled.schemas
    return {each.name: each.schema for each in contracts_in(Path(source))}


def _write(out: Path, pulled: PulledContracts) -> None:
    try:
        (out / "schemas").mkdir(parents=True, exist_ok=True)
        for name, schema in pulled.schemas.items():
            text = orjson.dumps(schema, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
            with opened(out / "schemas" / f"{name}.json", "wb") as writes:
                writes.write(text)
    except OSError as error:
        raise Unusable(f"--out {out}: expected a folder that can be written, got {error.strerror}") from None


def _warn(pulled: PulledContracts) -> None:
    for name, reason in pulled.left_out.items():
        click.echo(f"Warning: {shown(name)} is left out: {shown(reason)}", err=True)
