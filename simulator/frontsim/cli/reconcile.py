"""`frontsim reconcile`: the list -> resend job, over every webhook or some."""

import time
from collections.abc import Sequence

import click

from frontsim.cli.connection import Api, advice, api_options
from frontsim.cli.output import json_option, show_json, show_table, shown
from frontsim.cli.window import window_options
from frontsim.client.errors import ApiError
from frontsim.client.models import WebhookView
from frontsim.client.reconcile import Tally
from frontsim.client.reconcile import reconcile as reconcile_webhook
from frontsim.client.retry import RetryPolicy
from frontsim.client.vendor import FrontSystems, When
from frontsim.errors import FrontsimError

DAYS = 30
STILL_FAILING = 1


def _say(text: str) -> None:
    click.echo(shown(text), err=True)


RETRY = RetryPolicy(sleep=time.sleep, say=_say)


@click.command()
@click.option("--webhook", "wanted", multiple=True, metavar="ID", help="Only this webhook. Repeatable.  [default: all]")
@window_options(days=DAYS)
@click.option("--dry-run", is_flag=True, help="Only list what failed; resend nothing.")
@api_options
@json_option
@click.pass_context
def reconcile(
    ctx: click.Context,
    wanted: tuple[str, ...],
    from_: When,
    to: When,
    api: Api,
    *,
    dry_run: bool,
    as_json: bool,
) -> None:
    """List what failed and resend it, once a round, until nothing is left or a round changes nothing.

    Safe against the real API: the job resends only what the log lists as failed, checks the log before it
    repeats a resend that may have been made, and waits as a rate limit asks.

    Exit code: 0 nothing is left failing, 1 something is.
    """
    with api.open() as front:
        chosen = _chosen(RETRY.read(front.list_webhooks), wanted)
        tallies = _tallies(front, chosen, from_, to, dry_run=dry_run)
    if as_json:
        show_json([_model(webhook, tally) for webhook, tally in zip(chosen, tallies, strict=False)])
    else:
        _show(chosen, tallies)
    stopped = next((tally.stopped for tally in tallies if tally.stopped), None)
    if stopped is not None:
        what_to_do = advice(stopped) if isinstance(stopped, ApiError) else ""
        raise FrontsimError(f"the job ended early: {stopped}{what_to_do}")
    if any(tally.left for tally in tallies):
        ctx.exit(STILL_FAILING)


def _chosen(found: Sequence[WebhookView], wanted: Sequence[str]) -> list[WebhookView]:
    """The webhooks that were named, each once, or all."""
    if not wanted:
        return list(found)
    by_id = {webhook.id.lower(): webhook for webhook in found}
    unknown = [name for name in wanted if name.lower() not in by_id]
    if unknown:
        raise FrontsimError(f"expected the id of a webhook (see `frontsim webhooks list`), got {unknown[0]!r}")
    return [by_id[name] for name in dict.fromkeys(name.lower() for name in wanted)]


def _tallies(
    front: FrontSystems, chosen: Sequence[WebhookView], from_: When, to: When, *, dry_run: bool
) -> list[Tally]:
    """One tally for each webhook. The first job that ends early is the last: the next would end the same way."""
    tallies: list[Tally] = []
    for webhook in chosen:
        tally = reconcile_webhook(
            front, webhook.id, from_=from_, to=to, sleep=RETRY.sleep, say=RETRY.say, dry_run=dry_run
        )
        tallies.append(tally)
        if tally.stopped:
            break
    return tallies


def _model(webhook: WebhookView, tally: Tally) -> dict[str, object]:
    return {
        "webhookId": webhook.id,
        "event": webhook.event,
        "url": webhook.url,
        "listed": tally.listed,
        "resent": tally.resent,
        "recovered": tally.recovered,
        "stillFailing": len(tally.left),
        "failing": [entry.raw for entry in tally.left],
        "stopped": None if tally.stopped is None else str(tally.stopped),
    }


def _show(chosen: Sequence[WebhookView], tallies: Sequence[Tally]) -> None:
    rows = [
        (f"{webhook.event} {webhook.id}", tally.listed, tally.resent, tally.recovered, len(tally.left))
        for webhook, tally in zip(chosen, tallies, strict=False)
    ]
    show_table(["webhook", "listed", "resent", "recovered", "still failing"], rows, empty="no webhooks")
    left = [(entry.webhook_event_id, entry.created, entry.outcome) for tally in tallies for entry in tally.left]
    if left:
        click.echo()
        show_table(["still failing", "created", "outcome"], left, empty="")
