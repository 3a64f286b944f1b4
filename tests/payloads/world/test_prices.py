from decimal import ROUND_HALF_UP, Decimal

from hypothesis import given
from hypothesis import strategies as st

from frontsim.payloads.world.prices import amount, fraction, line_price, rounded_to, share, vat_in

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


@given(st.integers(-50, 50), st.integers(0, 10**7), st.integers(0, 100), st.sampled_from([0, 6, 12, 15, 25]))
def test_a_deal_holds_its_sums(quantity: int, full: int, percent: int, rate: int) -> None:
    """total = quantity * (full - discount), and the VAT in that; on a return both are negative."""
    discount = full * percent // 100
    sold = line_price(quantity, full, discount, rate)

    assert (quantity, full, discount, rate) == (sold.quantity, sold.full, sold.discount, sold.rate)
    assert quantity * (full - discount) == sold.total
    assert vat_in(sold.total, rate) == sold.vat


def test_a_deal_knows_how_lines_write_it() -> None:
    """Two of 199.99 less 20 %, at 25 %: 2 * 159.99 = 319.98, of which 64.00 is VAT. In each line's own order."""
    sold = line_price(2, 19_999, 4_000, 25)

    assert sold.sale_json == (
        '"quantity":2,"price":159.99,"fullPrice":199.99,"discount":40.0,"discountPercent":0.2,'
        '"vat":64.0,"vatPercent":0.25'
    )
    assert sold.order_json == (
        '"price":159.99,"vat":64.0,"vatPercent":0.25,"fullPrice":199.99,"discount":40.0,"discountPercent":0.2'
    )


def test_a_deal_is_made_once() -> None:
    """Few deals differ, and making one takes longer than the rest of its line."""
    assert line_price(1, 12_300, 0, 25) is line_price(1, 12_300, 0, 25)
