"""How long a receiver remembers the events that it has booked, as a scenario shows that resends them later: pure."""

from collections.abc import Mapping

from frontsim.domain.model import Trigger
from frontsim.verification.facts.history import EventFact, History

FORGOTTEN = "has forgotten an event"
_DAY_S = 86_400.0
_BEYOND = "longer was not tested; --memory SECONDS and --time-travel DAYS test it"


def memory(history: History, effects: Mapping[str, int]) -> str:
    """What was seen of it, beginning with a verb; "" where no acknowledged event was resent after the wait.

    Args:
        history: of a scenario that has waited.
        effects: how many effects each event has, by its webhookEventId.
    """
    if not history.waited_s:
        return ""
    resent = {event.webhook_event_id for event in history.events if _is_resent(event)}
    booked = {number for event_id, number in effects.items() if event_id in resent}
    if any(number > 1 for number in booked):
        return f"{FORGOTTEN} after {_span(history.waited_s)}"
    return f"remembers an event for at least {_span(history.waited_s)} ({_BEYOND})" if booked == {1} else ""


def _is_resent(event: EventFact) -> bool:
    return any(run.trigger is Trigger.RESEND and run.acknowledged for run in event.runs)


def _span(seconds: float) -> str:
    days = round(seconds / _DAY_S) if seconds >= _DAY_S else 0
    return f"{days} day{'s' if days > 1 else ''}" if days else f"{seconds:.0f} s"
