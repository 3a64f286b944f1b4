"""`frontsim resend`: resend one event, once."""

import click

from frontsim.cli.connection import Api, api_options
from frontsim.cli.output import json_option, show_json
from frontsim.cli.vendor_api.entry import show_entry

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
