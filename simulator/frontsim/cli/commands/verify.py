"""`verify`: asks `run()`, shows a table while it goes on, and can be interrupted.

A row is printed once, when its scenario has ended, and never again. Only the line below it changes, which says what is
played now; it goes away at the end, so that Ctrl-C too leaves one table.
"""

import os
import secrets
import sys
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import fields, replace
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import click
from click.core import ParameterSource
from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from frontsim.cli.commands import verify_options
from frontsim.cli.commands.verify_options import (
    HOW_TO_OBSERVE,
    drift_option,
    event_options,
    is_quiet,
    observer_options,
    payload_file_options,
    receiver_options,
    report_options,
    run_length_options,
    run_options,
    scenario_options,
    show_list,
    simulator_options,
    wait_options,
)
from frontsim.cli.connection import say_where_keys_go
from frontsim.cli.options import GroupedCommand, delivery_options, say_bodies
from frontsim.cli.output import shown
from frontsim.client.control import control_url
from frontsim.clock import stopwatch
from frontsim.explore import run as exploring
from frontsim.explore.run import Exploration, Found
from frontsim.hosting.simulator_process import SimulatorProcess
from frontsim.masking import CommandLine, masked_errors, secrets_shown
from frontsim.report import against
from frontsim.report.model import tally
from frontsim.report.text import as_markdown
from frontsim.settings import Settings, of_delivery
from frontsim.threads import Interruption
from frontsim.user_input.configuration import read_configuration
from frontsim.verdicts import EXIT_CODES, Verdict
from frontsim.verification.dependency.proxies import Dependencies
from frontsim.verification.patience import TimeLimits
from frontsim.verification.play.clean_round import ProbedTypes
from frontsim.verification.played import Played, Report
from frontsim.verification.request import Address, Request, selection_of
from frontsim.verification.result import result_of, scenarios_as_json
from frontsim.verification.run import run
from frontsim.verification.scenario import scenario
from frontsim.verification.scenario.scenario import Scenario
from frontsim.verification.scenario.selection import drift_scenarios
from frontsim.verification.schedule import Pace, usual_pace
from frontsim.wording import counted

_OBSERVERS = ("observe_url", "observe_sql", "observe_cmd", "observe_sink", "observe_import")
_RANKS = (ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT, ParameterSource.DEFAULT_MAP)
_BUDGET_S, _BUDGET_WITH_KILLS_S = 120.0, 240.0


def with_nearest_observer(ctx: click.Context, options: Mapping[str, Any]) -> dict[str, Any]:
    """The options with the way to read effects that was given nearest: a flag replaces what the file says.

    Two ways that were given side by side stay, and are refused later.
    """
    ranks = {name: _RANKS.index(ctx.get_parameter_source(name)) for name in _OBSERVERS if options.get(name)}
    farther = [name for name, rank in ranks.items() if rank > min(ranks.values())]
    return {**options, **{name: type(options[name])() for name in farther}}


def request_of(options: Mapping[str, Any]) -> Request:
    """The request that the options make: each field of `Request` has the option of its name."""
    named = {item.name: options[item.name] for item in fields(Request) if item.name in options}
    delivery = {item.name: options[item.name] for item in of_delivery() if item.name not in named}
    names = ("settle_s", "timeout_s", "answer_s", "memory_s", "travel_s", "away_s")
    limits = TimeLimits(**{name: options[name] for name in names})
    return Request(**named, limits=limits, delivery=delivery)


def pace_of(options: Mapping[str, Any]) -> Pace:
    """How fast to play: a receiver that is killed, and a simulator that is shared, take one scenario at a time."""
    return usual_pace(
        one_at_a_time=bool(options["receiver_cmd"] or options["base_url"]),
        jobs=options["jobs"],
        budget_s=options["budget_s"] or (_BUDGET_WITH_KILLS_S if options["receiver_cmd"] else _BUDGET_S),
    )


def simulator_of(
    options: Mapping[str, Any], begun: SimulatorProcess | None = None
) -> SimulatorProcess | Address | None:
    """The simulator of --base-url, with the keys of the environment, or `begun`, a process that will host ours."""
    if not options["base_url"]:
        return begun
    if begun:
        begun.close()
    return Address(
        options["base_url"],
        control_url(options["base_url"]),
        options["token"],
        api_key=os.environ.get("FRONTSIM_API_KEY", Settings.api_key),
        subscription_key=os.environ.get("FRONTSIM_SUBSCRIPTION_KEY", Settings.subscription_key),
    )


_LEFT_OUT = {"--scenario", "--seed", "--against", "--json", "--junit", "--html", "--save-payloads", "--token"}
_OF_EXPLORE = {"--explore", "--budget", "--corpus", "--save"}


def replay_found(typed: Sequence[str], seed: int) -> Callable[[str], CommandLine]:
    """The command that verifies by the scenario of a file, from the one that has found it."""
    words = [word for word in typed[1:] if word not in ("--no-shrink", "--pytest")]
    return replay_of(["verify", *words], (), seed, left_out=_LEFT_OUT | _OF_EXPLORE)


def replay_of(
    typed: Sequence[str], scenarios: Sequence[str], seed: int, *, left_out: Collection[str] = _LEFT_OUT
) -> Callable[[str], CommandLine]:
    """The command line as it was typed, without files, for one scenario and with the seed.

    Args:
        typed: the words after `frontsim`.
        left_out: options that are not repeated, with their values.
        scenarios: what `--scenario` named; a scenario from a file is replayed from its file.
        seed: of the run.
    """
    files = {Path(name).stem: name for name in scenarios if name.endswith(".toml")}
    kept: list[str] = []
    words = iter(typed)
    for word in words:
        if word.partition("=")[0] not in left_out:
            kept.append(word)
        elif "=" not in word:
            next(words, None)
    return lambda name: CommandLine(("frontsim", *kept, "--scenario", files.get(name, name), "--seed", str(seed)))


_STYLES = {
    Verdict.VERIFIED: "green",
    Verdict.VIOLATED: "bold red",
    Verdict.UNKNOWN: "yellow",
    Verdict.SKIPPED: "dim",
    Verdict.NOT_APPLICABLE: "dim",
}
_GAP = "  "
_NUMBERS = {"events": "events", "acked": "acknowledged", "resent": "resent", "effects": "effects", "s": ""}
"""Columns, and the counts that stand in them."""
_LEFT_OUT_FIRST = ("resent", "s", "acked", "events", "effects")
_FOUND = 24
"""Columns for what was found; others are left out until it has as many."""
_LONGEST_REASON = 100


class LiveTable:
    """Shows the scenarios that ended, with their verdicts, and the one that runs.

    Args:
        scenarios: in the order in which they are played.
        quiet: standard output belongs to the JSON, so show on standard error.
    """

    def __init__(self, scenarios: Sequence[Scenario], *, quiet: bool = False) -> None:
        self._scenarios = scenarios
        self._ended = 0
        self._has_begun = False
        self._since = stopwatch()
        self._err = quiet
        self._spinner = Spinner("line", style="cyan")
        stream = sys.stderr if quiet else sys.stdout
        self._console = Console(file=stream, highlight=False) if stream.isatty() else None
        self._live = (
            Live(console=self._console, get_renderable=self._running, refresh_per_second=8, transient=True)
            if self._console
            else None
        )

    def __enter__(self) -> Self:
        return self

    def begin(self) -> None:
        """Show the head, and from now on what is played."""
        self._has_begun = True
        if self._console and self._live:
            head = self._row({column: column for column in _NUMBERS}, Text("scenario"), Text("verdict"))
            self._console.print(Text.styled(head.plain, "dim"), soft_wrap=True)
            self._live.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._has_begun:
            return
        if self._live:
            self._live.stop()
        click.echo(err=self._err)

    def count(self) -> None:
        """Count a scenario that has ended, whose verdict may be known later."""
        self._ended += 1
        self._since = stopwatch()

    def show(self, played: Played) -> None:
        """Show a scenario whose verdict is known, if any was played."""
        if not self._has_begun:
            return
        verdict, name = played.judgement.verdict, played.scenario.name
        if self._console:
            row = self._row(_cells(played), Text(name), Text(verdict, _STYLES[verdict]))
            found = Text(_found(played), "dim")
            found.truncate(max(1, self._console.width - row.cell_len - len(_GAP)), overflow="ellipsis")
            row = Text(_GAP).join([row, found])
            row.rstrip()
            self._console.print(row, soft_wrap=True)
        else:
            click.echo("  ".join([f"{verdict:9}", f"{name:22}", _found(played)]).rstrip(), err=self._err)

    def _row(self, cells: Mapping[str, str], name: Text, verdict: Text) -> Text:
        """The columns that the terminal has room for."""
        assert self._console is not None
        room = widths(self._scenarios, self._console.width)
        name.pad_right(max(0, room["scenario"] - name.cell_len))
        verdict.pad_right(max(0, room["verdict"] - verdict.cell_len))
        numbers = (Text(cells[column].rjust(room[column])) for column in _NUMBERS if column in room)
        return Text(_GAP).join([name, verdict, *numbers])

    def _running(self) -> Table:
        """The line below the table."""
        line = Table.grid(padding=(0, 1))
        if self._ended < len(self._scenarios):
            number = f"{self._ended} of {len(self._scenarios)}"
            running = f"{self._scenarios[self._ended].name} {stopwatch() - self._since:.0f} s"
            bar = ProgressBar(total=len(self._scenarios), completed=self._ended, width=20)
            line.add_row(self._spinner, bar, number, Text(running, "cyan", no_wrap=True))
        return line


def widths(scenarios: Sequence[Scenario], available: int) -> Mapping[str, int]:
    """The columns that a terminal has room for, with their widths; names are never cut for others' sake."""
    room = {"scenario": max([len("scenario"), *(len(each.name) for each in scenarios)]), "verdict": 8}
    room |= {column: max(len(column), 5) for column in _NUMBERS}
    for column in _LEFT_OUT_FIRST:
        if sum(room.values()) + len(_GAP) * len(room) + _FOUND > available:
            del room[column]
    return room


def _cells(played: Played) -> Mapping[str, str]:
    counts = played.judgement.counts
    cells = {column: str(counts.get(count, "")) for column, count in _NUMBERS.items()}
    return cells | {"s": f"{played.history.duration_s:.1f}" if played.history.duration_s else ""}


def _found(played: Played) -> str:
    """The classes that were found, or a few words of the reason why nothing could be."""
    found, reason = tally(each.class_ for each in played.judgement.findings), shown(played.judgement.reason)
    if found or len(reason) <= _LONGEST_REASON:
        return found or reason
    return f"{reason[: _LONGEST_REASON - 3]}..."


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
        steps = counted(len(found.schedule.steps), "step")
        if found.shrunk is None:
            text = f"found     {found.key[0]} ({found.key[1]}) in {steps}: {where}"
        else:
            text = f"shrunk    {found.key[0]} ({found.key[1]}) to {steps}, {found.recurrence}: {where}"
        click.echo(shown(text), err=self._quiet)

    def _line(self) -> Table:
        line = Table.grid(padding=(0, 1))
        tried = self._exploration
        words = f"{stopwatch() - self._since_s:.0f} s of {self._budget_s:g} s"
        if tried:
            best = ""
            if tried.found:
                shortest = min(tried.found, key=lambda each: each.steps)
                best = f", best finding: {shortest.key[0]} in {counted(shortest.steps, 'step')}"
            words = f"{counted(tried.tried, 'schedule')}, {counted(tried.pairs, 'pair')}{best}, {words}"
        line.add_row(self._spinner, words)
        return line


def search(request: Request, options: Mapping[str, Any], begun: Any) -> Exploration:
    """Explore, and tell each finding at once. Ctrl-C ends the search with what is known."""
    sys.path.insert(0, str(Path.cwd()))  # --observe-import finds modules in the current folder
    interruption, quiet = Interruption(), is_quiet(options)
    with LiveLine(budget_s=options["budget_s"], quiet=quiet) as line:

        def found(each: Found) -> None:
            with interruption.deferred():
                line.found(each)
            interruption.check()

        return exploring.explore(
            request,
            exploring.Options(
                options["seed"],
                budget_s=options["budget_s"],
                corpus=options["corpus"],
                shrinks=options["shrinks"],
                save=options["save"],
            ),
            pause=time.sleep,
            pace=usual_pace(
                one_at_a_time=bool(options["receiver_cmd"] or options["base_url"]),
                jobs=options["jobs"] or exploring.JOBS,
            ),
            simulators=simulator_of(options, begun),
            interruption=interruption,
            on_dependencies=partial(announce, quiet=quiet),
            on_found=found,
            on_tried=line.tried,
        )


@click.command(cls=GroupedCommand)
@receiver_options
@observer_options
@scenario_options
@drift_option
@event_options
@wait_options
@run_length_options
@run_options(
    play="scenario",
    strict="; so does a column that looks like a field and differs; refusing a null that no source shows is a finding",
)
@report_options
@payload_file_options
@click.option(
    "--against",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="LAST.json",
    help="Compare with the run that wrote this report, on its seed: which findings are new, fixed, the same.",
)
@simulator_options
@delivery_options
@click.pass_context
def verify(ctx: click.Context, /, **options: Any) -> None:
    """Prove that a receiver loses nothing and doubles nothing: play outages against it and count what it booked.

    Give one way to see effects (--observe-...): a receiver's answers prove nothing. In a GitHub workflow verify adds
    the summary to the job's page.

    Exit code: 0 verified, 1 violated, 2 unknown, 3 usage or nothing at that URL, 4 our own failure.
    """
    verify_options.check(options)
    chosen = scenario.chosen(options["names"], scenario.configured_scenarios(read_configuration(Path.cwd())))
    if options["only_list"]:
        show_list(chosen, scenarios_as_json(chosen), options)
        return
    if not options["receiver"]:
        raise click.UsageError("expected --receiver URL, such as http://127.0.0.1:8500/hook; --list explains scenarios")
    earlier = against.read_earlier(options["against"]) if options["against"] else None
    if earlier and ctx.get_parameter_source("seed") is ParameterSource.DEFAULT:
        options["seed"] = earlier.seed
    request = request_of(with_nearest_observer(ctx, options))
    finds_key = ctx.get_parameter_source("observe_key") is ParameterSource.DEFAULT
    request = replace(request, finds_key=finds_key)
    verify_options.prepare(options["payload_folder"])
    if options["drift"]:
        chosen = drift_scenarios(selection_of(request), options["drift"], first=secrets.randbelow(10**8))
    say_bodies(str(request.delivery.get("payloads", "")), options["contracts"])
    with secrets_shown(options["show_secrets"]):
        with masked_errors():
            scenario.refuse_mismatches(chosen, selection_of(request).mismatch)
        if not request.observers:
            raise click.UsageError(HOW_TO_OBSERVE)
        say_where_keys_go("api_key", "subscription_key", "token")
        report = _run(request, chosen, options, ctx.obj)
        result = result_of(report)
        if earlier:
            result = against.compared(result, earlier)
        if options["explore_s"] and not report.interrupted:
            asked = {**options, "budget_s": options["explore_s"], "corpus": None, "shrinks": True, "save": Path()}
            explored = search(request, asked, None)
            result = exploring.added_to(result, explored, replay_found(sys.argv[1:], options["seed"]))
        try:
            verify_options.tell(result, options)
        finally:
            summary = os.environ.get("GITHUB_STEP_SUMMARY")
            if summary:
                verify_options.put(Path(summary), as_markdown(result), mode="ab")
            verify_options.save(report, options["payload_folder"])
            verify_options.write(result, options)
    ctx.exit(EXIT_CODES[result.verdict])


def _run(
    request: Request, chosen: Sequence[Scenario], options: Mapping[str, Any], begun: SimulatorProcess | None
) -> Report:
    """Play all scenarios and show each as it ends. Ctrl-C ends the run with what is known."""
    sys.path.insert(0, str(Path.cwd()))  # --observe-import finds modules in the current folder
    interruption = Interruption()
    with LiveTable(chosen, quiet=is_quiet(options)) as table:

        def begin(probed: ProbedTypes | None) -> None:
            if probed and probed.stop:
                return  # one line says it all: the verdict
            if probed and probed.key:
                click.echo(shown(probed.key), err=is_quiet(options))
            if probed and probed.hint and (probed.to_all or not request.events):
                click.secho(shown(probed.hint), fg="yellow", err=True)
            table.begin()

        def show(played: Played) -> None:
            with interruption.deferred():  # half a row would be printed again
                table.show(played)
            interruption.check()

        return run(
            request,
            chosen,
            seed=options["seed"],
            pause=time.sleep,
            replay=replay_of(sys.argv[1:], options["names"], options["seed"]),
            pace=pace_of(options),
            simulators=simulator_of(options, begun),
            interruption=interruption,
            on_dependencies=partial(announce, quiet=is_quiet(options)),
            on_begin=begin,
            on_ended=table.count,
            on_played=show,
        )


def announce(dependencies: Dependencies, *, quiet: bool) -> None:
    """Tell where the receiver must connect."""
    for sentence in dependencies.sentences:
        click.echo(sentence, err=quiet)
