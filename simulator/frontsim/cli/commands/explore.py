"""`explore`: asks `explore()`, tells each finding at once, and shows meanwhile what was tried."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from frontsim.cli.commands import verify_options
from frontsim.cli.commands.verify import (
    replay_found,
    request_of,
    search,
    with_nearest_observer,
)
from frontsim.cli.commands.verify_options import (
    HOW_TO_OBSERVE,
    event_options,
    observer_options,
    receiver_options,
    report_options,
    seed_options,
    simulator_options,
    wait_options,
)
from frontsim.cli.connection import say_where_keys_go
from frontsim.cli.options import Duration, delivery_options, option_group
from frontsim.explore.run import BUDGET_S, Exploration, result_of
from frontsim.masking import secrets_shown
from frontsim.report.text import as_markdown
from frontsim.verdicts import EXIT_CODES

_MOST_S = 7 * 86_400
_FOLDER = click.Path(file_okay=False, path_type=Path)

search_options = option_group(
    click.option(
        "--budget",
        "budget_s",
        metavar="TIME",
        type=Duration(most_s=_MOST_S),
        default=f"{BUDGET_S:g}s",
        show_default=True,
        help="How long to search, such as 60s or 10m. A finding ends it sooner. Shrinking may take as long, or 30 s.",
    ),
    click.option(
        "--corpus",
        metavar="DIR",
        type=_FOLDER,
        help="Try the scenarios in DIR first, and add what is found.",
    ),
    click.option("--no-shrink", "shrinks", flag_value=False, default=True, help="Keep a finding as it was found."),
    click.option(
        "--save",
        metavar="DIR",
        type=_FOLDER,
        default=".",
        show_default=True,
        help="The folder for found-NAME.toml, a scenario for each finding.",
    ),
)
"""These say what is tried, for how long, and where findings go."""


@click.command()
@receiver_options
@observer_options
@search_options
@event_options
@wait_options
@seed_options
@report_options
@simulator_options
@delivery_options
@click.pass_context
def explore(ctx: click.Context, /, **options: Any) -> None:
    """Search for an outage that a receiver does not survive: draw scenarios, play them, shrink what is found.

    Each finding becomes a scenario file at once, which `frontsim verify --scenario FILE` replays. Give one way to see
    effects (--observe-...). Ctrl-C ends the search and keeps what was found.

    Exit code: 0 nothing found, 1 found, 2 unknown, 3 usage or nothing at that URL, 4 our own failure.
    """
    verify_options.check(options)
    if not options["receiver"]:
        raise click.UsageError("expected --receiver URL, such as http://127.0.0.1:8500/hook")
    request = request_of(with_nearest_observer(ctx, {**options, "memory_s": 0.0, "travel_s": 0.0}))
    with secrets_shown(options["show_secrets"]):
        if not request.observers:
            raise click.UsageError(HOW_TO_OBSERVE)
        say_where_keys_go("api_key", "subscription_key", "token")
        exploration = search(request, options, ctx.obj)
        report(exploration, options)
    ctx.exit(EXIT_CODES[exploration.verdict])


def report(exploration: Exploration, options: Mapping[str, Any]) -> None:
    """Print the summary, and write the files that the options name."""
    result = result_of(exploration, replay_found(sys.argv[1:], exploration.seed))
    try:
        verify_options.tell(result, options)
    finally:
        if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
            verify_options.put(Path(summary), as_markdown(result), mode="ab")
        verify_options.write(result, options)
