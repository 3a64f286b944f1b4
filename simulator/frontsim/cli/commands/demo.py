"""`frontsim demo`: three scenarios through `run()`, with a real simulator and the reference receiver on loopback.

all is well -> the receiver is down -> its answers get lost; after each: list -> resend -> judge
"""

import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import click
import orjson

from frontsim.bundled import module_command, module_environment
from frontsim.cli.output import json_option, show_json, show_table
from frontsim.errors import Unusable
from frontsim.files import TemporaryFolder
from frontsim.hosting.children import SessionProcess
from frontsim.report.text import lines
from frontsim.settings import Settings
from frontsim.verdicts import EXIT_CODES, Verdict
from frontsim.verification.effects.history import EventFact
from frontsim.verification.play.clean_round import ProbedTypes
from frontsim.verification.played import Played, Report
from frontsim.verification.request import Request
from frontsim.verification.result import result_of
from frontsim.verification.run import run
from frontsim.verification.scenario.scenario import Scenario, chosen
from frontsim.verification.scenario.steps import Raise
from frontsim.wording import counted

_HAPPENS = {
    "steady": "All is well:",
    "short-outage": "The receiver is down:",
    "lost-response": "Its answers get lost:",
}
"""The user reads this of each scenario that is played."""
_COLUMNS = ("event", "raised", "failed", "resent", "effects", "lost", "doubled")
_SHOWN = ("event", "raised", "failed", "resent", "booked", "lost", "twice")  # an 80-column terminal has room for all


@click.command()
@click.option(
    "--count", default=3, show_default=True, type=click.IntRange(1, 100), help="Events of each type, each time."
)
@json_option
def demo(count: int, *, as_json: bool) -> int:
    """See an outage, list and resend from end to end.

    Starts the reference receiver and simulators on free ports, subscribes to all event types, takes the receiver
    down, loses answers, and each time does what every integrator owes: list what failed, resend it until nothing is
    left, and compare what the receiver booked with what happened. Ends as verify does: with code 0 if every event has
    exactly one effect.
    """

    def begin(probed: ProbedTypes | None) -> None:
        if probed:
            click.echo(f"Subscribed to all {len(probed.types)} event types.", err=as_json)

    def say(played: Played) -> None:
        found = DemoCounts.of([played])
        failed = f"{found.failed} listed as failed, {found.resent} resent, {found.left} left"
        story = f"{counted(found.raised, 'event')} raised, {failed}."
        click.echo(f"{_HAPPENS[played.scenario.name]:21} {story}", err=as_json)

    began = time.monotonic()
    with _receiver() as (url, effects):
        click.echo(f"The receiver is at {url}", err=as_json)
        report = run(
            Request(f"{url}?token=demo", observe_url=effects),
            [_at_a_count(each, count) for each in chosen(list(_HAPPENS))],
            seed=Settings.seed,
            pause=time.sleep,
            on_begin=begin,
            on_played=say,
        )
    if as_json:
        show_json(_as_data(report, time.monotonic() - began))
    else:
        _show(report, time.monotonic() - began)
    return EXIT_CODES[report.verdict]


@contextmanager
def _receiver() -> Iterator[tuple[str, str]]:
    """The reference receiver in a separate process: its URL, and the one that shows its effects. Raises Unusable."""
    with TemporaryFolder("demo") as folder:
        words = module_command("frontsim.subjects.serve", "--port", "0", "--db", str(folder / "receiver.db"))
        with SessionProcess(words, stdout=subprocess.PIPE, env=module_environment()) as process:
            assert process.stdout is not None
            try:
                line = process.stdout.readline()
                if not line:
                    raise Unusable("the reference receiver did not start; standard error says why")
                urls = orjson.loads(line)
                yield urls["url"], urls["effects"]
            finally:
                process.end()


def _at_a_count(scenario: Scenario, count: int) -> Scenario:
    """The scenario with so many events of every type."""
    steps = tuple(
        replace(step, events="all", count=count) if isinstance(step, Raise) else step for step in scenario.steps
    )
    return replace(scenario, steps=steps)


@dataclass(frozen=True, slots=True)
class DemoCounts:
    """Counts what became of some events; `effects` has the number of effects of each."""

    raised: int
    failed: int
    resent: int
    left: int
    effects: tuple[int, ...]

    @classmethod
    def of(cls, played: Sequence[Played], event: str = "") -> "DemoCounts":
        """Of the events of a type, or of all."""
        facts = [(each, fact) for each in played for fact in each.history.events if event in ("", fact.event)]
        return cls(
            len(facts),
            sum(_is_failed(fact, 0) for _, fact in facts),
            sum(len(fact.runs) > 1 for _, fact in facts),
            sum(_is_failed(fact, -1) for _, fact in facts),
            tuple(each.judgement.effects.get(fact.webhook_event_id, 0) for each, fact in facts),
        )

    def row(self, event: str) -> tuple[object, ...]:
        """As the table shows it."""
        lost, doubled = self.effects.count(0), sum(each > 1 for each in self.effects)
        return event, self.raised, self.failed, self.resent, sum(self.effects), lost, doubled


def _is_failed(fact: EventFact, place: int) -> bool:
    return bool(fact.runs) and not fact.runs[place].acknowledged


def _rows(report: Report) -> list[tuple[object, ...]]:
    types = dict.fromkeys(fact.event for each in report.played for fact in each.history.events)
    return [DemoCounts.of(report.played, event).row(event) for event in types]


def _as_data(report: Report, duration_s: float) -> dict[str, object]:
    return {
        "verdict": str(report.verdict),
        "durationS": round(duration_s, 3),
        "types": [dict(zip(_COLUMNS, row, strict=True)) for row in _rows(report)],
        "left": DemoCounts.of(report.played).left,
        "unexplained": sum(not each.webhook_event_id for played in report.played for each in played.judgement.findings),
    }


def _show(report: Report, duration_s: float) -> None:
    click.echo()
    show_table(_SHOWN, _rows(report), empty="nothing was raised")
    effects = DemoCounts.of(report.played).effects
    once = f"{effects.count(1)} of {len(effects)} events have exactly one effect"
    if report.verdict is Verdict.VERIFIED:
        click.echo(f"\nVERIFIED: {once}.")
    else:
        click.echo(f"\n{report.verdict.upper()}: {once}.\n" + "\n".join(lines(result_of(report))))
    click.echo(f"({duration_s:.1f} s)")
    click.echo("Next: frontsim serve  (it has a page: http://127.0.0.1:8400/)")
    click.echo("      frontsim init   (tries your own receiver)")
