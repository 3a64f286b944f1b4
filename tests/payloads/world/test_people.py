import importlib.metadata
import importlib.util
from pathlib import Path

import pytest

from frontsim.errors import Unusable
from frontsim.payloads.world.people import country_of, mailbox, phone, pool_of, pools, street
from frontsim.payloads.world.prices import COUNTRIES
from frontsim.payloads.world.seeded_draws import SeededDraws

DRAWN_WITH = "40.54.0"


def test_every_country_has_people() -> None:
    """Each country has names of both sexes, streets, towns and companies."""
    assert {*COUNTRIES, "FI"} == set(pools())  # Finland is bundled for --country
    for pool in pools().values():
        assert min(map(len, (pool.female, pool.male, pool.family, pool.streets, pool.towns, pool.companies))) >= 40


@pytest.mark.parametrize(("country", "letters"), [("NO", "æøå"), ("SE", "åäöé"), ("DK", "æøå")])
def test_names_have_the_letters_of_their_country(country: str, letters: str) -> None:
    """Receivers that mangle letters outside ASCII are found out."""
    pool = pools()[country]
    text = " ".join((*pool.female, *pool.male, *pool.family, *pool.streets)).lower()

    assert set(letters) == set(letters) & set(text)


@pytest.mark.skipif(importlib.metadata.version("faker") != DRAWN_WITH, reason="another Faker draws other names")
def test_the_names_are_what_faker_drew() -> None:
    """people.json is what refill_people.py writes."""
    file = Path(__file__).with_name("refill_people.py")
    spec = importlib.util.spec_from_file_location("refill_people", file)
    assert spec is not None
    assert spec.loader is not None
    refill = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(refill)
    drawn = refill.pool()

    for country, pool in pools().items():
        assert drawn[country]["family"] == list(pool.family)
        assert [tuple(town) for town in drawn[country]["towns"]] == [tuple(town) for town in pool.towns]


def test_a_mailbox_is_plain_ascii() -> None:
    """E-mail addresses fold the letters that many systems do not take."""
    assert mailbox("Bjørg", "Ås") == "bjorg.as"
    assert mailbox("Märta-Lisa", "Öberg é") == "marta-lisa.oberg-e"


@pytest.mark.parametrize("country", COUNTRIES.values())
def test_phone_numbers_have_their_length(country: object) -> None:
    """Eight digits in Norway and Denmark, nine in Sweden."""
    land = COUNTRIES[getattr(country, "code", "")]
    numbers = [phone(SeededDraws(1, "phone", number), land) for number in range(50)]

    assert {land.phone_digits} == {len(number) for number in numbers}
    assert all(number.isdigit() and number.startswith(land.phone_starts) for number in numbers)


def test_a_street_has_a_number() -> None:
    """A street and a house, perhaps with a letter."""
    assert all(street(SeededDraws(1, "street", number), pools()["NO"])[-1] in "0123456789ABC" for number in range(50))


def test_a_country_is_bundled_or_drawn_by_faker() -> None:
    """The same people in each process; a country that Faker does not have is refused by name."""
    assert pool_of("NO") is pools()["NO"]
    german = pool_of("DE")
    assert len(german.towns) > 12
    assert all(code.isdigit() and len(code) == 5 for code, _ in german.towns)
    with pytest.raises(Unusable, match=r"expected a country whose names Faker has, .* such as DE; got 'XX'"):
        pool_of("XX")


@pytest.mark.parametrize(("code", "name", "calling_code"), [("FI", "Finland", "358"), ("DE", "Germany", "49")])
def test_another_country_has_its_name_and_norways_prices(code: str, name: str, calling_code: str) -> None:
    found = country_of(code)
    assert (name, calling_code, "NOK") == (found.name, found.calling_code, found.currency)
    assert country_of("SE") is COUNTRIES["SE"]
