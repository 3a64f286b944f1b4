"""The world of one seed: stores, products, customers, and the ids of everything.

It follows from the seed alone and never changes; what changes (stock levels, open orders) is in `acts`. Ids of
standalone payloads and ids of business acts never collide, because acts count from `FIRST_ACT_NUMBER` on.
"""

from collections import OrderedDict
from copy import copy
from functools import cached_property

from frontsim.payloads.world import chain
from frontsim.payloads.world.assortment import Article, Size, article, assortment
from frontsim.payloads.world.chain import Stock, Store
from frontsim.payloads.world.money import COUNTRIES
from frontsim.payloads.world.people import Customer, address, country_of, customer, pool_of, street
from frontsim.payloads.world.seeded_draws import SeededDraws, spread

FIRST_ACT_NUMBER = 200_000_000
"""Smaller numbers belong to standalone payloads, numbers from here on to acts. Standalone payloads of a type repeat
after so many, because ids have 32 bits."""

REGULAR_CUSTOMERS = 400
"""How many customers standalone sales and orders draw from."""

_KEPT = 2048
"""How many customers, and how many made-up stores, are cached."""

_FIRST_IDS = {
    "sale": (100_000_000, 20_000_000),
    "customer": (3_000_000, 900_000),
    "order": (100_000, 90_000),
    "delivery": (800_000, 90_000),
    "transfer": (500_000, 90_000),
    "adjustment": (60_000, 9_000),
    "count": (40_000, 9_000),
    "settlement": (1_400_000, 90_000),
    "movement": (300_000_000, 20_000_000),
}
"""The first id of each kind, and the range over which the seed shifts it."""


class World:
    """The world of a seed.

    `is_strict`: nothing happens in it that a receiver may not expect, such as a line of several units. `home` is the
    country of all customers and stores, by its two letters; "" is the chain's own three countries.

    Raises:
        Unusable: no names of that country are known.
    """

    def __init__(self, seed: int, *, is_strict: bool = False, home: str = "") -> None:
        self.seed = seed
        self.home = home
        if home:
            pool_of(home)
        self.is_strict = is_strict
        self._first_ids = {kind: low + spread(seed, kind, width) for kind, (low, width) in _FIRST_IDS.items()}
        self._customers: OrderedDict[int, Customer] = OrderedDict()
        self._unlisted_stores: OrderedDict[int, Store] = OrderedDict()

    def as_strict(self) -> "World":
        """The same stores, products and customers, in a strict world."""
        world = copy(self)
        world.is_strict = True
        return world

    @cached_property
    def stores(self) -> tuple[Store, ...]:
        """All stores, web shops included."""
        return chain.stores(self.seed, self.home)

    @cached_property
    def shops(self) -> tuple[Store, ...]:
        """The stores with a sales floor."""
        return tuple(store for store in self.stores if not store.web)

    @cached_property
    def web_shops(self) -> tuple[Store, ...]:
        """The stores that sell online."""
        return tuple(store for store in self.stores if store.web)

    @cached_property
    def sizes(self) -> tuple[Size, ...]:
        """The assortment."""
        return assortment(self.seed)

    @cached_property
    def articles(self) -> tuple[Article, ...]:
        """The articles of all sizes, in the order of `sizes`."""
        return tuple(article(size) for size in self.sizes)

    @cached_property
    def stocks(self) -> tuple[Stock, ...]:
        """The stocks that stores sell from, without repeats."""
        return tuple({store.stock.id: store.stock for store in self.stores}.values())

    @cached_property
    def transit(self) -> tuple[Stock, ...]:
        """Virtual stocks without a sales floor."""
        return chain.transit_stocks(self.seed, self.stores)

    @cached_property
    def _by_id(self) -> dict[int, Store]:
        return {store.id: store for store in self.stores}

    @cached_property
    def _web_stocks(self) -> dict[str, Stock]:
        return {web.country.code: web.stock for web in reversed(self.web_shops)}

    @cached_property
    def _exchanging(self) -> dict[tuple[str, bool], list[Stock]]:
        """The stocks that exchange goods, by country and by whether they are virtual."""
        codes = {store.country.code for store in self.stores} | set(COUNTRIES)
        found: dict[tuple[str, bool], list[Stock]] = {(code, each): [] for code in codes for each in (False, True)}
        for stock in self.stocks:
            found[stock.country, stock.virtual].append(stock)
        for stock in self.transit:
            found[stock.country, True].append(stock)
        return found

    def store(self, store_id: int) -> Store:
        """The store of that id. For an unknown id it makes up a store, always the same one."""
        known = self._by_id.get(store_id) or self._unlisted_stores.get(store_id)
        if known is None:
            known = self._unlisted_stores[store_id] = self._unlisted_store(store_id)
            if len(self._unlisted_stores) > _KEPT:
                self._unlisted_stores.popitem(last=False)
        return known

    def partners(self, store: Store, *, virtual: bool) -> tuple[Stock, ...]:
        """The stocks with which the store exchanges goods, in its country: virtual ones, or those of other stores."""
        home = store.stock.id
        return tuple([stock for stock in self._exchanging[store.country.code, virtual] if stock.id != home])

    def web_stock(self, store: Store) -> Stock:
        """The web shop's stock that ships what the store lacks: that of its country, else the first."""
        return self._web_stocks.get(store.country.code, self.web_shops[0].stock)

    def customer(self, number: int) -> Customer:
        known = self._customers.get(number)
        if known is None:
            known = self._customers[number] = customer(
                self.seed, number, customer_id=self.id("customer", number), home=self.home
            )
            if len(self._customers) > _KEPT:
                self._customers.popitem(last=False)
        return known

    def id(self, kind: str, number: int) -> int:
        """The id of the `number`th sale, order, delivery ..."""
        return self._first_ids[kind] + number

    def _unlisted_store(self, store_id: int) -> Store:
        draws = SeededDraws(self.seed, "stranger", store_id)
        country = draws.pick(tuple(COUNTRIES))
        country = self.home or country
        pool = pool_of(country)
        postal_code, city = draws.pick(pool.towns)
        place = address(
            first=None,
            last=None,
            company=f"{chain.BRAND} {city}",
            line1=street(draws, pool),
            line2=None,
            city=city,
            province=None,
            postal_code=postal_code,
            country=country_of(country).name,
            country_code=country,
            comment=None,
        )
        return chain.open_store(
            self.seed,
            100 + store_id % 500,
            store_id,
            city,
            place,
            country,
            stock=None,
            tills=2,
            first_terminal=100 + store_id % 500 * 2,
        )
