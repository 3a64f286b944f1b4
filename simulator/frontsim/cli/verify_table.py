"""The table that grows while `frontsim verify` runs; plain lines where there is no terminal."""

import sys
from collections.abc import Sequence
from types import TracebackType
from typing import Self

import click
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from frontsim.verification.judge.checks import Verdict
from frontsim.verification.report.summary import found_in
from frontsim.verification.scenario.scenario import Scenario
from frontsim.verification.session import Played

_STYLES = {Verdict.VERIFIED: "green", Verdict.VIOLATED: "bold red", Verdict.UNKNOWN: "yellow", Verdict.SKIPPED: "dim"}


class LiveTable:
    """Shows the scenarios: those that ended with their verdict, the one that runs, and those to come.

    Args:
        scenarios: in the order in which they are played.
        quiet: standard output belongs to somebody else, so show on standard error.
    """

    def __init__(self, scenarios: Sequence[Scenario], *, quiet: bool = False) -> None:
        self._scenarios = scenarios
        self._played: list[Played] = []
        stream = sys.stderr if quiet else sys.stdout
        self._err = quiet
        self._live = (
            Live(console=Console(file=stream), get_renderable=self._table, refresh_per_second=8, transient=False)
            if stream.isatty()
            else None
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
        click.echo(err=self._err)

    def show(self, played: Played) -> None:
        """One more has ended."""
        self._played.append(played)
        if self._live:
            self._live.refresh()
        else:
            click.echo(
                "  ".join([f"{played.judgement.verdict:9}", f"{played.scenario.name:22}", _told(played)]).rstrip(),
                err=self._err,
            )

    def _table(self) -> Table:
        table = Table(box=None, pad_edge=False, expand=True)
        table.add_column("scenario", no_wrap=True, min_width=max(len(each.name) for each in self._scenarios))
        table.add_column("verdict", no_wrap=True, min_width=len(Verdict.VIOLATED))
        for name in ("events", "acked", "resent", "effects", "s"):
            table.add_column(name, justify="right", no_wrap=True, min_width=len(name))
        table.add_column("", no_wrap=True, overflow="ellipsis", ratio=1)
        for played in self._played:
            table.add_row(*_cells(played))
        if len(self._played) < len(self._scenarios):
            table.add_row(self._scenarios[len(self._played)].name, Text("running", "cyan"))
        for scenario in self._scenarios[len(self._played) + 1 :]:
            table.add_row(Text(scenario.name, "dim"))
        return table


def _cells(played: Played) -> list[Text | str]:
    verdict, counts = played.judgement.verdict, played.judgement.counts
    numbers = [str(counts.get(name, "")) for name in ("events", "acknowledged", "resent", "effects")]
    duration = f"{played.history.duration_s:.1f}" if played.history.duration_s else ""
    return [played.scenario.name, Text(verdict, _STYLES[verdict]), *numbers, duration, Text(_told(played), "dim")]


def _told(played: Played) -> str:
    """What is to be said in the table: what was found, or a few words of the reason."""
    found = found_in(played)
    if found or not played.judgement.reason:
        return found
    reason = played.judgement.reason
    return reason if len(reason) <= 100 else f"{reason[:97]}..."
