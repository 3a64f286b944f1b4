"""One clean event, sent by the master: before the load it proves the setup, after it that the receiver lives."""

from time import sleep

from frontsim.clock import stopwatch
from frontsim.domain.model import Outcome
from frontsim.load.leasing import Told
from frontsim.load.master_bench import LoadBench
from frontsim.verification.facts.correlate import BUSINESS, correlate
from frontsim.verification.facts.history import EventFact, History, Liveness, Observation, PreflightCheck
from frontsim.verification.observe.observers import ObserverFailed

_TRIES = 3
_GAPS_S = (0.05, 0.3, 1.0)
_LOOK_S = 0.02


def control(bench: LoadBench) -> PreflightCheck:
    """Whether a clean event is acknowledged and seen once; it also tells how long effects take. Raises CallError."""
    failure = ""
    for _ in range(_TRIES):
        fact, failure = _acknowledged(bench)
        if failure or fact is None or bench.observer is None:
            break
        began = stopwatch()
        failure = _see(bench, fact)
        if not failure:
            bench.patience = bench.patience.for_latency(stopwatch() - began)
            break
    return PreflightCheck("one clean event is acknowledged and seen once", failure)


def check_liveness(bench: LoadBench) -> Liveness:
    """Any answer to a clean event is one. Raises CallError."""
    event = next(iter(bench.load.mix))
    for gap_s in (*_GAPS_S, 0):
        for told in _send_one(bench):
            if told.outcome is Outcome.ANSWERED:
                return Liveness()
        sleep(gap_s)
    return Liveness(f"expected an answer to a clean {event}, got none in {len(_GAPS_S) + 1} tries")


def _acknowledged(bench: LoadBench) -> tuple[EventFact | None, str]:
    """A clean event that was acknowledged, or why it was not; a receiver may refuse some and take the next."""
    status: object = "no answer"
    for gap_s in _GAPS_S:
        for told in _send_one(bench):
            leased = told.leased
            status = told.status_code or "no answer"
            if told.status_code is not None and 200 <= told.status_code < 300:
                return _fact(bench, leased.webhook_id, leased.webhook_event_id, leased.event), ""
        sleep(gap_s)
    receiver = bench.load.options.receiver
    return None, f"preflight failed: expected {receiver} to answer a clean event with a 2xx, got {status}"


def _send_one(bench: LoadBench) -> list[Told]:
    leases = bench.desk.take_new({next(iter(bench.load.mix)): 1}, 1)
    outcomes = bench.poster.post_all(leases)
    for told in outcomes:
        bench.desk.report(told.leased.lease_id, [told])
    return outcomes


def _fact(bench: LoadBench, webhook_id: str, webhook_event_id: str, event: str) -> EventFact:
    entity = None
    if bench.load.options.observe_key == BUSINESS:
        entity = bench.selection.entity(event, bench.api.get_event(webhook_id, webhook_event_id).payload)
    return EventFact(webhook_id, webhook_event_id, event, (), entity=entity)


def _see(bench: LoadBench, fact: EventFact) -> str:
    """Why a clean event was not seen once, "" when it was."""
    assert bench.observer is not None
    key = bench.load.options.observe_key
    history = History(bench.load.plan.name, (fact,), observer_key=key)
    began, found = stopwatch(), 0
    while stopwatch() - began < bench.patience.missing_s:
        try:
            seen = bench.new_effects()
        except ObserverFailed as error:
            return f"preflight failed: {error}"
        found = sum(len(group.effects) for group in correlate(history, Observation(0, seen)).groups)
        if found == 1:
            return ""
        sleep(_LOOK_S)
    return (
        f"preflight failed: a clean {fact.event} was acknowledged; expected the observer ({bench.observer.name}) to "
        f"show it once within {bench.patience.missing_s:g} s, got it {found} times (--observe-key is {key})"
    )
