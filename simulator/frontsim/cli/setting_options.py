"""An option for each setting of a simulator: its name, variable, default and help come from the declaration."""

from collections.abc import Sequence
from dataclasses import Field, fields
from pathlib import Path
from typing import Any

import click

from frontsim.cli.choices import NearChoice
from frontsim.cli.option_group import Decorator, option_group
from frontsim.settings import ENVIRONMENT_PREFIX, SettingRule, Settings, of_delivery


def _options_of(settings: "Sequence[Field[Any]]") -> Decorator:
    return option_group(*(click.option(*_names(item), item.name, **_details(item)) for item in settings))


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


setting_options = _options_of(fields(Settings))
"""An option for each setting."""
delivery_options = _options_of(of_delivery())
"""An option for each setting that says how a delivery looks or is sent."""
