"""The end of a load test, on the master: nothing is broken any more, and what happened is recorded for the checker.

    leases end -> sign of life -> list -> resend until nothing is left -> log read -> effects at rest -> history

Whatever stops it is recorded as trouble: the verdict is then *unknown*, and nobody is accused.
"""

import logging
from dataclasses import asdict
from time import sleep

from frontsim.clock import stopwatch
from frontsim.errors import FrontsimError
from frontsim.load.clean_event import check_liveness
from frontsim.load.log_facts import LogReader, unfinished
from frontsim.load.options import Load
from frontsim.load.setup import MASTER_TTL_S, LoadSetup
from frontsim.verification.facts.correlate import effects_of, is_complete
from frontsim.verification.facts.history import (
    EventFact,
    FaultFact,
    History,
    Liveness,
    Observation,
    PreflightCheck,
)
from frontsim.verification.observe.settle import wait_for_rest

logger = logging.getLogger(__name__)

AT_ONCE = 2000
"""Resends in one lease."""
STALLED_ROUNDS = 5
"""Rounds that bring nothing, after which the job is given up."""
_GAP_S = 0.05
_DRAIN_MARGIN_S = 5.0


def record(setup: LoadSetup, control: PreflightCheck, *, duration_s: float) -> History:
    """Bring the run to its end, and write down all that happened."""
    recorder = _Recorder(setup, control, duration_s)
    try:
        return recorder.play()
    except FrontsimError as error:
        return recorder.history((), trouble=str(error))


def windows(load: Load, *, duration_s: float, ended_ms: int) -> tuple[FaultFact, ...]:
    """When something was broken by us, in ms from the beginning of the history.

    Args:
        load: says what is broken, and when in the load.
        duration_s: how long the load was on.
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


class _Recorder:
    """One ending under way."""

    def __init__(self, setup: LoadSetup, control: PreflightCheck, duration_s: float) -> None:
        self._setup = setup
        self._control = control
        self._duration_s = duration_s
        self._faults: tuple[FaultFact, ...] = ()

    def play(self) -> History:
        setup = self._setup
        if self._control.failure:
            return self.history(())
        self._faults = windows(setup.load, duration_s=self._duration_s, ended_ms=setup.now_ms())
        logger.info("the end: waiting for outstanding deliveries (at most %g s)", setup.load.ttl_s + _DRAIN_MARGIN_S)
        drained = setup.simulator.drain(setup.load.ttl_s + _DRAIN_MARGIN_S)
        breaks_until = setup.now_ms() if setup.load.breaks else 0
        liveness = check_liveness(setup)
        if not liveness.failure:
            _resend_all(setup)
        drained = drained and setup.simulator.drain(_DRAIN_MARGIN_S)
        reader = LogReader(
            setup.api,
            setup.webhooks,
            setup.selection,
            setup.epoch,
            setup.load.options.observe_key,
            setup.load.options.check_content,
            breaks_until,
        )
        events = reader.facts()
        open_ = unfinished(events)
        if open_ or not drained:
            trouble = f"expected a log with an end to everything, got {open_} events without one, and others under way"
            return self.history(events, trouble=trouble if open_ else "something was still under way at the end")
        return self._observed(events, liveness)

    def _observed(self, events: tuple[EventFact, ...], liveness: Liveness) -> History:
        setup = self._setup
        if setup.observer is None:
            return self.history(events, liveness=liveness)
        logger.info("the end: %d events; waiting until the effects are at rest", len(events))
        so_far = self.history(events)
        rest = wait_for_rest(
            setup.new_effects,
            ours=lambda seen: effects_of(so_far, seen),
            is_complete=lambda seen: is_complete(so_far, seen),
            limits=setup.patience,
            pause=sleep,
        )
        if rest.failure:
            return self.history(events, liveness=liveness, observer_failure=rest.failure)
        final = Observation(setup.now_ms(), rest.effects)
        return self.history(events, liveness=liveness, final=final, settled=rest.is_quiet)

    def history(
        self,
        events: tuple[EventFact, ...],
        *,
        liveness: Liveness | None = None,
        final: Observation | None = None,
        settled: bool = True,
        trouble: str = "",
        observer_failure: str = "",
    ) -> History:
        setup = self._setup
        return History(
            scenario=setup.load.plan.name,
            events=events,
            observer=setup.observer.name if setup.observer else "",
            observer_key=setup.load.options.observe_key,
            final=final,
            observer_failure=observer_failure,
            settled=settled,
            preflight=(self._control,),
            liveness=liveness,
            faults=self._faults,
            trouble=trouble,
            duration_s=self._duration_s,
        )


def _resend_all(setup: LoadSetup) -> None:
    """The list -> resend job: until nothing is left, nothing moves, or time is over. Raises CallError."""
    began, stalled, resent = stopwatch(), 0, 0
    while stalled < STALLED_ROUNDS and stopwatch() - began < setup.load.options.end_timeout:
        deliveries = setup.simulator.lease_resends(count=AT_ONCE, ttl_s=MASTER_TTL_S)
        if not deliveries:
            return
        reports = setup.deliver(deliveries)
        resent += len(reports)
        logger.info("the end: %d resent", resent)
        stalled = 0 if any(report.acknowledged for report in reports) else stalled + 1
        sleep(_GAP_S * stalled)
