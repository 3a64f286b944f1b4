from hypothesis import given
from hypothesis import strategies as st

from simulator.payloads.draw import Dice
from simulator.payloads.money import vat_in
from simulator.payloads.sales import basket, make_line, receipt_no, reversed_line
from simulator.payloads.world import World


@given(st.integers(1, 50), st.integers(0, 10**7), st.integers(0, 100), st.sampled_from([0, 6, 12, 15, 25]))
def test_a_line_holds_its_sums(quantity: int, full: int, percent: int, rate: int) -> None:
    """total = quantity * (full - discount), and the VAT in that; reversed, both change their sign."""
    discount = full * percent // 100
    line = make_line(None, "x", quantity, full=full, discount=discount, rate=rate, stock_id=1, row_id="1")
    back = reversed_line(line)

    assert quantity * (full - discount) == line.total
    assert vat_in(line.total, rate) == line.vat
    assert (-line.quantity, -line.total, -line.vat) == (back.quantity, back.total, back.vat)
    assert vat_in(back.total, rate) == back.vat
    assert (line.full, line.discount) == (back.full, back.discount)


def test_a_basket_is_sold_at_the_stores_prices() -> None:
    """In the store's currency, at its country's rates, from its stock; rows count on from the first."""
    world = World(1)
    for store in world.stores:
        for number in range(60):
            lines = basket(Dice(1, "basket", number), world, store, row=800)
            assert 1 <= len(lines) <= 7
            for place, line in enumerate(lines):
                assert line.row_id in (str(800 + place), None)
                if line.size is not None:
                    assert line.size.price[store.country.currency] == line.full
                    assert store.country.vat[line.size.group] == line.rate
                    assert store.stock.id == line.stock_id


def test_another_size_may_be_chosen() -> None:
    """`choose` is asked for each line with a product."""
    world = World(1)
    chosen = world.sizes[7]
    lines = basket(Dice(1, "basket", 3), world, world.shops[0], row=1, choose=lambda size, pieces: chosen)

    assert all(line.size is chosen for line in lines if line.size is not None)


def test_a_receipt_number_has_nine_digits() -> None:
    """One terminal's numbers never run into the next one's."""
    first, second = World(1).shops[0].terminals[:2]

    assert receipt_no(first, 999_999) < receipt_no(second, 0)
    assert {9} == {len(str(receipt_no(terminal, 5))) for store in World(1).stores for terminal in store.terminals}
