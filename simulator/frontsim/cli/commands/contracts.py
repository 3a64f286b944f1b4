"""`contracts pull` and `diff`.

frontsim contracts pull --out pulled          # then: frontsim verify --contracts pulled
frontsim contracts diff pulled https://...    # in a nightly job: exit code 1 if a receiver may break
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import click
import orjson

from frontsim import catalog
from frontsim.catalog import TYPE_NAME, contracts_in, schema_problem
from frontsim.cli.connection import Api, api_options, key_options
from frontsim.cli.output import json_option, show_json, show_table, shown
from frontsim.client.bounded import MOST_BYTES
from frontsim.client.errors import ApiError
from frontsim.client.retry import RetryPolicy
from frontsim.client.vendor import FrontSystems
from frontsim.errors import FrontsimError, Unusable
from frontsim.files import opened
from frontsim.records.drift import seen_changes
from frontsim.records.record import RecordReader
from frontsim.schemas.difference import schema_changes
from frontsim.wording import counted

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

RETRY = RetryPolicy(sleep=time.sleep, say=lambda text: click.echo(shown(text), err=True))


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
