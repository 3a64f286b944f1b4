import orjson
import pytest

from frontsim.payloads.world.prices import article, assortment
from frontsim.payloads.world.seeded_draws import gtin12, gtin13


@pytest.mark.parametrize("seed", range(6))
def test_codes_have_right_check_digits_and_are_used_once(seed: int) -> None:
    """GTIN-13 with the GS1 check digit; identities of 12 or 13 digits."""
    sizes = assortment(seed)
    gtins = [size.gtin for size in sizes]
    identities = [size.identity for size in sizes]

    assert all(gtin == gtin13(gtin[:12]) for gtin in gtins)
    assert all(code in {gtin13(code[:12]), gtin12(code[:11])} for code in identities)
    assert {12, 13} == {len(code) for code in identities}
    for codes in (gtins, identities, [size.sku for size in sizes]):
        assert len(codes) == len(set(codes))


def test_it_is_made_once_for_all_simulators_of_a_process() -> None:
    """`verify` opens one for each scenario, all with one seed."""
    assert assortment(7) is assortment(7)


def test_each_currency_has_its_price_list() -> None:
    """Prices end as prices do, and lie above what the goods cost."""
    for size in assortment(1):
        assert {"NOK", "SEK", "DKK"} == set(size.price)
        for currency, price in size.price.items():
            assert price % 100 in {0, 90, 95}
            assert 0 < size.cost[currency] < price


def test_goods_of_every_kind_are_sold() -> None:
    """So that every VAT rate occurs."""
    assert {"goods", "food", "ticket", "book"} == {size.group for size in assortment(1)}


def test_a_serial_number_belongs_to_a_gtin() -> None:
    """The tag starts with the GTIN's company prefix and ends with the piece."""
    for size in assortment(1):
        assert size.serial(7).startswith(f"urn:epc:id:sgtin:{size.gtin[:7]}.")
        assert size.serial(7).endswith(".7")


def test_goods_are_written_as_their_size_is() -> None:
    """The lines of a size share its identity and the cost of a piece."""
    for size in assortment(1):
        what = article(size)
        line = orjson.loads("{" + what.sale_json + "}")

        assert [*line] == ["productId", "identity", "gtin", "externalSKU", "receiptLabel", "sizeText"]
        assert [*line.values()] == [size.product_id, size.identity, size.gtin, size.sku, size.label, size.text]
        written = (what.gtin_json, what.sku_json, what.label_json, what.text_json)
        assert [size.gtin, size.sku, size.label, size.text] == [orjson.loads(each) for each in written]
        for currency, cost in size.cost.items():
            assert orjson.loads(what.cost_json[currency]) == cost / 100
