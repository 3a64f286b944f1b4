import pytest

from frontsim.errors import Unusable
from frontsim.payloads.world.world import FIRST_ACT_NUMBER, World

SEEDS = range(12)


@pytest.mark.parametrize("seed", SEEDS)
def test_ids_are_used_once(seed: int) -> None:
    """Stores, stocks, terminals and users each have ids of their own."""
    world = World(seed)
    stocks = (*world.stocks, *world.transit)
    terminals = [terminal for store in world.stores for terminal in store.terminals]
    users = [user for store in world.stores for user in store.users]

    for ids in (
        [store.id for store in world.stores],
        [stock.id for stock in stocks],
        [terminal.id for terminal in terminals],
        [terminal.number for terminal in terminals],
        users,
    ):
        assert len(ids) == len(set(ids))


def test_some_stores_share_a_stock_and_some_stocks_are_virtual() -> None:
    """Company > store > stock; several stores may share one (published)."""
    world = World(1)

    assert len(world.stocks) < len(world.stores)
    assert all(stock.virtual for stock in world.transit)
    assert {"NOK", "SEK", "DKK"} == {store.country.currency for store in world.shops}
    assert {"Oslo", "Bergen", "Stockholm", "København K"} <= {store.address["city"] for store in world.stores}


@pytest.mark.parametrize("store", World(1).shops)
def test_every_shop_has_partners_to_exchange_goods_with(store: object) -> None:
    """Another shop's stock and a virtual one, both in its own country."""
    world = World(1)
    shop = next(each for each in world.shops if each.id == getattr(store, "id", 0))

    for virtual in (False, True):
        partners = world.partners(shop, virtual=virtual)
        assert partners
        assert {(virtual, shop.country.code)} == {(stock.virtual, stock.country) for stock in partners}


def test_articles_are_in_the_order_of_the_sizes() -> None:
    """Number for number."""
    world = World(1)
    assert [*world.sizes] == [article.size for article in world.articles]


def test_what_a_store_has_not_comes_from_its_countrys_web_shop() -> None:
    """From the first web shop where the country has none."""
    world = World(1)
    by_country = {web.country.code: web.stock for web in world.web_shops}

    assert {"NO", "SE"} == set(by_country)
    for store in world.stores:
        assert by_country.get(store.country.code, world.web_shops[0].stock) is world.web_stock(store)


def test_a_stranger_is_made_up_and_kept() -> None:
    """A store that the chain does not have is always the same, and never takes the place of one that it has."""
    world = World(1)
    stranger = world.store(424242)

    assert stranger is world.store(424242)
    assert stranger.name == World(1).store(424242).name
    assert world.store(world.stores[2].id) is world.stores[2]


@pytest.mark.slow
def test_what_is_kept_is_bounded() -> None:
    """Neither customers nor strangers pile up."""
    world = World(1)
    for number in range(5000):
        world.customer(number)
        world.store(10_000_000 + number)

    assert world.customer(0).id == World(1).customer(0).id
    assert len(world._customers) <= 2048
    assert len(world._unlisted_stores) <= 2048


@pytest.mark.parametrize("seed", SEEDS)
def test_ids_fit_into_32_bits(seed: int) -> None:
    """Also at the far end of what acts count."""
    world = World(seed)
    for kind, factor in (("sale", 3), ("customer", 1), ("order", 2), ("transfer", 2), ("settlement", 1)):
        assert world.id(kind, factor * (FIRST_ACT_NUMBER + 8 * 20_000_000)) < 2**31


def test_seeds_have_worlds_of_their_own() -> None:
    """Ids, people and levels differ between seeds."""
    assert len({World(seed).stores[0].id for seed in range(30)}) > 25
    assert len({World(seed).customer(0).guid for seed in range(30)}) == 30


@pytest.mark.parametrize("home", ["NO", "FI", "DE", "GR"])
def test_all_customers_and_stores_are_of_one_country(home: str) -> None:
    """Made-up stores too; two worlds of a seed are the same one."""
    world = World(3, home=home)
    places = [*world.stores, world.store(4711), *(world.customer(number) for number in range(20))]
    assert {home} == {each.country.code for each in places}
    assert {home, ""} >= {store.address["countryCode"] for store in world.stores}
    assert len(world.stores) == len({store.name for store in world.stores})
    assert world.stores == World(3, home=home).stores
    assert [True, False] == [bool(world.partners(world.shops[0], virtual=False)), world.stores == World(3).stores]


def test_a_country_that_faker_lacks_is_refused() -> None:
    with pytest.raises(Unusable):
        World(3, home="XX")
