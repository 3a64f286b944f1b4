"""One logged event, in full."""

import click

from frontsim.cli.output import show_line, shown
from frontsim.client.models import EventEntry


def show_entry(entry: EventEntry, *, payload: bool, runs: bool) -> None:
    """One event in full: a line, then a line for each run, then its payload as JSON."""
    click.echo(f"{shown(entry.webhook_event_id)}  {shown(entry.created)}  {shown(entry.outcome)}")
    for run in entry.runs if runs else ():
        words = (run.status_code, run.status)
        outcome = " ".join(str(word) for word in words if word is not None) or "no status"
        took = "" if run.duration_ms is None else f"  {run.duration_ms} ms"
        click.echo(f"  run {shown(run.run)}  {shown(run.created)}  {shown(run.trigger)}  {shown(outcome)}{took}")
    if payload:
        show_line(entry.payload)
