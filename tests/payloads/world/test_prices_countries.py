import pytest

from frontsim.payloads.world.prices import COUNTRIES, Country, assortment


@pytest.mark.parametrize("country", COUNTRIES.values(), ids=list(COUNTRIES))
def test_a_country_has_a_rate_for_whatever_is_sold(country: Country) -> None:
    """Every group of goods, and vouchers, which bear none; its areas are its rates above zero, highest first."""
    groups = {size.group for size in assortment(1)} | {"voucher"}

    assert groups == set(country.vat)
    assert country.vat["voucher"] == 0
    assert country.areas == tuple(sorted({rate for rate in country.vat.values() if rate}, reverse=True))
    assert COUNTRIES[country.code] is country
