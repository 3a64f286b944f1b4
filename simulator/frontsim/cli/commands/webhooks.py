"""`webhooks`, `events`, `resend`: the vendor's API."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, timezone

import click

from frontsim.cli.connection import Api, api_options
from frontsim.cli.options import Decorator, event_types, option_group
from frontsim.cli.output import json_option, show_json, show_line, show_table, shown
from frontsim.client.http import WebhookChanges, When
from frontsim.client.models import EventEntry, WebhookView
from frontsim.masking import masked, secrets_shown

NONE = "no webhooks: subscribe one with `frontsim webhooks create TYPE URL`"


_show_secrets = click.option("--show-secrets", is_flag=True, help="Show URLs whole in the table; --json always does.")


@click.group()
def webhooks() -> None:
    """List, create, update and delete webhooks: which URL gets which type of event."""


@webhooks.command("list")
@_show_secrets
@api_options
@json_option
def list_(api: Api, *, show_secrets: bool, as_json: bool) -> None:
    """List every webhook."""
    with api.open() as front:
        _show(front.list_webhooks(), show_secrets=show_secrets, as_json=as_json)


@webhooks.command()
@click.argument("words", metavar="[TYPE] URL", nargs=-1, required=True, shell_complete=event_types)
@click.option("--all-types", is_flag=True, help="Subscribe to every event type: give the URL alone.")
@click.option("--store", type=int, metavar="ID", help="Only events of this store.  [default: every store]")
@_show_secrets
@api_options
@json_option
def create(
    words: tuple[str, ...], store: int | None, api: Api, *, all_types: bool, show_secrets: bool, as_json: bool
) -> None:
    """Subscribe URL to the events of one type, or of all."""
    if len(words) != (1 if all_types else 2):
        raise click.UsageError(f"expected {'URL alone with --all-types' if all_types else 'TYPE and URL'}")
    with api.open() as front:
        if all_types:
            made = [front.create_webhook(each, words[0], store_id=store) for each in front.webhook_types()]
            _show(made, show_secrets=show_secrets, as_json=as_json)
        else:
            webhook = front.create_webhook(*words, store_id=store)
            _show_one(webhook, show_secrets=show_secrets, as_json=as_json)


@webhooks.command()
@click.argument("webhook_id")
@click.option("--type", "type_", metavar="TYPE", shell_complete=event_types, help="Another event type.")
@click.option("--url", metavar="URL", help="Another URL.")
@click.option("--store", type=int, metavar="ID", help="Another store.")
@click.option("--all-stores", is_flag=True, help="Every store.")
@_show_secrets
@api_options
@json_option
def update(
    webhook_id: str,
    type_: str | None,
    url: str | None,
    store: int | None,
    api: Api,
    *,
    all_stores: bool,
    show_secrets: bool,
    as_json: bool,
) -> None:
    """Change a webhook; what you do not name stays as it is."""
    if all_stores and store is not None:
        raise click.UsageError("expected --store or --all-stores, got both")
    changes = WebhookChanges()
    if type_ is not None:
        changes["event"] = type_
    if url is not None:
        changes["url"] = url
    if all_stores or store is not None:
        changes["store_id"] = store
    if not changes:
        raise click.UsageError("expected something to change: --type, --url, --store or --all-stores")
    with api.open() as front:
        _show_one(front.update_webhook(webhook_id, **changes), show_secrets=show_secrets, as_json=as_json)


@webhooks.command()
@click.argument("webhook_id")
@api_options
def delete(webhook_id: str, api: Api) -> None:
    """Unsubscribe a webhook."""
    with api.open() as front:
        front.delete_webhook(webhook_id)


def _show_one(webhook: WebhookView, *, show_secrets: bool, as_json: bool) -> None:
    if as_json:
        show_json(webhook.raw)
    else:
        _show([webhook], show_secrets=show_secrets, as_json=False)


def _show(found: Sequence[WebhookView], *, show_secrets: bool, as_json: bool) -> None:
    if as_json:
        show_json([webhook.raw for webhook in found])
        return
    with secrets_shown(show_secrets):
        rows = [
            (f"{each.event} {each.id}", "all" if each.store_id is None else each.store_id, masked(each.url))
            for each in found
        ]
    show_table(["webhook", "store", "url"], rows, empty=NONE)


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


_WESTMOST, _EASTMOST = timezone(timedelta(hours=-12)), timezone(timedelta(hours=14))


def window_options(*, days: int) -> Decorator:
    """Give a command `from_` and `to`: what the user wrote, or else the last `days` days."""

    def or_default(_: click.Context, param: click.Parameter, text: str | None) -> When:
        return text or last_days(days, datetime.now(UTC))[param.name == "to"]

    return option_group(
        click.option(
            "--from",
            "from_",
            metavar="WHEN",
            callback=or_default,
            help=f"Created since: 2021-12-01, or '2021-12-01 08:50:46.02'.  [default: {days} days ago]",
        ),
        click.option(
            "--to",
            metavar="WHEN",
            callback=or_default,
            help="Created before. Give it if you have moved a simulator's clock ahead.  [default: tomorrow]",
        ),
    )


def last_days(days: int, now: datetime) -> tuple[date, date]:
    """The dates `from` and `to` of the last `days` days and all of today, whatever zone the API's dates are in.

    Args:
        days: how many.
        now: the present, with a zone.
    """
    earliest = (now - timedelta(days=days)).astimezone(_WESTMOST).date()
    return earliest, now.astimezone(_EASTMOST).date() + timedelta(days=1)


DAYS = 7


@click.command()
@click.argument("webhook_id", required=False)
@window_options(days=DAYS)
@click.option("--failed", is_flag=True, help="Only events that were not received: success=false.")
@click.option("--payload", is_flag=True, help="With each event's payload.")
@click.option("--runs", is_flag=True, help="With each event's runs: every attempt to deliver it.")
@api_options
@json_option
def events(
    webhook_id: str | None,
    from_: When,
    to: When,
    api: Api,
    *,
    failed: bool,
    payload: bool,
    runs: bool,
    as_json: bool,
) -> None:
    """List a webhook's events, oldest first, and how the delivery of each ended; without an id, those of all."""
    with api.open() as front:
        found = [
            entry
            for each in ([webhook_id] if webhook_id else [webhook.id for webhook in front.list_webhooks()])
            for entry in front.list_events(
                each,
                from_=from_,
                to=to,
                success=False if failed else None,
                include_payload=payload,
                include_runs=runs,
            )
        ]
    if webhook_id is None:
        found.sort(key=lambda entry: entry.created or "")
    if as_json:
        show_json([entry.raw for entry in found])
    elif (payload or runs) and found:
        for entry in found:
            show_entry(entry, payload=payload, runs=runs)
    else:
        rows = [(entry.webhook_event_id, entry.created, entry.outcome, entry.runs_counter) for entry in found]
        empty = f"nothing {'failed' if failed else 'happened'} from {from_} to {to}"
        show_table(["webhookEventId", "created", "outcome", "runs"], rows, empty=empty)


STILL_FAILING = 1


@click.command()
@click.argument("webhook_id")
@click.argument("event_id")
@api_options
@json_option
@click.pass_context
def resend(ctx: click.Context, webhook_id: str, event_id: str, api: Api, *, as_json: bool) -> None:
    """Resend one event of a webhook, once, and say how it went.

    Exit code: 0 the receiver took it (2xx), 1 it did not.
    """
    with api.open() as front:
        entry = front.deliver(webhook_id, event_id)
    if as_json:
        show_json(entry.raw)
    else:
        show_entry(entry, payload=False, runs=False)
    if not entry.success:
        ctx.exit(STILL_FAILING)
