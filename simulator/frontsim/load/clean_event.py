"""One clean event, sent by the master: before the load it proves the setup, after it that the receiver lives."""

from time import sleep

from frontsim.client.leases import DeliveryReport
from frontsim.clock import stopwatch
from frontsim.domain.model import Outcome
from frontsim.load.setup import MASTER_TTL_S, LoadSetup
from frontsim.verification.facts.correlate import BUSINESS, correlate
from frontsim.verification.facts.history import EventFact, History, Liveness, Observation, PreflightCheck
from frontsim.verification.observe.observers import ObserverFailed

_TRIES = 3
_GAPS_S = (0.05, 0.3, 1.0)
_LOOK_S = 0.02


def control(setup: LoadSetup) -> PreflightCheck:
    """Whether a clean event is acknowledged and seen once; it also tells how long effects take. Raises CallError."""
    failure = ""
    for _ in range(_TRIES):
        fact, failure = _acknowledged(setup)
        if failure or fact is None or setup.observer is None:
            break
        began = stopwatch()
        failure = _see(setup, fact)
        if not failure:
            setup.patience = setup.patience.for_latency(stopwatch() - began)
            break
    return PreflightCheck("one clean event is acknowledged and seen once", failure)


def check_liveness(setup: LoadSetup) -> Liveness:
    """Any answer to a clean event is one. Raises CallError."""
    event = next(iter(setup.load.mix))
    for gap_s in (*_GAPS_S, 0):
        for report in _send_one(setup):
            if report.outcome is Outcome.ANSWERED:
                return Liveness()
        sleep(gap_s)
    return Liveness(f"expected an answer to a clean {event}, got none in {len(_GAPS_S) + 1} tries")


def _acknowledged(setup: LoadSetup) -> tuple[EventFact | None, str]:
    """A clean event that was acknowledged, or why it was not; a receiver may refuse some and take the next."""
    status: object = "no answer"
    for gap_s in _GAPS_S:
        for report in _send_one(setup):
            status = report.status_code or "no answer"
            if report.acknowledged:
                sent = report.delivery
                return _fact(setup, sent.webhook_id, sent.webhook_event_id, sent.event), ""
        sleep(gap_s)
    receiver = setup.load.options.receiver
    return None, f"preflight failed: expected {receiver} to answer a clean event with a 2xx, got {status}"


def _send_one(setup: LoadSetup) -> list[DeliveryReport]:
    event = next(iter(setup.load.mix))
    return setup.deliver(setup.simulator.lease({event: 1}, count=1, ttl_s=MASTER_TTL_S))


def _fact(setup: LoadSetup, webhook_id: str, webhook_event_id: str, event: str) -> EventFact:
    entity = None
    if setup.load.options.observe_key == BUSINESS:
        entity = setup.selection.entity(event, setup.api.get_event(webhook_id, webhook_event_id).payload)
    return EventFact(webhook_id, webhook_event_id, event, (), entity=entity)


def _see(setup: LoadSetup, fact: EventFact) -> str:
    """Why a clean event was not seen once, "" when it was."""
    assert setup.observer is not None
    key = setup.load.options.observe_key
    history = History(setup.load.plan.name, (fact,), observer_key=key)
    began, found = stopwatch(), 0
    while stopwatch() - began < setup.patience.missing_s:
        try:
            seen = setup.new_effects()
        except ObserverFailed as error:
            return f"preflight failed: {error}"
        found = sum(len(group.effects) for group in correlate(history, Observation(0, seen)).groups)
        if found == 1:
            return ""
        sleep(_LOOK_S)
    return (
        f"preflight failed: a clean {fact.event} was acknowledged; expected the observer ({setup.observer.name}) to "
        f"show it once within {setup.patience.missing_s:g} s, got it {found} times (--observe-key is {key})"
    )
