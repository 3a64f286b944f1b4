"""The world of one seed: the chain of stores with its stocks, terminals and staff, products, customers, and all ids.

It follows from the seed alone and never changes; what changes (stock levels, open orders) is in `acts`. Ids of
standalone payloads and ids of business acts never collide, because acts count from `FIRST_ACT_NUMBER` on.
"""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import orjson

from frontsim.payloads.world.people import Customer, address, country_of, customer, pool_of, street
from frontsim.payloads.world.prices import COUNTRIES, Article, Country, Size, article, assortment
from frontsim.payloads.world.seeded_draws import SeededDraws, organization_number, spread

BRAND = "Nordvik"
_COMPANIES = {"NO": f"{BRAND} Norge AS", "SE": f"{BRAND} Sverige AB", "DK": f"{BRAND} Danmark ApS"}


@dataclass(frozen=True, slots=True)
class Stock:
    """A stock of goods. `store_id` is the store on which its movements are booked."""

    id: int
    ext_id: str
    name: str
    store_id: int
    country: str
    virtual: bool


@dataclass(frozen=True, slots=True)
class Terminal:
    """A POS terminal. `number` counts the chain's terminals from 0."""

    number: int
    id: int
    name: str


@dataclass(frozen=True, slots=True)
class View:
    """A store as a payload shows it: at one terminal, with one sales person, and its JSON."""

    terminal: Terminal
    json: orjson.Fragment


@dataclass(frozen=True)
class Store:
    """A store; several may share a stock. `users` are the ids of its staff, in the order of `sellers`."""

    number: int
    id: int
    ext_id: str
    name: str
    organization_number: str
    country: Country
    address: dict[str, str | None]
    stock: Stock
    terminals: tuple[Terminal, ...]
    sellers: tuple[str, ...]
    users: tuple[int, ...]
    web: bool

    @cached_property
    def views(self) -> tuple[View, ...]:
        """The store at each terminal with each sales person."""
        return tuple(
            View(terminal, orjson.Fragment(orjson.dumps(self._object(terminal, seller))))
            for terminal in self.terminals
            for seller in self.sellers
        )

    def _object(self, terminal: Terminal, seller: str) -> dict[str, Any]:
        return {
            "storeExtId": self.ext_id,
            "storeName": self.name,
            "organizationNumber": self.organization_number,
            "posId": terminal.id,
            "posName": terminal.name,
            "salesPerson": seller,
            "currency": self.country.currency,
            "address": self.address,
        }


_Site = tuple[str, str, str, str, str, str | None, int, str | None]
_SITES: tuple[_Site, ...] = (
    ("Karl Johan", "NO", "Karl Johans gate 14", "0154", "Oslo", None, 3, None),
    ("Grünerløkka", "NO", "Thorvald Meyers gate 40", "0555", "Oslo", None, 2, "Karl Johan"),
    ("Torgallmenningen", "NO", "Torgallmenningen 8", "5014", "Bergen", "Vestland", 2, None),
    ("Nordre", "NO", "Nordre gate 11", "7011", "Trondheim", "Trøndelag", 2, None),
    ("Tromsø", "NO", "Storgata 92", "9008", "Tromsø", "Troms", 1, None),
    ("Drottninggatan", "SE", "Drottninggatan 53", "111 21", "Stockholm", "Stockholms län", 3, None),
    ("Södermalm", "SE", "Götgatan 31", "116 21", "Stockholm", None, 1, "Drottninggatan"),
    ("Malmö", "SE", "Södra Förstadsgatan 20", "211 43", "Malmö", "Skåne län", 1, None),
    ("Strøget", "DK", "Købmagergade 38", "1150", "København K", None, 2, None),
    ("Århus", "DK", "Søndergade 27", "8000", "Aarhus C", "Midtjylland", 1, None),
    ("Webshop Norge", "NO", "Alnabruveien 3", "0668", "Oslo", None, 1, None),
    ("Webshop Sverige", "SE", "Kungens kurva 2", "127 85", "Skärholmen", "Stockholms län", 1, None),
)
"""Name, country, street, postal code, city, province, terminals, the site whose stock it shares."""


def _sites_in(seed: int, home: str) -> Iterator[_Site]:
    """The sites with places of one country."""
    pool, first = pool_of(home), spread(seed, "site", 1000)
    names: dict[str, str] = {}
    for number, (name, *_, tills, shared) in enumerate(_SITES):
        postal_code, city = pool.towns[(first + number) % len(pool.towns)]
        title = f"Webshop {city}" if name.startswith("Webshop") else city
        names[name] = f"{title} {number}" if title in names.values() else title
        line = street(SeededDraws(seed, "site", number), pool)
        yield names[name], home, line, postal_code, city, None, tills, names[shared] if shared else None


def stores(seed: int, home: str = "") -> tuple[Store, ...]:
    """The stores of a seed's chain, the two web shops last; all in the country `home`, if there is one."""
    first = 3000 + spread(seed, "store", 1500)
    found: dict[str, Store] = {}
    terminals = 0
    sites = _sites_in(seed, home) if home else iter(_SITES)
    for number, (name, country, line, postal_code, city, province, tills, shared) in enumerate(sites):
        place = _address(country_of(country), line, postal_code, city, province)
        stock = found[shared].stock if shared else None
        found[name] = open_store(
            seed, number, first + number * 7, name, place, country, stock=stock, tills=tills, first_terminal=terminals
        )
        terminals += tills
    return tuple(found.values())


def open_store(
    seed: int,
    number: int,
    store_id: int,
    name: str,
    place: dict[str, str | None],
    country: str,
    *,
    stock: Stock | None,
    tills: int,
    first_terminal: int,
) -> Store:
    """One store with its terminals, its staff and its own stock, unless it shares one."""
    ext_id = f"{100 + number * 10}"
    web = name.startswith("Webshop")
    user = 300 + spread(seed, "user", 500)
    draws, names = SeededDraws(seed, "store", store_id), pool_of(country)
    firsts = (*names.female[:20], *names.male[:20])
    return Store(
        number=number,
        id=store_id,
        ext_id=ext_id,
        name=f"{BRAND} {name}",
        organization_number=organization_number(country, spread(seed, country, 10**9)),
        country=country_of(country),
        address=place,
        stock=stock
        or Stock(
            id=2500 + spread(seed, "stock", 1500) + number * 3,
            ext_id=f"{ext_id}-S",
            name=f"{BRAND} {name}",
            store_id=store_id,
            country=country,
            virtual=web,
        ),
        terminals=_terminals(seed, first_terminal, ["Web" if web else f"{name} P{1 + n:02}" for n in range(tills)]),
        sellers=tuple(f"{draws.pick(firsts)} {draws.pick(names.family)}" for _ in range(3)),
        users=tuple(user + number * 3 + each for each in range(3)),
        web=web,
    )


def _terminals(seed: int, first: int, names: Sequence[str]) -> tuple[Terminal, ...]:
    """Terminals of these names; `first` is the number of the first among those of all stores."""
    pos = 6000 + spread(seed, "terminal", 2000)
    return tuple(Terminal(number, pos + number * 2, name) for number, name in enumerate(names, first))


def _address(country: Country, street: str, postal_code: str, city: str, province: str | None) -> dict[str, str | None]:
    contact = ord(postal_code[-1]) % 2 == 0
    is_ours = country.code in _COMPANIES
    first, last = ("Maja", "Ødegård") if is_ours else (pool_of(country.code).female[0], pool_of(country.code).family[0])
    return address(
        first=first if contact else None,
        last=last if contact else None,
        company=_COMPANIES.get(country.code, f"{BRAND} {country.name}"),
        line1=street,
        line2="2. etg." if contact else None,
        city=city,
        province=province,
        postal_code=postal_code,
        country=country.name,
        country_code=country.code,
        comment="Varelevering fra bakgården" if contact else None,
    )


def transit_stocks(seed: int, chain: Sequence[Store]) -> tuple[Stock, ...]:
    """Virtual stocks that belong to no sales floor: one per country, booked on the chain's first store there."""
    first = 8000 + spread(seed, "virtual stock", 900)
    heads = {store.country.code: store for store in reversed(chain)}
    return tuple(
        Stock(
            id=first + place,
            ext_id=f"TRANSIT-{code}",
            name=f"Transit {code}",
            store_id=heads[code].id,
            country=code,
            virtual=True,
        )
        for place, code in enumerate([code for code in _COMPANIES if code in heads] or heads)
    )


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
        return stores(self.seed, self.home)

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
        return transit_stocks(self.seed, self.stores)

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
            company=f"{BRAND} {city}",
            line1=street(draws, pool),
            line2=None,
            city=city,
            province=None,
            postal_code=postal_code,
            country=country_of(country).name,
            country_code=country,
            comment=None,
        )
        return open_store(
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
