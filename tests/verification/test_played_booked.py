"""The types that a receiver books, those that it only acknowledges, and what that makes of a run."""

import pytest

from frontsim import catalog
from frontsim.verdicts import Verdict
from frontsim.verification.effects.classes import Class
from frontsim.verification.effects.history import Expect, History, Observation
from frontsim.verification.judge.checks import judge
from frontsim.verification.played import Played, TypesOfRun
from frontsim.verification.scenario import scenario
from frontsim.verification.scenario.selection import Selection
from tests.verification.judge.histories import booked, event, failed_then, run
from tests.verification.laboratory import CONTRACT

SALE, INVOICE, CUSTOMER, UPDATE = "SaleCreated", "InvoiceCreated", "CustomerCreated", "CustomerUpdated"
OTHERS = [each.name for each in catalog.load() if each.name not in (SALE, INVOICE)]


def played(*well, lost=(), name="steady", effects=(), **others):
    """A scenario in which some events are booked once, and others not at all."""
    final = Observation(1000, (*booked(*well), *effects))
    history = History(name, (*well, *lost), observer="a list", final=final, **others)
    (chosen,) = scenario.chosen([name])
    return Played(chosen, history, judge(history, CONTRACT))


def of(*types):
    return [event(type=each) for each in types]


def types_of(*names, demands_each=False, **others):
    return TypesOfRun(Selection(catalog.load(), names), demands_each=demands_each, **others)


def ended(types, *scenarios, booked=frozenset(), **others):
    """Return the types as known at the end, and each scenario's verdict, findings and reason, in their order."""
    known = [each for one in scenarios for each in types.take(one)]
    found, kept = types.end(booked, **others)
    return found, [
        (each.judgement.verdict, [str(one.class_) for one in each.judgement.findings]) for each in known + kept
    ]


def test_few_types_are_booked_and_the_others_acknowledged():
    """The commonest receiver: what it does not book is no finding, and the verdict names it."""
    types = types_of(probed=[SALE, INVOICE, *OTHERS])
    found, judged = ended(types, played(*of(SALE, SALE), lost=[*of(INVOICE), failed_then(200, type=CUSTOMER)]))
    assert [(Verdict.VERIFIED, [])] == judged
    assert ([SALE], [CUSTOMER, INVOICE], "") == (found.booked, found.acknowledged_only, found.unknown)
    assert "2 types are acknowledged and never booked: --events all demands them" == found.sentence


def test_a_scenario_of_those_types_alone_proves_nothing():
    """It is left out of the verdict, as what could not be checked."""
    types = types_of(probed=OTHERS)
    list(types.take(played(*of(SALE))))
    creations = (CUSTOMER, "OmniChannelEndlessAisleOrderCreated")
    lost = of(UPDATE, "OmniChannelOrderUpdated", *creations)
    list(types.take(played(lost=lost, name="entity-updated-twice")))
    _, (last,) = types.end(frozenset())
    assert Verdict.SKIPPED is last.judgement.verdict
    assert "CustomerUpdated, OmniChannelOrderUpdated, CustomerCreated" in last.judgement.reason


def test_more_than_half_are_booked():
    """One that loses invoices alone never passes: nothing says whether it is meant to book them."""
    types = types_of(probed=[SALE, INVOICE, *OTHERS])
    found, judged = ended(types, played(*of(SALE, *OTHERS), lost=of(INVOICE)))
    assert [(Verdict.UNKNOWN, [])] == judged
    assert found.unknown.startswith("InvoiceCreated is acknowledged and never booked: name what is meant with --events")


@pytest.mark.parametrize(("number", "verdict"), [(10, Verdict.VERIFIED), (11, Verdict.UNKNOWN)])
def test_half_of_21_types_are_ten(number, verdict):
    types = types_of(probed=[SALE, INVOICE, *OTHERS])
    _, judged = ended(types, played(*of(*OTHERS[:number]), lost=of(SALE)))
    assert [(verdict, [])] == judged


def test_types_of_which_nothing_was_sent_may_be_booked():
    """A run of one scenario, without a clean round: its two types do not tell how many the receiver books."""
    assert [(Verdict.UNKNOWN, [])] == ended(types_of(), played(*of(SALE), lost=of(INVOICE)))[1]
    assert [(Verdict.VERIFIED, [])] == ended(types_of(SALE, INVOICE), played(*of(SALE), lost=of(INVOICE)))[1]


def test_what_the_clean_round_shows_counts():
    """A scenario with two types: the receiver books 20 of 21, so it may lose the one that is missing."""
    late = types_of(probed=[SALE, INVOICE, *OTHERS])
    assert [(Verdict.UNKNOWN, [])] == ended(late, played(*of(SALE), lost=of(INVOICE)), booked=frozenset(OTHERS))[1]
    known = types_of(probed=[SALE, INVOICE, *OTHERS], booked={INVOICE})
    assert [(Verdict.VIOLATED, ["lost-after-ack"])] == ended(known, played(*of(SALE), lost=of(INVOICE)))[1]


@pytest.mark.parametrize(
    "others",
    [{"demands_each": True}, {"booked": {INVOICE}}],
    ids=["the user has named the types", "another event of the type is booked"],
)
def test_a_loss_is_a_loss(others):
    types = types_of(probed=OTHERS, **others)
    _, judged = ended(types, played(*of(SALE), lost=of(INVOICE)))
    assert [(Verdict.VIOLATED, ["lost-after-ack"])] == judged


def test_a_refused_type_stays_rejected():
    """Not every event of it was acknowledged, so that what is lost of it is lost."""
    refused = event(run(422), run(422, number=2, resend=True), run(422, number=3, resend=True), type=INVOICE)
    found, judged = ended(types_of(probed=OTHERS), played(*of(SALE), lost=[refused, *of(INVOICE)]))
    assert [(Verdict.VIOLATED, ["lost-after-ack", "rejected"])] == [(each, sorted(classes)) for each, classes in judged]
    assert [] == found.acknowledged_only


def test_other_findings_stand():
    sale = event()
    types = types_of(probed=OTHERS)
    _, judged = ended(types, played(sale, lost=of(INVOICE), effects=booked(sale)))
    assert [(Verdict.VIOLATED, ["duplicated"])] == judged


def test_what_may_be_refused_tells_nothing():
    odd = event(run(422), type=INVOICE, expect=Expect.EITHER)
    found, judged = ended(types_of(probed=OTHERS), played(*of(SALE), lost=[odd, *of(INVOICE)]))
    assert [(Verdict.VERIFIED, [])] == judged
    assert [INVOICE] == found.acknowledged_only


def test_a_broken_body_of_such_a_type_may_be_acknowledged():
    """A receiver that looks at the type first need not parse what it does not book."""
    broken = event(run(200, faulted=True), type=INVOICE, expect=Expect.REFUSED)
    assert [(Verdict.VERIFIED, [])] == ended(types_of(probed=OTHERS), played(*of(SALE), lost=[broken]))[1]


def test_a_creation_counts_where_no_update_is_booked():
    """The newest state is an update that the receiver does not book: the creation that stands is not stale."""
    series = {"series": "customer 1"}
    created, updated = event(type=CUSTOMER, rank=0, **series), event(type=UPDATE, rank=1, **series)
    one = played(created, lost=[updated], effects=())
    assert Class.STALE in {each.class_ for each in one.judgement.findings}
    _, judged = ended(types_of(probed=OTHERS), one)
    assert [(Verdict.VERIFIED, [])] == judged


def test_strict_and_none_booked_are_unknown():
    few = played(*of(SALE), lost=of(INVOICE))
    assert [(Verdict.UNKNOWN, [])] == ended(types_of(probed=OTHERS, strict=True), few)[1]
    assert [(Verdict.UNKNOWN, [])] == ended(types_of(probed=OTHERS), played(lost=of(INVOICE)))[1]


def test_a_verdict_is_known_as_soon_as_its_types_are_booked():
    """Scenarios keep their order; what no loss concerns goes out at once."""
    types = types_of(probed=OTHERS)
    first, lossy, second = played(*of(SALE)), played(*of(SALE), lost=of(INVOICE)), played(*of(SALE))
    assert [first] == list(types.take(first))
    assert [] == [*types.take(lossy), *types.take(second)]
    third = played(*of(INVOICE))
    assert [lossy, second, third] == list(types.take(third))


def test_an_interrupted_run_does_not_know_yet():
    types = types_of(probed=OTHERS)
    found, judged = ended(types, played(*of(SALE), lost=of(INVOICE)), interrupted=True)
    assert [(Verdict.UNKNOWN, [])] == judged
    assert "interrupted before it was known whether InvoiceCreated is booked" == found.sentence


def test_what_is_left_out_is_not_counted():
    """The counts have the classes of what was judged."""
    types = types_of(probed=OTHERS)
    list(types.take(played(*of(SALE), lost=of(INVOICE, CUSTOMER))))
    _, (kept,) = types.end(frozenset())
    assert {"events": 3, "acknowledged": 3, "resent": 0, "effects": 1, "ok": 1} == kept.judgement.counts
    assert 1 == len(kept.judgement.classes)


def test_a_scenario_that_proves_nothing_tells_nothing_of_its_types():
    found, _ = ended(types_of(probed=OTHERS), played(*of(SALE), lost=of(INVOICE), trouble="the simulator died"))
    assert ([], []) == (found.booked, found.acknowledged_only)
