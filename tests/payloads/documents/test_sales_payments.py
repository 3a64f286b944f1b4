from hypothesis import given
from hypothesis import strategies as st

from frontsim.payloads.documents.sales import (
    CASH,
    ROUNDING,
    pay_at_till,
    pay_by_invoice,
    pay_in_cash,
    pay_online,
    pay_refund,
)
from frontsim.payloads.world.prices import COUNTRIES, Country
from frontsim.payloads.world.seeded_draws import SeededDraws

LANDS = st.sampled_from(tuple(COUNTRIES.values()))


@given(st.integers(0, 10**7), st.integers(0, 10**6), LANDS)
def test_payments_make_the_total(total: int, number: int, country: Country) -> None:
    """Whatever the sum and the payment method; a refund gives back what was to be given back."""
    for pay in (pay_at_till, pay_online, pay_by_invoice, pay_in_cash):
        assert total == sum(paid.amount for paid in pay(SeededDraws(1, "pay", number), total, country))
    assert -total == sum(paid.amount for paid in pay_refund(SeededDraws(1, "pay", number), -total, country))


@given(st.integers(-(10**6), 10**6), st.integers(0, 1000), LANDS)
def test_cash_is_paid_in_coins(total: int, number: int, country: Country) -> None:
    """The cash is a multiple of the smallest coin, and the rounding is less than that coin."""
    for paid in pay_in_cash(SeededDraws(1, "cash", number), total, country):
        if paid.method is CASH:
            assert paid.amount % country.coin == 0
            assert paid.tendered >= paid.amount
        else:
            assert paid.method is ROUNDING
            assert abs(paid.amount) <= country.coin // 2
