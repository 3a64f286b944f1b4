from decimal import ROUND_HALF_UP, Decimal

from hypothesis import given
from hypothesis import strategies as st

from simulator.payloads.money import amount, fraction, rounded_to, share, vat_in

ORE = st.integers(-(10**9), 10**9)


def exact(value: Decimal) -> int:
    return int(value.quantize(Decimal(1), ROUND_HALF_UP))


def test_the_vendors_example() -> None:
    """199.99 holds 40.00 of VAT at 25 % (published, as an example)."""
    assert vat_in(19_999, 25) == 4_000


@given(ORE, st.sampled_from([0, 6, 12, 15, 25]))
def test_vat_is_rounded_half_away_from_zero(gross: int, percent: int) -> None:
    """The VAT inside a gross amount is gross - gross / (1 + rate), to the cent."""
    assert exact(Decimal(gross) * percent / (100 + percent)) == vat_in(gross, percent)


@given(ORE, st.integers(0, 100))
def test_a_share_is_rounded_half_away_from_zero(ore: int, percent: int) -> None:
    """So many percent, to the cent."""
    assert exact(Decimal(ore) * percent / 100) == share(ore, percent)


@given(ORE, st.sampled_from([50, 100]))
def test_cash_is_a_multiple_of_the_coin(ore: int, coin: int) -> None:
    """Rounding moves an amount by at most half a coin, and the same for a refund."""
    paid = rounded_to(ore, coin)

    assert 0 == paid % coin
    assert abs(paid - ore) <= coin // 2
    assert paid == -rounded_to(-ore, coin)


@given(ORE)
def test_an_amount_prints_with_two_decimals_at_most(ore: int) -> None:
    """The JSON number of an amount is exact when it is read as a decimal."""
    assert Decimal(ore) / 100 == Decimal(repr(amount(ore)))


def test_a_fraction_has_four_decimals() -> None:
    """0.2 is 20 %; nothing of nothing is 0."""
    assert (fraction(50, 250), fraction(25_000, 124_900), fraction(0, 0)) == (0.2, 0.2002, 0.0)
