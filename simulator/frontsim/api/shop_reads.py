"""What integrations ask before they subscribe: the environment, the stores and the stocks. All read-only.

The operations, and the fields of `Stores` and `Stock/settings`, are published; what the fields mean and the other two
bodies are open. Stores and stocks are those of the payloads.
"""

from collections.abc import Sequence
from itertools import chain
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from frontsim.api.responses import json
from frontsim.payloads.master_data.chain import Stock, Store
from frontsim.payloads.master_data.countries import COUNTRIES
from frontsim.payloads.master_data.world import World

_ZONES = {
    "NO": ("Europe/Oslo", "W. Europe Standard Time"),
    "SE": ("Europe/Stockholm", "W. Europe Standard Time"),
    "DK": ("Europe/Copenhagen", "Romance Standard Time"),
}
"""Time zones by country, in the names of IANA and of .NET on Windows."""


class ShopReads:
    """The shop's master data.

    Args:
        world: the chain that the payloads are about.
    """

    def __init__(self, *, world: World) -> None:
        self._world = world
        self.routes = [
            Route("/api/environment", self.environment, methods=["GET"], name="getEnvironment"),
            Route("/api/stores", self.stores, methods=["GET"], name="listStores"),
            Route("/api/stock/list", self.stocks, methods=["GET"], name="listStocks"),
            Route("/api/stock/settings", self.stock_settings, methods=["GET"], name="listStockSettings"),
        ]

    async def environment(self, _: Request) -> Response:
        """That this is a stand-in."""
        return json({"name": "frontsim"})

    async def stores(self, _: Request) -> Response:
        """All stores."""
        return json([_store(store) for store in self._world.stores])

    async def stocks(self, request: Request) -> Response:
        """All stocks, those in transit included; with their external ids only if `includeExtId=true`."""
        query = {name.lower(): value for name, value in request.query_params.multi_items()}
        with_ext_id = query.get("includeextid", "").lower() == "true"
        return json([_stock(stock, with_ext_id=with_ext_id) for stock in self._all_stocks()])

    async def stock_settings(self, _: Request) -> Response:
        """How each stock may be used."""
        transit = {stock.id for stock in self._world.transit}
        return json(
            [
                _settings(stock, number=number, for_sale=stock.id not in transit)
                for number, stock in enumerate(self._all_stocks(), 1)
            ]
        )

    def _all_stocks(self) -> Sequence[Stock]:
        return list(chain(self._world.stocks, self._world.transit))


def _store(store: Store) -> dict[str, Any]:
    zone, windows_zone = _ZONES[store.country.code]
    host = f"{store.ext_id}.nordvik.example"
    return {
        "StoreId": store.id,
        "StoreNo": store.ext_id,
        "LegalName": store.address["companyName"],
        "Orgnum": store.organization_number,
        "StoreName": store.name,
        "Address": store.address["address1"],
        "PostalCode": store.address["postalCode"],
        "City": store.address["city"],
        "Country": store.country.name,
        "CountryCode": store.country.code,
        "Email": f"butikk@{host}",
        "Web": f"https://{host}",
        "Phone": None,
        "StockId": store.stock.id,
        "ExternalStockId": None,
        "Currency": store.country.currency,
        "TimeZone": zone,
        "TimeZoneInfo": windows_zone,
        "RetailPricelistID": None,
        "PricelistID": None,
    }


def _stock(stock: Stock, *, with_ext_id: bool) -> dict[str, Any]:
    view: dict[str, Any] = {"stockId": stock.id, "name": stock.name}
    return {**view, "extId": stock.ext_id} if with_ext_id else view


def _settings(stock: Stock, *, number: int, for_sale: bool) -> dict[str, Any]:
    """`extId` is an integer here (published), but a text in payloads: it cannot be the same one."""
    country = COUNTRIES[stock.country]
    return {
        "stockid": stock.id,
        "name": stock.name,
        "extId": number,
        "isAvailableForSale": for_sale,
        "isVirtual": stock.virtual,
        "allowDirectTransfers": not stock.virtual,
        "allowStockCosts": False,
        "regionName": country.name,
        "currency": country.currency,
        "rfidLocation": None,
    }
