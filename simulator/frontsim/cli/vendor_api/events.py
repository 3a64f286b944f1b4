"""`frontsim events`: the deliveries of a webhook's events, and how each ended."""

import click

from frontsim.cli.connection import Api, api_options
from frontsim.cli.output import json_option, show_json, show_table
from frontsim.cli.vendor_api.entry import show_entry
from frontsim.cli.vendor_api.window import window_options
from frontsim.client.vendor import When

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
