"""Transfers of goods between stocks: sent, then received; to or from a virtual stock, or between shops."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from frontsim.payloads.documents.stock import cost_json, lines_json, serial_json, size_json, some_sizes
from frontsim.payloads.master_data.assortment import Size
from frontsim.payloads.master_data.chain import Stock, Store
from frontsim.payloads.master_data.world import World
from frontsim.payloads.values.moments import DAY, HOUR, MINUTE, Ticks, date_text, text
from frontsim.payloads.values.seeded_draws import SeededDraws
from frontsim.payloads.values.texts import COMMENTS


@dataclass(slots=True)
class SentItem:
    """One size of a transfer: the pieces sent, and the pieces that arrive."""

    size: Size
    sent: int
    arrived: int
    piece: int | None


class Transfer(NamedTuple):
    """Goods on their way from one stock to another, booked on `store`."""

    id: int
    ext_ref: str | None
    store: Store
    source: Stock
    target: Stock
    virtual: bool
    expected: Ticks
    comment: str | None
    created: Ticks
    user: int
    items: tuple[SentItem, ...]


def draw_transfer(draws: SeededDraws, world: World, store: Store, *, number: int, at: Ticks, virtual: bool) -> Transfer:
    """A transfer that is sent at `at` from the store's stock; a virtual one may also come to it."""
    other = draws.pick(world.partners(store, virtual=virtual))
    home = store.stock
    to_store = virtual and draws.one_in(2)
    return Transfer(
        id=world.id("transfer", 2 * number + virtual),
        ext_ref=f"TR-{number}" if draws.one_in(2) else None,
        store=store,
        source=other if to_store else home,
        target=home if to_store else other,
        virtual=virtual,
        expected=at + draws.between(1, 5) * DAY,
        comment=draws.pick(COMMENTS),
        created=at,
        user=draws.pick(store.users),
        items=tuple(
            _item(draws, size, draws.pick((1, 1, 2, 2, 3, 6, 10)))
            for size in some_sizes(draws, world, draws.between(1, 6))
        ),
    )


def _item(draws: SeededDraws, size: Size, pieces: int) -> SentItem:
    drawn = draws.below(24)
    short = drawn < 2 and pieces > 1
    return SentItem(size, pieces, pieces - short, draws.below(10**6) if drawn > 18 else None)


def moved(transfer: Transfer, by: Ticks) -> Transfer:
    """The same transfer at another time."""
    return transfer._replace(created=transfer.created + by, expected=transfer.expected + by)


def until_received(draws: SeededDraws) -> Ticks:
    """The time from sending to reception."""
    return draws.pick((20 * MINUTE, 5 * HOUR, DAY, 2 * DAY)) + draws.below(HOUR)


def transfer_json(sent: Transfer, received_at: Ticks | None) -> dict[str, Any]:
    """The payload of all four transfer events; `received_at` is None until the goods arrive."""
    currency = sent.store.country.currency
    return {
        "productTransferId": sent.id,
        "extRef": sent.ext_ref,
        "stockId": sent.source.id,
        "stockExtId": sent.source.ext_id,
        "toStockId": sent.target.id,
        "toStockExtId": sent.target.ext_id,
        "storeId": sent.store.id,
        "isVirtual": sent.virtual,
        "orderDate": date_text(sent.created),
        "expectedDeliveryDate": date_text(sent.expected),
        "comment": sent.comment,
        "isReceived": received_at is not None,
        "createdDateTime": text(sent.created),
        "receivedDateTime": None if received_at is None else text(received_at),
        "createdById": sent.user,
        "productLines": lines_json(_item_json(item, currency, received=received_at is not None) for item in sent.items),
    }


def _item_json(item: SentItem, currency: str, *, received: bool) -> str:
    return (
        f'{size_json(item.size)},"sgtin":{serial_json(item.size, item.piece)},"quantity":{item.sent},'
        f'"receivedQuantity":{item.arrived if received else "null"},{cost_json(item.size, currency)}'
    )
