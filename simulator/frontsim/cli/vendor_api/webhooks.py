"""`frontsim webhooks`: list, create, update and delete webhooks."""

from collections.abc import Sequence

import click

from frontsim.cli.completion import event_types
from frontsim.cli.connection import Api, api_options
from frontsim.cli.output import json_option, show_json, show_table
from frontsim.client.models import WebhookView
from frontsim.client.vendor import WebhookChanges
from frontsim.presentation.masking import masked, secrets_shown

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
