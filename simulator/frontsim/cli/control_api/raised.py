"""The events that a trigger or a business act put into the log, as rows."""

from frontsim.cli.output import show_json, show_table
from frontsim.client.models import RaisedEvent, TriggerAnswer


def show_raised(raised: TriggerAnswer, *columns: str, wanted: str, as_json: bool) -> None:
    """Print the events in these columns; `wanted` is the type to subscribe to where no webhook matched."""
    if as_json:
        show_json(raised.raw)
        return
    empty = (
        f"{raised.occurrences} occurred, but no webhook matches, so no event was raised: "
        f"subscribe one with `frontsim webhooks create {wanted} URL`"
    )
    show_table(columns, [[_field(event, name) for name in columns] for event in raised.events], empty=empty)


def _field(event: RaisedEvent, name: str) -> str:
    return {"event": event.event, "webhookEventId": event.webhook_event_id, "webhook": event.webhook_id}[name]
