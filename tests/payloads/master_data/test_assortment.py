import orjson
import pytest

from frontsim.payloads.master_data.assortment import article, assortment, open_item
from frontsim.payloads.values.check_digits import gtin12, gtin13


@pytest.mark.parametrize("seed", range(6))
def test_codes_have_right_check_digits_and_are_used_once(seed: int) -> None:
    """GTIN-13 with the GS1 check digit; identities of 12 or 13 digits."""
    sizes = assortment(seed)
    gtins = [size.gtin for size in sizes if size.gtin]
    identities = [size.identity for size in sizes if size.identity]

    assert all(gtin == gtin13(gtin[:12]) for gtin in gtins)
    assert all(code in {gtin13(code[:12]), gtin12(code[:11])} for code in identities)
    assert {12, 13} == {len(code) for code in identities}
    for codes in (gtins, identities, [size.sku for size in sizes if size.sku]):
        assert len(codes) == len(set(codes))


def test_some_sizes_lack_a_code() -> None:
    """A receiver that takes a GTIN, an identity, a SKU or a size text for granted is found out."""
    sizes = assortment(1)

    for lacking in ("gtin", "identity", "sku", "text"):
        assert 0 < sum(getattr(size, lacking) is None for size in sizes) < len(sizes) / 5
    assert any(size.cost["NOK"] is None for size in sizes)


def test_each_currency_has_its_price_list() -> None:
    """Prices end as prices do, and lie above what the goods cost."""
    for size in assortment(1):
        assert {"NOK", "SEK", "DKK"} == set(size.price)
        for currency, price in size.price.items():
            assert price % 100 in {0, 90, 95}
            assert (size.cost[currency] or 0) < price


def test_goods_of_every_kind_are_sold() -> None:
    """So that every VAT rate occurs."""
    assert {"goods", "food", "ticket", "book"} == {size.group for size in assortment(1)}


def test_a_serial_number_belongs_to_a_gtin() -> None:
    """A size without a GTIN has no RFID tag."""
    for size in assortment(1):
        assert (size.gtin is None) is (size.serial(7) is None)


def test_goods_are_written_as_their_size_is() -> None:
    """What each line of a size has in common: its identity, gaps included, and what a piece costs."""
    for size in assortment(1):
        what = article(size, size.label)
        line = orjson.loads("{" + what.sale_json + "}")

        assert [*line] == ["productId", "identity", "gtin", "externalSKU", "receiptLabel", "sizeText"]
        assert [*line.values()] == [size.product_id, size.identity, size.gtin, size.sku, size.label, size.text]
        told = (what.gtin_json, what.sku_json, what.label_json, what.text_json)
        assert [size.gtin, size.sku, size.label, size.text] == [orjson.loads(each) for each in told]
        for currency, cost in size.cost.items():
            assert orjson.loads(what.cost_json[currency]) == (None if cost is None else cost / 100)


def test_an_open_item_is_only_a_label() -> None:
    """No product, no barcode, no cost, in any currency."""
    what = open_item("Bærepose")

    assert (what.size, what.label, '"Bærepose"') == (None, "Bærepose", what.label_json)
    assert {"receiptLabel"} == {name for name, each in orjson.loads("{" + what.sale_json + "}").items() if each}
    assert {"NOK": "null", "SEK": "null", "DKK": "null"} == what.cost_json
