"""How the things of the shop look in the published shapes: a store, a product, a customer, an order, a Z report."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from frontsim.neighbours.book import Book
from frontsim.neighbours.operations import filled
from frontsim.payloads.world.moments import DAY, of_number
from frontsim.payloads.world.people import country_of, created_json
from frontsim.payloads.world.seeded_draws import SeededDraws
from frontsim.payloads.world.world import BRAND, REGULAR_CUSTOMERS, Stock, Store, World

_ZONES = {
    "NO": ("Europe/Oslo", "W. Europe Standard Time"),
    "SE": ("Europe/Stockholm", "W. Europe Standard Time"),
    "DK": ("Europe/Copenhagen", "Romance Standard Time"),
}
"""Time zones by country, in the names of IANA and of .NET on Windows."""
_COUNTRY_NUMBERS = {"NO": 578, "SE": 752, "DK": 208}
"""ISO 3166-1 numbers; which numbers the vendor's `countryFk` has is open."""
CUSTOMER_FIELDS = {
    "extId": "customerExtId", "orgNum": "taxId", "address": "address1", "despcription": "description",
    "agreedSendSms": "agreedSendSMS", "gdprUpdated": "gdprUpdatedDateTime", "birthDay": "birthday",
} | {
    name: name for name in (
        "email", "firstName", "lastName", "companyName", "gender", "city", "postalCode", "phoneCountryPrefix", "phone",
        "agreedSendEmail", "isEmployee", "cardNo", "tags", "registeredStoreId", "deleted",
    )
}  # fmt: skip
"""Of the fields of a Customer, those that its events have, with the names that they have there."""


def customer_of(book: Book, customer_id: int) -> dict[str, Any] | None:
    """Describe a customer in the names of CustomerCreated, None for an unknown one."""
    known = book.customers.get(customer_id) or {}
    number = customer_id - book.world.id("customer", 0)
    first = regular_customers(book.world)[number] if 0 <= number < REGULAR_CUSTOMERS else None
    return {**first, **known} if first else known or None


def reservation_json(held: Mapping[str, Any]) -> dict[str, Any]:
    """One StockreservationResponse."""
    return filled("StockreservationResponse", held)


def order_json(payload: Mapping[str, Any]) -> dict[str, Any]:
    """An order as its events show it; its customer with every published field."""
    who = payload.get("customer") or {}
    place = who.get("address") or {}
    shown = {**who, **{name: place.get(name) for name in ("postalCode", "city")}, "address": place.get("address1")}
    return filled("Order", {**payload, "customer": {**shown, "orgNum": who.get("taxId")} if who else None})


def customer_json(known: Mapping[str, Any]) -> dict[str, Any]:
    """A customer as published, from the fields of its events and what a call noted beside them."""
    country, created = str(known["countryCode"]), known["createdDateTime"]
    return filled(
        "Customer",
        {
            **{shown: known[name] for shown, name in CUSTOMER_FIELDS.items()},
            "customerid": known["customerId"],
            "companyid_fk": 1,
            "isCompany": bool(known["companyName"]),
            "countryFk": _COUNTRY_NUMBERS.get(country.upper(), 0),
            "langCode": country.lower(),
            "ins": created,
            "upt": known["updatedDateTime"] or created,
            "isActive": not known["deleted"],
            "birthYear": int((known["birthday"] or "0")[:4]),
            **known.get("beside", {}),
        },
    )


def product_json(
    book: Book,
    each: Mapping[str, Any],
    shape: str = "Product",  # or WebUpdateableProduct, which has more
    *,
    with_stock: bool = True,
    with_identifiers: bool = True,
) -> dict[str, Any]:
    """A product with the pieces on hand."""
    sizes = [
        {
            **item,
            "stockQty": _on_hand(book, item["gtin"]) if with_stock else [],
            "identifiers": item["identifiers"] if with_identifiers else [],
        }
        for item in each["productSizes"]
    ]
    return filled(shape, {**each, "productSizes": sizes})


def store_json(store: Store) -> dict[str, Any]:
    """A store; a null where we know nothing, because what the field holds is open."""
    zone, windows_zone = _ZONES[store.country.code]
    host = f"{store.ext_id}.nordvik.example"
    return filled(
        "GetStoresResponse",
        {
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
            "StockId": store.stock.id,
            "Currency": store.country.currency,
            "TimeZone": zone,
            "TimeZoneInfo": windows_zone,
        },
    )


def stock_json(stock: Stock, *, number: int, for_sale: bool) -> dict[str, Any]:
    """`extId` is an integer here (published), but a text in payloads: it cannot be the same one."""
    country = country_of(stock.country)
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


def _on_hand(book: Book, gtin: str) -> list[dict[str, Any]]:
    size = book.size(gtin)
    assert size is not None, gtin
    return [{"stockId": stock_id, "qty": level.on_hand} for stock_id, level in book.by_stock(size)]


def count_json(counted: Mapping[str, Any]) -> dict[str, Any]:
    """A stock count without its lines, from its event."""
    by_whom = counted["createdById"]
    return filled(
        "StockCountBatchSummaryDto",
        {
            **counted,
            "dateCounted": counted["countedDateTime"],
            "ins": counted["createdDateTime"],
            "insBy": None if by_whom is None else str(by_whom),
            "extStockId": counted["stockExtId"],
            "itemsCounted": len(counted["items"]),
        },
    )


@lru_cache(maxsize=4)
def regular_customers(world: World) -> Sequence[dict[str, Any]]:
    """The customers that payloads draw from, as they were registered."""
    found = []
    for number in range(REGULAR_CUSTOMERS):
        draws = SeededDraws(world.seed, "registration", number)
        store_id = draws.pick(world.stores).id
        found.append(created_json(draws, world.customer(number), of_number(number) - 400 * DAY, store_id))
    return found


def settlement_json(said: Mapping[str, Any]) -> dict[str, Any]:
    """A Z report as the REST API has it, from that of its event."""
    paid = [each for each in said["paymentTypes"] or () if each]
    when = said["settlementTimeStamp"]
    as_said = {name: said.get(name[0].lower() + name[1:]) for name in filled("Settlement", {})}
    return filled(
        "Settlement",
        {
            **as_said,
            "VATTotal": said["vatTotal"],
            **{f"VATArea{area}": said[f"vatArea{area}"] for area in (1, 2, 3)},
            "ZReport": [{"PType": each["paymentTypeId"], "Value": str(each["amount"])} for each in paid],
            "SAFT_ZReport": {
                "reportID": str(said["settlementId"]),
                "reportType": 1,
                "companyName": BRAND,
                "reportDate": when[:10],
                "reportTime": when[11:19],
                "registerID": str(said["posId"]),
                "reportTotalCashSales": {"totalCashSaleAmnt": said["grandTotal"]},
                "reportPayments": [
                    {
                        "paymentType": f"{each['type']} {each['subType'] or ''}".strip(),
                        "paymentNum": str(each["paymentTypeId"]),
                        "paymentAmnt": each["amount"],
                    }
                    for each in paid
                ],
                "reportDiscountAmnt": said["grossDiscount"],
                "reportGrandTotalSales": said["grandTotal"],
                "reportGrandTotalSalesNet": said["netTotal"],
            },
        },
    )
