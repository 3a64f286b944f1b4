"""`reconcile`: the job over every webhook, and what it shows.

lock the state -> webhooks -> for each: window from the state, list and resend, note in the state -> report
"""

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from frontsim.cli.commands.webhooks import last_days, window_options
from frontsim.cli.connection import RETRY, Api, advice, api_options, named_webhooks
from frontsim.cli.output import json_option, say, show_json, show_table, shown
from frontsim.client.errors import ApiError, Say
from frontsim.client.http import FrontSystems, When
from frontsim.client.models import WebhookView
from frontsim.client.reconcile import Progress, ReconcileResult
from frontsim.client.reconcile import reconcile as reconcile_webhook
from frontsim.client.reconcile_state import ReconcileState, as_prometheus, default_file, write
from frontsim.clock import stopwatch
from frontsim.errors import FrontsimError


@contextmanager
def progress_bar() -> Iterator[Callable[[WebhookView], tuple[Say, Progress | None]]]:
    """Gives, for each webhook, how to say something and how to show progress: a bar where a terminal can show one."""
    if not sys.stderr.isatty():
        yield lambda _: (say, None)
        return
    from rich.console import Console  # noqa: PLC0415 - takes a tenth of a second, which cron need not wait for
    from rich.progress import Progress as Bar  # noqa: PLC0415

    with Bar(console=Console(stderr=True), transient=True) as bar:

        def for_webhook(webhook: WebhookView) -> tuple[Say, Progress | None]:
            task = bar.add_task(shown(webhook.event or webhook.id), total=None)
            return (
                lambda text: bar.console.print(shown(text), markup=False, highlight=False),
                lambda done, of: bar.update(task, completed=done, total=of),
            )

        yield for_webhook


def show(chosen: Sequence[WebhookView], results: Sequence[ReconcileResult], *, as_json: bool) -> None:
    """The result of a start of the job."""
    pairs = list(zip(chosen, results, strict=False))  # a job that ended early has fewer results
    if as_json:
        show_json([_model(webhook, result) for webhook, result in pairs])
        return
    rows = [
        (f"{webhook.event} {webhook.id}", result.listed, result.resent, result.recovered, len(result.left))
        for webhook, result in pairs
    ]
    show_table(["webhook", "listed", "resent", "recovered", "still failing"], rows, empty="no webhooks")
    left = [(entry.webhook_event_id, entry.created, entry.outcome) for result in results for entry in result.left]
    if left:
        click.echo()
        show_table(["still failing", "created", "outcome"], left, empty="")
    spent = sum(len(result.spent) for result in results)
    if spent:
        click.echo(f"\nResend by hand, with `frontsim resend`: {spent} that are out of attempts (--max-attempts).")


def _model(webhook: WebhookView, result: ReconcileResult) -> dict[str, object]:
    return {
        "webhookId": webhook.id,
        "event": webhook.event,
        "url": webhook.url,
        "listed": result.listed,
        "resent": result.resent,
        "recovered": result.recovered,
        "stillFailing": len(result.left),
        "outOfAttempts": len(result.spent),
        "failing": [entry.raw for entry in result.left],
        "stopped": None if result.stopped is None else str(result.stopped),
    }


DAYS = 30
CONCURRENCY = 4
CLEAN, STILL_FAILING, NOT_RUN = 0, 1, 3

_file = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.option(
    "--webhook",
    "wanted",
    multiple=True,
    metavar="ID",
    help="Only this webhook. Repeatable.  [default: those in FRONTSIM_WEBHOOK_IDS, separated by commas, or all]",
)
@window_options(days=DAYS)
@click.option("--dry-run", is_flag=True, help="Only list what failed; resend nothing.")
@click.option(
    "--concurrency",
    type=click.IntRange(1, 64),
    default=CONCURRENCY,
    show_default=True,
    metavar="N",
    help="Resends to make at the same time; 1 keeps the events in order.",
)
@click.option(
    "--max-attempts",
    type=click.IntRange(1),
    metavar="N",
    help="Resend an event at most this often, over all starts; report it after that.  [default: no limit]",
)
@click.option(
    "--state",
    "state_file",
    type=_file,
    metavar="FILE",
    help="What the job remembers, and its lock.  [default: a file for each API in FRONTSIM_STATE_DIR, or in "
    "XDG_STATE_HOME/frontsim]",
)
@click.option(
    "--watch",
    "watch_s",
    type=click.FloatRange(0.1),
    metavar="SECONDS",
    help="Run again after this pause, until Ctrl-C.",
)
@click.option("--metrics", "metrics_file", type=_file, metavar="FILE", help="Write the result for Prometheus.")
@api_options
@json_option
@click.pass_context
def reconcile(ctx: click.Context, /, api: Api, *, watch_s: float | None, **options: Any) -> None:
    """List what failed and resend it, once a round, until nothing is left or a round changes nothing.

    Safe against the real API: the job resends only what the log lists as failed, oldest first. It checks the log before
    it repeats a resend that may have been made, and waits as a rate limit asks. Two copies never work at the same time:
    the second says so, and ends.

    Without --from and --to, the window is the last 30 days. It begins earlier for a webhook that the job last finished
    before that: the state file remembers when.

    Exit code: 0 nothing is left failing, 1 something is, 3 wrong usage or no API.
    """
    while True:
        try:
            code = _start(ctx, api, options)
        except FrontsimError as error:
            if watch_s is None:
                raise
            say(str(error))
            code = NOT_RUN
        if watch_s is None:
            ctx.exit(code)
        time.sleep(watch_s)


def _start(ctx: click.Context, api: Api, options: dict[str, Any]) -> int:
    """One start of the job; the metrics say how it ended, even if it failed."""
    began, results, code = stopwatch(), list[ReconcileResult](), NOT_RUN
    state = ReconcileState(options["state_file"] or default_file(api.base_url, os.environ))
    try:
        if options["dry_run"]:
            state.read()
            code = _run(ctx, api, options, state, results)
        else:
            with state.alone() as is_alone:
                if not is_alone:
                    say(f"Another copy of this job is running, so this one does nothing ({state.file}).")
                    return CLEAN
                code = _run(ctx, api, options, state, results)
    finally:
        if options["metrics_file"]:
            text = as_prometheus(results, ended_s=time.time(), duration_s=stopwatch() - began, exit_code=code)
            write(options["metrics_file"], text)
    return code


def _run(
    ctx: click.Context, api: Api, options: dict[str, Any], state: ReconcileState, results: list[ReconcileResult]
) -> int:
    """Work on each webhook; `results` has what was done, however it ends."""
    if state.damage:
        say(f"{state.damage}: beginning {DAYS} days ago.")
    with api.open() as front:
        chosen, missing = _chosen(RETRY.read(front.list_webhooks), options["wanted"])
        _reconcile_each(front, chosen, options, None if _has_own_window(ctx) else state, results)
    show(chosen, results, as_json=options["as_json"])
    stopped = [result for result in results if result.stopped]
    for result in stopped:
        if result.ends_everything:
            error = result.stopped
            raise FrontsimError(f"the job ended early: {error}{advice(error) if isinstance(error, ApiError) else ''}")
        say(f"webhook {result.webhook_id}: not finished: {result.stopped}")
    for name in missing:
        say(f"webhook {name}: expected the id of a webhook in FRONTSIM_WEBHOOK_IDS, and the API has none of that id")
    return STILL_FAILING if stopped or missing or any(result.left for result in results) else CLEAN


def _chosen(found: Sequence[WebhookView], wanted: Sequence[str]) -> tuple[list[WebhookView], list[str]]:
    """The webhooks that were named, each once, or all; and names in the environment that no webhook has (any more)."""
    listed = [name.strip() for name in os.environ.get("FRONTSIM_WEBHOOK_IDS", "").split(",") if name.strip()]
    if wanted or not listed:
        return named_webhooks(found, wanted), []
    known = {webhook.id.lower() for webhook in found}
    there = [name for name in listed if name.lower() in known]
    return named_webhooks(found, there) if there else [], [name for name in listed if name.lower() not in known]


def _has_own_window(ctx: click.Context) -> bool:
    return any(ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE for name in ("from_", "to"))


def _reconcile_each(
    front: FrontSystems,
    chosen: Sequence[WebhookView],
    options: dict[str, Any],
    state: ReconcileState | None,
    results: list[ReconcileResult],
) -> None:
    """One result for each webhook. An error that would end the next one, too, ends all.

    A long `--watch` outlives its first window, so the default window is computed for each start.
    """
    earliest, tomorrow = last_days(DAYS, datetime.now(UTC))
    with progress_bar() as for_webhook:
        for webhook in chosen:
            from_: When = options["from_"] if state is None else state.window_from(webhook.id, earliest)
            say_, progress = for_webhook(webhook)
            result = reconcile_webhook(
                front,
                webhook.id,
                from_=from_,
                to=options["to"] if state is None else tomorrow,
                sleep=RETRY.sleep,
                say=say_,
                dry_run=options["dry_run"],
                max_attempts=options["max_attempts"],
                concurrency=options["concurrency"],
                progress=progress,
            )
            results.append(result)
            if state is not None and not options["dry_run"]:
                _note(state, result, earliest)
            if result.ends_everything:
                break


def _note(state: ReconcileState, result: ReconcileResult, earliest: date) -> None:
    """Remember since when everything of a webhook has been dealt with."""
    if result.stopped is not None:
        state.keep(result.webhook_id, earliest)
        return
    today, _ = last_days(0, datetime.now(UTC))
    due = [entry.created for entry in result.left if entry.webhook_event_id not in result.spent]
    state.note(result.webhook_id, min([today, *(_day(created, earliest) for created in due)]))


def _day(created: str | None, unknown: date) -> date:
    try:
        return date.fromisoformat((created or "")[:10])
    except ValueError:
        return unknown
