"""The beginning and the end on real sockets: a simulator and a receiver, with nothing but leases in between."""

import time
from argparse import Namespace
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any

import orjson
import pytest

from frontsim.client.control import DeliveryReport
from frontsim.domain.model import Outcome, Trigger
from frontsim.load.options import Load
from frontsim.load.plan import DOWNTIME, STEADY
from frontsim.load.setup import LoadSetup, set_up
from frontsim.load.teardown import faulted_until, open_deliveries, preflight_of, record, report_on, windows
from frontsim.masking import NO_COMMAND
from frontsim.verdicts import Verdict
from frontsim.verification.effects.history import EventFact, FaultFact, Run
from frontsim.verification.effects.observers import Observer, UrlObserver
from frontsim.verification.effects.settle import EffectReader
from frontsim.verification.judge import checks
from frontsim.verification.judge.checks import Judgement
from frontsim.verification.patience import WaitLimits
from frontsim.verification.played import judge_recorded
from frontsim.verification.scenario.scenario import Scenario
from tests.load.conftest import Receivers

pytestmark = pytest.mark.slow


def ended(setup: LoadSetup) -> Judgement:
    recording = record(setup, preflight_of(setup).run(), duration_s=1)
    return judge_recorded(recording.history, checks.receiver_contract(), recording.last_look, is_last=True)


def test_failed_deliveries_are_resent_and_unreported_leases_run_out(setup: LoadSetup) -> None:
    """Sent without an answer, never sent, and leased by a worker that died: each is booked once in the end."""
    simulator = setup.simulator
    lost, unsent, heard = simulator.lease(setup.load.mix, count=3)
    setup.sender.post(lost)
    reports = [
        DeliveryReport(lost, Outcome.UNKNOWN),
        DeliveryReport(unsent, Outcome.NOT_SENT),
        setup.sender.post(heard),
    ]
    simulator.report_lease(lost.lease_id, reports)
    simulator.lease(setup.load.mix, count=2, ttl_s=0.2)  # by a worker that will not report
    found = ended(setup)
    assert Verdict.VERIFIED is found.verdict, found
    assert 7 == found.counts["events"]  # 3 + 2, the control and the sign of life
    assert {"acknowledged": 7, "effects": 7, "resent": 4, "recovered": 4, "ok": 3}.items() <= found.counts.items()


def test_what_was_acknowledged_and_not_sent_is_lost(load: Load, setup: LoadSetup) -> None:
    """A report that lies shows as a loss: the observer has the last word."""
    (leased,) = setup.simulator.lease({"SaleCreated": 1}, count=1)
    setup.simulator.report_lease(leased.lease_id, [DeliveryReport(leased, Outcome.ANSWERED, 200, 1)])
    setup.limits = replace(setup.limits, last_s=0.5)  # it was not sent, so there is nothing to wait for
    setup.wait_limits = setup.limits.only_wait(end_s=load.options.end_timeout)
    found = ended(setup)
    assert Verdict.VIOLATED is found.verdict
    assert [leased.webhook_event_id] == [finding.webhook_event_id for finding in found.findings]


@pytest.mark.parametrize(
    ("name", "path", "mix", "found"),
    [
        ("stock-by-sum", "levels", "StockMovementCreated", []),
        ("level-counts-repeats", "levels", "StockMovementCreated", ["wrong-state"]),
        ("customer-table", "customers", "CustomerCreated", []),
    ],
)
def test_what_the_receiver_derives_is_compared_at_the_end(
    receivers: Receivers,
    load: Load,
    *,
    name: str,
    path: str,
    mix: str,
    found: list[str],
) -> None:
    """A delivery without an answer is resent: booked once, but it may count twice. The verdict has their number."""
    own = receivers.start(name)
    given = {"receiver": own.hook, "observe_url": own.effects, "observe_state": f"{own.url}/{path}", "mix": mix}
    with closing(set_up(replace(load, options=Namespace(**{**vars(load.options), **given})))) as setup:
        setup.limits = replace(setup.limits, last_s=1.0)  # the level that is wrong stays so
        setup.wait_limits = setup.limits.only_wait(end_s=load.options.end_timeout)
        lost, *heard = setup.simulator.lease({mix: 1}, count=4)
        setup.sender.post(lost)
        reports = [DeliveryReport(lost, Outcome.UNKNOWN), *(setup.sender.post(each) for each in heard)]
        setup.simulator.report_lease(lost.lease_id, reports)
        judgement = ended(setup)
    assert found == [str(each.class_) for each in judgement.findings], judgement
    assert (Verdict.VIOLATED if found else Verdict.VERIFIED) is judgement.verdict, judgement.reason
    assert judgement.items + judgement.customers > 1


def test_a_finding_shows_what_was_sent_and_answered(receivers: Receivers, load: Load) -> None:
    """A receiver that refuses a repeat: the report has the request of the resend and the receiver's own words."""
    broken = receivers.start("refuses-duplicates")
    options = {**vars(load.options), "receiver": broken.hook, "observe_url": broken.effects, "payloads": "typical"}
    with closing(set_up(replace(load, options=Namespace(**options)))) as setup:
        setup.limits = replace(setup.limits, last_s=0.1)  # it refuses for ever, so there is nothing to wait for
        (lost,) = setup.simulator.lease({"SaleCreated": 1}, count=1)
        setup.sender.post(lost)
        setup.simulator.report_lease(lost.lease_id, [DeliveryReport(lost, Outcome.UNKNOWN)])
        recording = record(setup, preflight_of(setup).run(), duration_s=1)
        found = report_on(
            recording,
            Scenario("lost-answers", "Answers are lost.", "All is well.", ()),
            checks.receiver_contract(),
            receiver=broken.hook,
            seed=1,
            replay=NO_COMMAND,
            exchange_source=setup.exchange_source,
        )
    (finding,) = orjson.loads(found.as_json())["scenarios"][0]["findings"]
    assert ("rejected", lost.webhook_event_id) == (finding["class"], finding["webhookEventId"])
    assert lost.webhook_event_id == finding["request"]["headers"]["X-Webhook-Event-Id"]
    assert 409 == finding["answer"]["statusCode"]
    assert finding["answer"]["body"]
    assert "409" in "\n".join(found.table())


def test_an_observer_that_shows_something_else_fails_the_control(load: Load) -> None:
    """The sentence says what was looked for, so that a wrong key is found at once."""
    options = Namespace(**{**vars(load.options), "observe_key": "nothing"})
    setup = set_up(replace(load, options=options))
    setup.limits = replace(setup.limits, last_s=0.5)
    setup.wait_limits = WaitLimits(0.05, 0.1, 1.0)
    assert "looked for nothing" in preflight_of(setup).run().check.failure
    setup.close()


class OnePage:
    """An observer that shows the first ten new records alone, as the first page of a longer list does."""

    name = "one page"

    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        self._past = len(observer.read())

    def read(self) -> Sequence[Any]:
        return self._observer.read()[self._past :][:10]

    def close(self) -> None:
        self._observer.close()


def test_an_observer_that_shows_one_page_accuses_no_receiver(load: Load, setup: LoadSetup) -> None:
    """Every event is booked; that the list ends after ten is the observer's doing, so the verdict is unknown."""
    setup.wait_limits = WaitLimits(0.05, 0.1, 1.0)
    with closing(OnePage(UrlObserver(load.options.observe_url))) as observer:
        setup.effects = EffectReader(observer, "webhookEventId", pause=time.sleep)
        passed = preflight_of(setup).run()
        setup.deliver(setup.simulator.lease(setup.load.mix, count=20))
        recording = record(setup, passed, duration_s=1)
        found = judge_recorded(recording.history, checks.receiver_contract(), recording.last_look, is_last=True)
    assert (Verdict.UNKNOWN, ()) == (found.verdict, found.findings)
    assert "first page" in found.reason


def options_of(load: Load, **others: object) -> Namespace:
    return Namespace(**{**vars(load.options), **others})


def test_an_outage_is_recorded_when_it_was(load: Load) -> None:
    """The load began 30 s before its end, at 35 s: down from 10 to 20 s of it is 15 to 25 s of the history."""
    down = Load(DOWNTIME, options_of(load, down_from=10.0, down_to=20.0, lost_share=0.0))
    assert (FaultFact("downtime", 15_000, 25_000),) == windows(down, duration_s=30, ended_ms=35_000)


def test_an_outage_ends_with_the_load_at_the_latest(load: Load) -> None:
    """A load that the user stops early has seen less of the outage, or nothing."""
    down = Load(DOWNTIME, options_of(load, down_from=10.0, down_to=20.0, lost_share=0.0))
    assert (FaultFact("downtime", 11_000, 13_000),) == windows(down, duration_s=12, ended_ms=13_000)
    assert () == windows(down, duration_s=9, ended_ms=10_000)


def test_what_is_broken_by_chance_is_broken_while_the_load_is_on(load: Load) -> None:
    """Not before it, when the clean event was sent. The fault names the shares; beside an outage it is `chance`."""
    assert (FaultFact("lost-answers", 2_000, 5_000, "lost=0.1"),) == windows(load, duration_s=3, ended_ms=5_000)
    both = Load(DOWNTIME, options_of(load, down_from=1.0, down_to=2.0))
    found = windows(both, duration_s=3, ended_ms=5_000)
    assert (FaultFact("downtime", 3_000, 4_000), FaultFact("chance", 2_000, 5_000, "lost=0.1")) == found


def test_where_nothing_is_broken_no_fault_is_recorded(load: Load) -> None:
    """A steady load breaks nothing."""
    assert () == windows(Load(STEADY, options_of(load, lost_share=0.0)), duration_s=3, ended_ms=5_000)


def test_no_fault_is_recorded_over_the_clean_events(setup: LoadSetup) -> None:
    """The clean event before the load was sent in peace, and so was the sign of life after it."""
    clean = preflight_of(setup).run()
    setup.simulator.lease(setup.load.mix, count=1, ttl_s=0.2)  # by a worker that will not report
    history = record(setup, clean, duration_s=0).history
    (fault,) = history.faults
    first = min(run.at_ms for event in history.events for run in event.runs)
    assert first < fault.from_ms == fault.to_ms


def test_an_event_without_a_run_that_ended_proves_nothing() -> None:
    """It was leased, and neither reported nor run out: no receiver is accused over it."""
    ended = EventFact("w", "e", "SaleCreated", (Run(1, Trigger.ORIGINAL, Outcome.ANSWERED, "OK", 200, 0),))
    assert "" == open_deliveries([ended], drained=True)
    assert "in flight" in open_deliveries([ended], drained=False)
    assert "got 1 event without an end" in open_deliveries(
        [ended, EventFact("w", "f", "SaleCreated", ())], drained=True
    )


@pytest.mark.parametrize(
    ("outcome", "at_ms", "faulted"),
    [
        (Outcome.UNKNOWN, 1_000, True),
        (Outcome.UNKNOWN, 2_000, False),  # after the load: a fair try
        (Outcome.ANSWERED, 1_000, False),  # a 500 in the middle of an outage is the receiver's own
    ],
)
def test_a_run_is_our_doing_only_without_an_answer_and_in_the_load(outcome: Outcome, at_ms: int, faulted: bool) -> None:
    """An answer is always the receiver's, and so is a run after the load."""
    assert faulted is faulted_until(1_500)(outcome, at_ms)
