"""The end of a load test, on Locust's master: nothing is broken any more, and what happened is recorded for the judge.

    leases end -> liveness -> list -> resend until nothing is left -> read the log -> effects settle -> history

Whatever stops it is recorded as trouble: the verdict is then *unknown*, and accuses no receiver.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace

from frontsim.clock import stopwatch
from frontsim.domain.model import Outcome
from frontsim.errors import FrontsimError
from frontsim.load.master.clean_events import preflight_of
from frontsim.load.master.resends import resend_failed
from frontsim.load.master.setup import LoadSetup, limits_of
from frontsim.load.plan.load import Load
from frontsim.verification.facts.correlate import BUSINESS
from frontsim.verification.facts.history import ContentCheck, EventFact, FaultFact, History, Observation
from frontsim.verification.observe.settle import ReceiverLatency
from frontsim.verification.play.last_look import LastLook
from frontsim.verification.play.log.log_facts import Condition, read_webhook_facts
from frontsim.verification.play.probes.preflight import PreflightResult
from frontsim.verification.play.runner import Recording

logger = logging.getLogger(__name__)

_DRAIN_MARGIN_S = 5.0


def record(setup: LoadSetup, preflight: PreflightResult, *, duration_s: float) -> Recording:
    """Bring the run to its end, and record all that happened.

    Args:
        setup: of the run.
        preflight: what came of the preflight.
        duration_s: how long the load lasted.
    """
    history = History(
        scenario=setup.load.plan.name,
        observer=setup.effects.name if setup.effects else "",
        observer_key=setup.load.options.observe_key,
        check_content=ContentCheck.KNOWN if setup.load.options.check_content else ContentCheck.OFF,
        preflight=(preflight.check,),
        duration_s=duration_s,
    )
    if preflight.check.failure:
        return Recording(history)
    try:
        history = replace(history, faults=windows(setup.load, duration_s=duration_s, ended_ms=setup.now_ms()))
        return _observed(setup, _ended(setup, history), preflight.webhook_event_id)
    except FrontsimError as error:
        return Recording(replace(history, trouble=str(error)))


def windows(load: Load, *, duration_s: float, ended_ms: int) -> tuple[FaultFact, ...]:
    """When the load test broke something, in ms from the beginning of the history.

    Args:
        load: says what is broken, and when in the load.
        duration_s: how long the load lasted.
        ended_ms: when it ended.
    """
    began_ms = max(0, ended_ms - round(duration_s * 1000))
    found = []
    if load.plan.has_outage:
        from_ms, to_ms = (began_ms + round(at_s * 1000) for at_s in (load.outage.from_s, load.outage.to_s))
        if from_ms < min(to_ms, ended_ms):
            found.append(FaultFact(load.plan.name, from_ms, min(to_ms, ended_ms)))
    if load.plan.is_polled or load.shares.total:
        shares = asdict(load.shares).items()
        detail = " ".join(f"{name}={share:g}" for name, share in shares if share)
        found.append(FaultFact("chance" if load.plan.has_outage else load.plan.name, began_ms, ended_ms, detail))
    return tuple(found)


def faulted_until(breaks_until_ms: int) -> Condition:
    """Whether the load test may have made a run fail: it has no answer, and began while something was broken."""
    return lambda outcome, at_ms: outcome is not Outcome.ANSWERED and at_ms < breaks_until_ms


def open_deliveries(events: Sequence[EventFact], *, drained: bool) -> str:
    """Why the log proves nothing yet, "" when every delivery in it has ended."""
    without_end = sum(not event.runs for event in events)
    if without_end:
        return f"expected every delivery to have ended in the log, got {without_end} events of which none has"
    return "" if drained else "deliveries were still in flight at the end"


def _ended(setup: LoadSetup, history: History) -> History:
    """Wait for what is in flight, check that the receiver lives, resend what failed, and read the log."""
    longest_s = setup.load.ttl_s + _DRAIN_MARGIN_S
    logger.info("the end: waiting for outstanding deliveries (at most %g s)", longest_s)
    drained = setup.simulator.drain(longest_s)
    breaks_until_ms = setup.now_ms() if setup.load.breaks else 0
    began_s = stopwatch()
    liveness = preflight_of(setup).check_liveness(
        is_late=lambda: stopwatch() - began_s >= setup.load.options.end_timeout
    )
    is_unfinished = False if liveness.failure else resend_failed(setup)
    drained = setup.simulator.drain(_DRAIN_MARGIN_S) and drained
    events = tuple(_events(setup, is_faulted=faulted_until(breaks_until_ms)))
    return replace(
        history,
        events=events,
        liveness=liveness,
        unfinished=is_unfinished,
        trouble=open_deliveries(events, drained=drained),
    )


def _observed(setup: LoadSetup, history: History, preflight_event_id: str) -> Recording:
    """Wait until the effects have settled."""
    if history.trouble or setup.effects is None:
        return Recording(history)
    logger.info("the end: %d events; waiting until the effects have settled", len(history.events))
    settled = setup.effects.wait_until_settled(history, setup.wait_limits)
    if settled.failure:
        return Recording(replace(history, observer_failure=settled.failure))
    if setup.state is not None and settled.is_quiet:
        history = replace(history, state=setup.state.wait(history, setup.wait_limits))
    last_look = LastLook(
        setup.effects,
        settled,
        levels=setup.state,
        limits=limits_of(setup.load),
        latency=ReceiverLatency(),
        preflight_event_id=preflight_event_id,
    )
    final = Observation(setup.now_ms(), settled.effects)
    return Recording(replace(history, final=final, settled=settled.is_quiet), last_look)


def _events(setup: LoadSetup, *, is_faulted: Condition) -> Iterator[EventFact]:
    """All events since the start, with payloads only where the verdict needs them. Raises CallError."""
    options = setup.load.options
    return read_webhook_facts(
        setup.api,
        setup.webhooks,
        epoch=setup.epoch,
        is_faulted=is_faulted,
        entity_of=setup.selection.entity if options.observe_key == BUSINESS else None,
        keeps_payloads=options.check_content or setup.state is not None,
        shape=setup.load.shape,
    )
