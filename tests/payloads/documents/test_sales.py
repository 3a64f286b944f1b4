from itertools import pairwise

from frontsim.payloads.documents import sales
from frontsim.payloads.documents.sales import basket, receipt_no, register_time, reversed_line, sums
from frontsim.payloads.world.moments import MINUTE
from frontsim.payloads.world.prices import COUNTRIES, line_price, share
from frontsim.payloads.world.seeded_draws import SeededDraws
from frontsim.payloads.world.world import World


def test_a_basket_is_sold_at_the_stores_prices() -> None:
    """In the store's currency, at its country's rates, from its stock; rows count on from the first."""
    world = World(1)
    for store in world.stores:
        for number in range(60):
            lines = basket(SeededDraws(1, "basket", number), world, store, row=800)
            assert 1 <= len(lines) <= 8
            for place, line in enumerate(lines):
                size, sold = line.article.size, line.price
                assert str(800 + place) == line.row_id
                assert size.price[store.country.currency] == sold.full
                assert store.country.vat[size.group] == sold.rate
                assert store.stock.id == line.stock_id


def test_a_line_has_one_unit() -> None:
    """Two units are two lines with consecutive ids (seen); about 2 % of typical sales have lines of more (open)."""
    world = World(1)
    baskets = [basket(SeededDraws(1, "basket", number), world, world.shops[0], row=800) for number in range(3000)]
    several = [lines for lines in baskets if any(line.price.quantity > 1 for line in lines)]
    assert 0.01 < len(several) / len(baskets) < 0.03
    pairs = [pair for lines in baskets for pair in pairwise(lines)]
    assert any(one.article == other.article and one.price == other.price for one, other in pairs)


def test_a_strict_line_never_has_more() -> None:
    """Of the same goods; a return takes them back one by one, too."""
    world = World(1).as_strict()
    for number in range(500):
        lines = basket(SeededDraws(1, "basket", number), world, world.shops[0], row=800)
        assert {1} == {line.price.quantity for line in lines}
        assert {-1} == {reversed_line(line).price.quantity for line in lines}


def test_a_register_that_was_offline_comes_late() -> None:
    """A few per cent of sales have an earlier time than sales with smaller ids (seen); strict ones never."""
    world, at = World(1), 10**9
    times = [register_time(SeededDraws(1, "sale", number), world, at, earliest=0) for number in range(3000)]
    assert 0.02 < sum(time < at for time in times) / len(times) < 0.05
    assert at - 90 * MINUTE <= min(times) < max(times) == at
    strict = World(1).as_strict()
    assert {at} == {register_time(SeededDraws(1, "sale", n), strict, at, earliest=0) for n in range(300)}


def test_a_reversed_line_takes_the_goods_back() -> None:
    """The same goods out of the same stock, at the same price; quantity and sums change their sign."""
    world = World(1)
    for number in range(60):
        for line in basket(SeededDraws(1, "basket", number), world, world.shops[0], row=800):
            back, sold = reversed_line(line), line.price
            assert (line.article, line.stock_id, line.row_id) == (back.article, back.stock_id, back.row_id)
            assert (sold.full, sold.discount, sold.rate) == (back.price.full, back.price.discount, back.price.rate)
            assert (-sold.quantity, -sold.total, -sold.vat) == (back.price.quantity, back.price.total, back.price.vat)


def test_all_line_prices_of_a_chain_fit_the_cache() -> None:
    """Each price at each discount, sold or returned."""
    prices = {
        (pieces, size.price[country.currency], share(size.price[country.currency], percent), country.vat[size.group])
        for size in World(1).sizes
        for country in COUNTRIES.values()
        for percent in sales._DISCOUNTS
        for pieces in sales._PIECES
    }

    assert 2 * len(prices) <= (line_price.cache_info().maxsize or 0)


def test_sums_go_over_all_lines() -> None:
    """(total, the VAT in it)."""
    lines = basket(SeededDraws(1, "basket", 3), World(1), World(1).shops[0], row=1)

    assert (sum(line.price.total for line in lines), sum(line.price.vat for line in lines)) == sums(lines)
    assert (0, 0) == sums(())


def test_another_size_may_be_chosen() -> None:
    """`choose` is asked for each line with a product."""
    world = World(1)
    chosen = world.sizes[7]
    lines = basket(SeededDraws(1, "basket", 3), world, world.shops[0], row=1, choose=lambda size, pieces: chosen)

    assert all(line.article.size is chosen for line in lines)


def test_a_receipt_number_has_nine_digits() -> None:
    """One terminal's numbers never run into the next one's."""
    first, second = World(1).shops[0].terminals[:2]

    assert receipt_no(first, 999_999) < receipt_no(second, 0)
    assert {9} == {len(str(receipt_no(terminal, 5))) for store in World(1).stores for terminal in store.terminals}
