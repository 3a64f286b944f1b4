"""A receiver that books some event types and acknowledges the rest, as a user runs verify on it: without `--events`."""

import time
from functools import partial

import pytest

from frontsim.verdicts import Verdict
from frontsim.verification.result import result_of
from frontsim.verification.run import run
from frontsim.verification.scenario import scenario
from tests.verification.laboratory import HASTY, open_shop, requested

pytestmark = pytest.mark.long

SALE, CUSTOMER, INVOICE = "SaleCreated", "CustomerCreated", "InvoiceCreated"


@pytest.fixture
def verified():
    """`verified(booked)` is the report on a receiver that books the types for which `booked` is true."""
    with open_shop() as shop:
        yield partial(report_on, shop)


def report_on(shop, booked, names=("steady",), **others):
    book = shop.books
    shop.books = lambda event_id: book(event_id) if booked(shop.types[event_id]) else None
    request = requested(shop.url, limits=HASTY, **others)
    return run(request, scenario.chosen(names), seed=5, pause=time.sleep)


@pytest.mark.parametrize("booked", [[SALE], [INVOICE], [CUSTOMER, "CustomerUpdated"]], ids=", ".join)
def test_few_types_are_enough(verified, booked):
    """Whichever they are: the preflight of each scenario sends one that is booked, even where it is about others."""
    report = verified(booked.__contains__, ["steady", "lost-response", "out-of-order"])
    verdicts = [each.judgement.verdict for each in report.played]
    assert {Verdict.VERIFIED, Verdict.SKIPPED} >= set(verdicts), [each.judgement.reason for each in report.played]
    assert [Verdict.VERIFIED] * 2 == verdicts[:2]
    assert (set(booked), 21 - len(booked)) == (set(report.types.booked), len(report.types.acknowledged_only))
    assert f"VERIFIED for {', '.join(report.types.booked)}; {21 - len(booked)} types are acknowledged and never" in str(
        result_of(report).conclusion
    )


def test_one_that_loses_a_type_never_passes(verified):
    """Not even in a scenario that raises few types: the clean round shows that the receiver books the others."""
    report = verified(lambda event: event != "StockMovementCreated", ["lost-response", "steady"])
    assert (Verdict.UNKNOWN, ["StockMovementCreated"]) == (report.verdict, list(report.types.acknowledged_only))
    assert not any(each.judgement.findings for each in report.played)


@pytest.mark.parametrize("events", [["all"], [SALE, INVOICE]])
def test_what_the_user_names_is_demanded(verified, events):
    report = verified(lambda event: event == SALE, events=events)
    assert Verdict.VIOLATED is report.verdict
    assert {"lost-after-ack"} == {str(each.class_) for each in report.played[0].judgement.findings}


def test_a_strict_run_is_unknown(verified):
    assert Verdict.UNKNOWN is verified(lambda event: event == SALE, strict=True).verdict


def test_auto_judges_the_others_by_their_answers_too(verified):
    """It leaves out what is refused, and names nothing of the rest."""
    assert Verdict.VERIFIED is verified(lambda event: event == SALE, events=["auto"]).verdict


def test_no_type_is_booked(verified):
    """The controls fail: nothing is known of such a receiver."""
    assert Verdict.UNKNOWN is verified(lambda _: False).verdict
