"""The table that grows while `frontsim verify` runs; plain lines where there is no terminal.

A row is printed once, when its scenario has ended, and never again. Only the line below it changes, which says what is
played now; it goes away at the end, so that Ctrl-C too leaves one table.
"""

import sys
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

import click
from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from frontsim.clock import stopwatch
from frontsim.verdicts import Verdict
from frontsim.verification.played import Played
from frontsim.verification.report.summary import found_in
from frontsim.verification.scenario.scenario import Scenario

_STYLES = {Verdict.VERIFIED: "green", Verdict.VIOLATED: "bold red", Verdict.UNKNOWN: "yellow", Verdict.SKIPPED: "dim"}
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
        if self._console and self._live:
            head = self._row({column: column for column in _NUMBERS}, Text("scenario"), Text("verdict"))
            self._console.print(Text.styled(head.plain, "dim"), soft_wrap=True)
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()
        click.echo(err=self._err)

    def show(self, played: Played) -> None:
        """Show a scenario that has ended."""
        self._ended += 1
        self._since = stopwatch()
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
    """What was found, or a few words of the reason why nothing could be."""
    found, reason = found_in(played), played.judgement.reason
    if found or len(reason) <= _LONGEST_REASON:
        return found or reason
    return f"{reason[: _LONGEST_REASON - 3]}..."
