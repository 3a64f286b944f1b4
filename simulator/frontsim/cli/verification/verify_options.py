"""The options of `frontsim verify`, a group for each noun, and what is built from them.

A new option stands in its group. If it is about the request, it has the name of its field in `Request`, and a callback
where it needs another type: `request_of` then takes it over. `frontsim verify` needs no change for it.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import click

from frontsim.cli.choices import NearChoice
from frontsim.cli.completion import event_type_list, scenarios
from frontsim.cli.connection import BASE_URL
from frontsim.cli.duration import Duration
from frontsim.cli.option_group import option_group
from frontsim.cli.overrides import assignments
from frontsim.client.control import control_url
from frontsim.settings import Settings, of_delivery
from frontsim.verification.dependency.address import read_addresses
from frontsim.verification.facts.history import ContentCheck
from frontsim.verification.play.harness import TimeLimits
from frontsim.verification.request import KEY, Address, Request
from frontsim.verification.schedule import Pace, usual_pace

_BUDGET_S, _BUDGET_WITH_KILLS_S = 120.0, 240.0

HOW_TO_OBSERVE = """add one way to see what the receiver booked, because its answers prove nothing:

  --observe-url URL          a JSON list of ids or objects, such as http://127.0.0.1:8500/effects
  --observe-sql DSN QUERY    a row for each effect, such as sqlite:///shop.db 'SELECT event_id FROM sales'
  --observe-cmd CMD          a line of output for each effect
  --observe-sink NAME        what the receiver sends to /_sim/sink/NAME (with --base-url)
  --observe-import PKG.MOD:ATTR   a Python list, or a function that returns one"""


def _comma_list(_: object, __: object, text: str) -> Sequence[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


receiver_options = option_group(
    click.option("--receiver", metavar="URL", help="The receiver's URL: every event is delivered there."),
    click.option(
        "--receiver-cmd",
        metavar="CMD",
        default="",
        help="Command that starts the receiver, so that scenarios can kill -9 and restart it.",
    ),
    click.option(
        "--dependency",
        "dependencies",
        metavar="NAME=HOST:PORT[@PORT]",
        multiple=True,
        callback=lambda _, __, values: read_addresses(values),
        help="The receiver's database, broker or API. The receiver must connect to frontsim in its place, so that "
        "scenarios can break the connection: {NAME_port} in --receiver-cmd is the port, and FRONTSIM_DEPENDENCY_NAME "
        "has host:port; @PORT fixes it. Repeatable.",
    ),
)
"""The receiver, and what runs it."""

observer_options = option_group(
    click.option("--observe-url", metavar="URL", default="", help="Effects: a JSON list, of ids or of objects."),
    click.option(
        "--observe-sql",
        metavar="DSN QUERY",
        nargs=2,
        help="Effects: one per row. sqlite:///FILE is built in, other databases need the extra [sql].",
    ),
    click.option("--observe-cmd", metavar="CMD", default="", help="Effects: one per line of output."),
    click.option(
        "--observe-sink", metavar="NAME", default="", help="Effects: what the receiver sent to /_sim/sink/NAME."
    ),
    click.option(
        "--observe-import",
        metavar="PKG.MOD:ATTR",
        default="",
        help="Effects: a Python list, or a function that returns one.",
    ),
    click.option(
        "--observe-key",
        metavar="PATH",
        default=KEY,
        show_default=True,
        help="Path of the event's id in an effect, or 'business' if effects have the type's own identity, such as "
        "saleId.",
    ),
    click.option(
        "--observe-map",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help="Which columns of an effect hold which fields of the payload, in TOML or JSON. Columns with the name of a "
        "field are found without it.",
    ),
    click.option(
        "--check-content",
        type=NearChoice([str(each) for each in ContentCheck], case_sensitive=False),
        default=str(ContentCheck.KNOWN),
        show_default=True,
        callback=lambda _, __, value: ContentCheck(value),
        help="How to compare an effect's copy of the payload: exact (every key and value), known (ignore what "
        "databases and JSON libraries change by themselves) or off.",
    ),
)
"""How effects are read and compared."""

choice_options = option_group(
    click.option(
        "--scenario",
        "names",
        metavar="NAME",
        multiple=True,
        shell_complete=scenarios,
        help="Only this one, or a .toml file. Repeatable.",
    ),
    click.option(
        "--events",
        metavar="TYPE,...",
        shell_complete=event_type_list,
        default="",
        callback=_comma_list,
        help="Only these event types. auto: leave out those that the receiver refuses with one and the same answer; "
        "the verdict lists them.",
    ),
    click.option(
        "--set",
        "changes",
        metavar="PATH=VALUE",
        multiple=True,
        callback=assignments,
        help="Change a field in the payloads of all types that have it: a dotted path, =, and JSON or a text. "
        "Repeatable.",
    ),
    click.option(
        "--contracts",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        metavar="DIR",
        envvar="FRONTSIM_CONTRACTS",
        show_envvar=True,
        help="Event types of your own.",
    ),
)
"""Which scenarios are played, and with which events."""

limit_options = option_group(
    click.option(
        "--settle",
        "settle_s",
        type=click.FloatRange(0.05, 600),
        default=0.3,
        show_default=True,
        metavar="SECONDS",
        help="How long effects must stay unchanged before verify judges them. While one is missing, verify waits ten "
        "times as long, and once in a run at least 15 s.",
    ),
    click.option(
        "--timeout",
        "timeout_s",
        type=click.FloatRange(1, 3600),
        default=60.0,
        show_default=True,
        metavar="SECONDS",
        help="How long one scenario may take.",
    ),
    click.option(
        "--answer-timeout",
        "answer_s",
        type=click.FloatRange(0.1, 600),
        default=5.0,
        show_default=True,
        metavar="SECONDS",
        help="How long the receiver may take to answer a delivery.",
    ),
    click.option(
        "--memory",
        "memory_s",
        type=Duration(most_s=7 * 86_400),
        default=0.0,
        metavar="TIME",
        help="How long the receiver must remember an event, such as 60s: the scenario long-memory waits that long.  "
        "[default: as long as the run takes]",
    ),
    click.option(
        "--time-travel",
        "travel_s",
        type=Duration(most_s=3650 * 86_400),
        default=0.0,
        metavar="TIME",
        help="Before long-memory sends its events again, restart the receiver with its clock this far ahead, such as "
        "8d. Needs --receiver-cmd and libfaketime.",
    ),
    click.option(
        "--budget",
        "budget_s",
        type=click.FloatRange(1, 86_400),
        metavar="SECONDS",
        help="Start no further scenario after this time; the rest are reported as skipped.  [default: 120, with "
        "--receiver-cmd 240]",
    ),
    click.option(
        "--jobs",
        type=click.IntRange(1, 16),
        metavar="N",
        help="Scenarios to play side by side, if the receiver answers fast. With --receiver-cmd or --base-url always "
        "one.  [default: 4, or 16 if it books late]",
    ),
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


def request_of(options: Mapping[str, Any]) -> Request:
    """What the options ask for: each field of `Request` has the option of its name."""
    named = {item.name: options[item.name] for item in fields(Request) if item.name in options}
    delivery = {item.name: options[item.name] for item in of_delivery() if item.name not in named}
    names = ("settle_s", "timeout_s", "answer_s", "memory_s", "travel_s")
    limits = TimeLimits(**{name: options[name] for name in names})
    return Request(**named, limits=limits, delivery=delivery)


def pace_of(options: Mapping[str, Any]) -> Pace:
    """How fast to play: a receiver that is killed, and a simulator that is shared, take one scenario at a time."""
    return usual_pace(
        one_at_a_time=bool(options["receiver_cmd"] or options["base_url"]),
        jobs=options["jobs"],
        budget_s=options["budget_s"] or (_BUDGET_WITH_KILLS_S if options["receiver_cmd"] else _BUDGET_S),
    )


def named_simulator(options: Mapping[str, Any]) -> Address | None:
    """The simulator of --base-url, with the keys of the environment."""
    if not options["base_url"]:
        return None
    return Address(
        options["base_url"],
        control_url(options["base_url"]),
        options["token"],
        api_key=os.environ.get("FRONTSIM_API_KEY", Settings.api_key),
        subscription_key=os.environ.get("FRONTSIM_SUBSCRIPTION_KEY", Settings.subscription_key),
    )
