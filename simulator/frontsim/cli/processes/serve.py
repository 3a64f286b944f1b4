"""`frontsim serve`: a simulator in the foreground, until Ctrl-C. Its options are the settings."""

import os
from collections.abc import Callable, Sequence
from dataclasses import Field, fields
from pathlib import Path
from typing import Any

import click

from frontsim.app import App
from frontsim.cli.choices import NearChoice
from frontsim.cli.option_group import Decorator, option_group
from frontsim.cli.processes.delivery_lines import DeliveryLines, LineWriter
from frontsim.errors import BadInput
from frontsim.serving import serve as serve_until_stopped
from frontsim.settings import ENVIRONMENT_PREFIX, SettingRule, Settings, of_delivery

STANDARD_ERROR = 2


def setting_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command an option for each setting."""
    return _options_of(fields(Settings))(command)


def delivery_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command an option for each setting that says how a delivery looks or is sent."""
    return _options_of(of_delivery())(command)


def _options_of(settings: "Sequence[Field[Any]]") -> Decorator:
    return option_group(*(click.option(*_names(item), item.name, **_details(item)) for item in settings))


def read_settings(values: dict[str, Any]) -> Settings:
    """The settings from a command's options. Raises BadInput."""
    try:
        return Settings(**values)
    except ValueError as error:
        name, _, text = str(error).partition(":")
        raise BadInput(f"--{name.replace('_', '-')}:{text}") from None


def _names(item: "Field[Any]") -> tuple[str, ...]:
    name = f"--{item.name.replace('_', '-')}"
    return (f"{name}/--no-{item.name.replace('_', '-')}",) if item.default is True else (name,)


def _details(item: "Field[Any]") -> dict[str, Any]:
    rule: SettingRule = item.metadata["rule"]
    details: dict[str, Any] = {
        "default": item.default,
        "envvar": f"{ENVIRONMENT_PREFIX}{item.name.upper()}",
        "show_envvar": True,
        "help": rule.help,
        "show_default": item.default not in (None, "", ()),
    }
    if isinstance(item.default, bool):
        return details | {"is_flag": True}
    if rule.choices:
        return details | {"type": NearChoice(list(rule.choices))}
    if isinstance(item.default, tuple):
        return details | {"multiple": True, "type": str, "metavar": "NAME", "show_default": False}
    is_path = isinstance(item.default, Path) or item.type in ("Path | None", Path | None)
    return details | {"type": click.Path(path_type=Path) if is_path else type(item.default)}


@click.command()
@setting_options
@click.option(
    "-q", "--quiet", is_flag=True, envvar=f"{ENVIRONMENT_PREFIX}QUIET", show_envvar=True, help="Print no deliveries."
)
def serve(*, quiet: bool, **values: Any) -> None:
    """Run a simulator: the vendor's webhook API, deliveries, and a control surface under /_sim.

    It prints its address to standard output, and a line for each delivery to standard error: when, which event, how it
    ended, in how long, by which fault, and where it went. If many come at once, it shows some and counts the rest.

    Ctrl-C stops it within a second. It logs deliveries in flight as unknown, and sends the waiting ones at the
    next start on the same --db.
    """
    settings = read_settings(values)

    def ready(url: str) -> None:
        log = "a temporary file" if settings.ephemeral else settings.db
        click.echo(f"frontsim on {url}/restapi/V2  (control {url}/_sim, log {log}, pid {os.getpid()}; Ctrl-C stops)")

    serve_until_stopped(settings, ready, None if quiet else _print_deliveries)


async def _print_deliveries(app: App) -> None:
    writer = LineWriter(STANDARD_ERROR)
    try:
        await DeliveryLines(writer.write, app.wire_time).follow(app.store.changes)
    finally:
        writer.close()
