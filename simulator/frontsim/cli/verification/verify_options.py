"""The options of `frontsim verify`, a group for each noun.

A new option stands in its group. If it is about the request, it has the name of its field in `Request`, and a callback
where it needs another type: `verify_request` then takes it over, and `frontsim verify` needs no change for it.
"""

from collections.abc import Sequence
from pathlib import Path

import click

from frontsim.cli.choices import NearChoice
from frontsim.cli.completion import event_type_list, scenarios
from frontsim.cli.connection import BASE_URL
from frontsim.cli.duration import Duration
from frontsim.cli.option_group import option_group, seconds_option
from frontsim.cli.overrides import assignments
from frontsim.verification.dependency.address import read_addresses
from frontsim.verification.facts.history import ContentCheck
from frontsim.verification.request import KEY

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
    seconds_option(
        "--settle",
        "settle_s",
        least=0.05,
        most=600,
        default=0.3,
        help_text="How long effects must stay unchanged before verify judges them. While one is missing, verify waits "
        "ten times as long, and once in a run at least 15 s.",
    ),
    seconds_option(
        "--timeout",
        "timeout_s",
        least=1,
        most=3600,
        default=60.0,
        help_text="How long one scenario may take.",
    ),
    seconds_option(
        "--answer-timeout",
        "answer_s",
        least=0.1,
        most=600,
        default=5.0,
        help_text="How long the receiver may take to answer a delivery.",
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
    seconds_option(
        "--budget",
        "budget_s",
        least=1,
        most=86_400,
        help_text="Start no further scenario after this time; the rest are reported as skipped.  [default: 120, with "
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
