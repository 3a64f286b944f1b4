"""Deliveries that are held back until later ones have been answered."""

from uuid import UUID

import pytest

from frontsim.delivery.dispatcher import Reordering
from frontsim.domain.model import Delivery, Trigger


def delivery(number: int, *, webhook: int = 1, run: int = 1) -> Delivery:
    run_id = number * 10 + run
    return Delivery(
        run_id,
        number,
        run,
        1,
        Trigger.ORIGINAL,
        str(UUID(int=webhook)),
        str(UUID(int=number)),
        "SaleCreated",
        "http://a",
        b"{}",
    )


@pytest.fixture
def made_due() -> list[int]:
    return []


@pytest.fixture
def reordering(made_due: list[int]) -> Reordering:
    return Reordering(make_due=lambda item: made_due.append(item.event_number))


def test_it_waits_for_n_later_ones(reordering: Reordering, made_due: list[int]):
    """Only later events of the same webhook count; after n it goes, once."""
    reordering.hold(delivery(5), behind=2, rule=1)
    for other in (delivery(4), delivery(6), delivery(7, webhook=2), delivery(5, run=2)):
        reordering.passed(other, arrived=True)
    assert [] == made_due
    reordering.passed(delivery(8), arrived=True)
    reordering.passed(delivery(9), arrived=True)
    assert [5] == made_due


def test_a_later_one_counts_once(reordering: Reordering, made_due: list[int]):
    """Its copies and resends are the same event."""
    reordering.hold(delivery(1), behind=2, rule=1)
    for run in (1, 2, 3):
        reordering.passed(delivery(2, run=run), arrived=True)
    assert [] == made_due


def test_one_that_was_sent_waits_no_more(reordering: Reordering, made_due: list[int]):
    """When its time ran out and it was sent, nothing is made_due later."""
    reordering.hold(delivery(1), behind=1, rule=1)
    reordering.passed(delivery(1), arrived=True)
    reordering.passed(delivery(2), arrived=True)
    assert [] == made_due


def test_several_at_a_time(reordering: Reordering, made_due: list[int]):
    """Each waits for its own number."""
    reordering.hold(delivery(1), behind=2, rule=1)
    reordering.hold(delivery(2), behind=1, rule=1)
    reordering.passed(delivery(3), arrived=True)
    assert [2] == made_due
    reordering.passed(delivery(4), arrived=True)
    assert [2, 1] == made_due


def test_one_that_never_arrived_has_overtaken_nothing(reordering: Reordering, made_due: list[int]):
    """A delivery that the receiver has not seen is not before the held one."""
    reordering.hold(delivery(1), behind=1, rule=1)
    reordering.passed(delivery(2), arrived=False)
    assert [] == made_due
    reordering.passed(delivery(3), arrived=True)
    assert [1] == made_due


def test_a_rule_holds_one_of_a_webhook(reordering: Reordering):
    """Until that one is due again."""
    reordering.hold(delivery(1), behind=1, rule=7)
    assert ({7}, set()) == (reordering.rules_holding(delivery(2).webhook_id), reordering.rules_holding("another"))
    reordering.passed(delivery(2), arrived=True)
    assert set() == reordering.rules_holding(delivery(2).webhook_id)


def test_forgetting(reordering: Reordering, made_due: list[int]):
    """After a reset nothing is held."""
    reordering.hold(delivery(1), behind=1, rule=1)
    reordering.forget()
    reordering.passed(delivery(2), arrived=True)
    assert [] == made_due
