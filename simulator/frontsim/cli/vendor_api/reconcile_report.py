"""What `frontsim reconcile` shows: a bar while it works on a terminal, then a table or JSON."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import click

from frontsim.cli.output import show_json, show_table, shown
from frontsim.client.models import WebhookView
from frontsim.client.reconcile import Progress, ReconcileResult
from frontsim.client.retry import Say


def say(text: str) -> None:
    """A line on standard error."""
    click.echo(shown(text), err=True)


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
