"""`explore`: asks `explore()`, tells each finding at once, and shows meanwhile what was tried."""

import os
import sys
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import click
from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table

from frontsim.cli.commands import verify_options
from frontsim.cli.commands.verify import (
    announce,
    replay_found,
    request_of,
    simulator_of,
    with_nearest_observer,
)
from frontsim.cli.commands.verify_options import (
    HOW_TO_OBSERVE,
    event_options,
    is_quiet,
    observer_options,
    receiver_options,
    report_options,
    say,
    seed_options,
    simulator_options,
    wait_options,
)
from frontsim.cli.connection import say_where_keys_go
from frontsim.cli.options import Duration, delivery_options, option_group
from frontsim.cli.output import shown
from frontsim.clock import stopwatch
from frontsim.explore import run
from frontsim.explore.run import BUDGET_S, Exploration, Found, Options, result_of
from frontsim.masking import secrets_shown
from frontsim.report.text import as_markdown, lines
from frontsim.threads import Interruption
from frontsim.verdicts import EXIT_CODES
from frontsim.verification.request import Request
from frontsim.verification.schedule import usual_pace

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
        help="How long to search, such as 60s or 10m. A finding ends it sooner, and shrinking may take as long again.",
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
"""What is tried, for how long, and where findings go."""


class LiveLine:
    """A line that says what was tried so far, on a terminal alone; findings are printed above it."""

    def __init__(self, *, budget_s: float, quiet: bool) -> None:
        self._budget_s = budget_s
        self._quiet = quiet
        self._since_s = stopwatch()
        self._exploration: Exploration | None = None
        self._spinner = Spinner("line", style="cyan")
        stream = sys.stderr if quiet else sys.stdout
        console = Console(file=stream, highlight=False) if stream.isatty() else None
        self._live = (
            Live(console=console, get_renderable=self._line, refresh_per_second=8, transient=True) if console else None
        )

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()

    def tried(self, exploration: Exploration) -> None:
        """Show from now on what was tried."""
        self._exploration = exploration

    def found(self, found: Found) -> None:
        """Print a finding: as it is found, and again once it was shrunk."""
        where = str(found.file) if found.file else f"not written: {found.failure}"
        steps = len(found.schedule.steps)
        if found.shrunk is None:
            text = f"found     {found.key[0]} ({found.key[1]}) in {steps} steps: {where}"
        else:
            text = f"shrunk    {found.key[0]} ({found.key[1]}) to {steps} steps, {found.recurrence}: {where}"
        click.echo(shown(text), err=self._quiet)

    def _line(self) -> Table:
        line = Table.grid(padding=(0, 1))
        tried = self._exploration
        words = f"{stopwatch() - self._since_s:.0f} s of {self._budget_s:g} s"
        if tried:
            best = f", found {tried.found[0].key[0]}" if tried.found else ""
            words = f"{tried.tried:,} schedules, {tried.pairs:,} pairs{best}, {words}"
        line.add_row(self._spinner, words)
        return line


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


def search(request: Request, options: Mapping[str, Any], begun: Any) -> Exploration:
    """Explore, and tell each finding at once. Ctrl-C ends the search with what is known."""
    sys.path.insert(0, str(Path.cwd()))  # --observe-import finds modules in the current folder
    interruption, quiet = Interruption(), is_quiet(options)
    with LiveLine(budget_s=options["budget_s"], quiet=quiet) as line:

        def found(each: Found) -> None:
            with interruption.deferred():
                line.found(each)
            interruption.check()

        return run.explore(
            request,
            Options(
                options["seed"],
                budget_s=options["budget_s"],
                corpus=options["corpus"],
                shrinks=options["shrinks"],
                save=options["save"],
            ),
            pause=time.sleep,
            pace=usual_pace(one_at_a_time=bool(options["receiver_cmd"] or options["base_url"]), jobs=options["jobs"]),
            simulators=simulator_of(options, begun),
            interruption=interruption,
            on_dependencies=partial(announce, quiet=quiet),
            on_found=found,
            on_tried=line.tried,
        )


def report(exploration: Exploration, options: Mapping[str, Any]) -> None:
    """Print the summary, and write the files that the options name."""
    result = result_of(exploration, replay_found(sys.argv[1:], exploration.seed))
    try:
        say(lines(result), quiet=is_quiet(options))
    finally:
        if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
            verify_options.put(Path(summary), as_markdown(result), mode="ab")
        verify_options.write(result, options)
