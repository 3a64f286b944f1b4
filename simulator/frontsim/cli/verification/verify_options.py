"""The options of `frontsim verify`, a group for each noun, as click reads them; `VERIFY_OPTIONS` declares them.

A new option is declared there, and stands here in its group. If it is about the request, it has the name of its field
in `Request`, and a callback where it needs another type: `verify_request` then takes it over, and `frontsim verify`
needs no change for it.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from frontsim.cli.choices import NearChoice
from frontsim.cli.completion import event_type_list, scenarios
from frontsim.cli.connection import BASE_URL
from frontsim.cli.duration import Duration
from frontsim.cli.option_group import Decorator, option_group
from frontsim.cli.overrides import assignments
from frontsim.settings import ENVIRONMENT_PREFIX
from frontsim.verification.dependency.address import read_addresses
from frontsim.verification.facts.history import ContentCheck
from frontsim.verification.option_table import VERIFY_OPTIONS

HOW_TO_OBSERVE = """add one way to see what the receiver booked, because its answers prove nothing:

  --observe-url URL          a JSON list of ids or objects, such as http://127.0.0.1:8500/effects
  --observe-sql DSN QUERY    a row for each effect, such as sqlite:///shop.db 'SELECT event_id FROM sales'
  --observe-cmd CMD          a line of output for each effect
  --observe-sink NAME        what the receiver sends to /_sim/sink/NAME (with --base-url)
  --observe-import PKG.MOD:ATTR   a Python list, or a function that returns one"""


def _comma_list(_: object, __: object, text: str) -> Sequence[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _declared(name: str, *parameter: str, **details: Any) -> Decorator:
    """The option of a name as `VERIFY_OPTIONS` declares it; `parameter` is its name in the command if it is another."""
    option = VERIFY_OPTIONS[name]
    found: dict[str, Any] = {"help": option.help, "metavar": option.metavar or None}
    if not details.get("multiple") and option.default is not None:
        found["default"] = option.default
    return click.option(f"--{name}", *parameter, **found, **details)


def _seconds(name: str, parameter: str) -> Decorator:
    option = VERIFY_OPTIONS[name]
    number = click.FloatRange(option.least, option.most)
    return _declared(name, parameter, type=number, show_default=option.default is not None)


def _duration(name: str, parameter: str) -> Decorator:
    return _declared(name, parameter, type=Duration(most_s=VERIFY_OPTIONS[name].most))


receiver_options = option_group(
    _declared("receiver"),
    _declared("receiver-cmd"),
    _declared("dependency", "dependencies", multiple=True, callback=lambda _, __, values: read_addresses(values)),
)
"""The receiver, and what runs it."""

observer_options = option_group(
    _declared("observe-url"),
    _declared("observe-sql", nargs=2),
    _declared("observe-cmd"),
    _declared("observe-sink"),
    _declared("observe-import"),
    _declared("observe-key", show_default=True),
    _declared("observe-map", type=click.Path(dir_okay=False, path_type=Path)),
    _declared("observe-state"),
    _declared(
        "check-content",
        type=NearChoice(VERIFY_OPTIONS["check-content"].choices, case_sensitive=False),
        show_default=True,
        callback=lambda _, __, value: ContentCheck(value),
    ),
)
"""How effects are read and compared."""

choice_options = option_group(
    _declared("scenario", "names", multiple=True, shell_complete=scenarios),
    _declared("events", shell_complete=event_type_list, callback=_comma_list),
    _declared("set", "changes", multiple=True, callback=assignments),
    _declared(
        "contracts",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        envvar=f"{ENVIRONMENT_PREFIX}CONTRACTS",
        show_envvar=True,
    ),
)
"""Which scenarios are played, and with which events."""

limit_options = option_group(
    _seconds("settle", "settle_s"),
    _seconds("timeout", "timeout_s"),
    _seconds("answer-timeout", "answer_s"),
    _duration("memory", "memory_s"),
    _duration("time-travel", "travel_s"),
    _seconds("budget", "budget_s"),
    _declared("jobs", type=click.IntRange(int(VERIFY_OPTIONS["jobs"].least), int(VERIFY_OPTIONS["jobs"].most))),
)
"""How long things may take, and how many scenarios are played at once."""

simulator_options = option_group(
    click.option(
        "--base-url", metavar="URL", default="", help=f"Use a simulator that runs already, such as {BASE_URL}."
    ),
    click.option(
        "--token", default="", envvar="FRONTSIM_TOKEN", show_envvar=True, help="That simulator's /_sim token."
    ),
)
"""A simulator that runs already."""
