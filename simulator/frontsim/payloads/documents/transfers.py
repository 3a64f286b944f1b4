"""Transfers of goods between stocks: sent, then received; to or from a virtual stock, or between shops."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from frontsim.payloads.documents.stock import HIDDEN, cost_json, lines_json, serial_json, size_json, some_sizes
from frontsim.payloads.master_data.assortment import Size
from frontsim.payloads.master_data.chain import Stock, Store
from frontsim.payloads.master_data.world import World
from frontsim.payloads.values.moments import DAY, HOUR, MINUTE, Ticks, date_text, text
from frontsim.payloads.values.seeded_draws import SeededDraws
from frontsim.payloads.values.texts import COMMENTS


@dataclass(slots=True)
class SentItem:
    """One size of a transfer; `arrived` is what is there of it when it is received."""

    size: Size
    sent: int
    arrived: int
    piece: int | None
    hidden: str | None


class Transfer(NamedTuple):
    """Goods on their way from one stock to another, booked on `store`."""

    id: int
    ext_ref: str | None
    store: Store
    central: bool
    source: Stock
    target: Stock
    virtual: bool
    expected: Ticks | None
    dated: bool
    comment: str | None
    created: Ticks
    user: int | None
    items: tuple[SentItem, ...]


def draw_transfer(
    draws: SeededDraws, world: World, store: Store, *, number: int, at: Ticks, virtual: bool, central: bool
) -> Transfer:
    """A transfer by itself, sent at `at` from the store's stock; a virtual one may also come to it."""
    other = draws.pick(world.partners(store, virtual=virtual))
    home = store.stock
    to_store = virtual and draws.one_in(2)
    sparse = draws.below(16)
    return Transfer(
        id=world.id("transfer", 2 * number + virtual),
        ext_ref=f"TR-{number}" if sparse > 7 else None,
        store=store,
        central=central,
        source=other if to_store else home,
        target=home if to_store else other,
        virtual=virtual,
        expected=None if sparse == 0 else at + draws.between(1, 5) * DAY,
        dated=sparse != 1,
        comment=draws.pick(COMMENTS),
        created=at,
        user=None if sparse == 2 else draws.pick(store.users),
        items=tuple(
            _item(draws, size, draws.pick((1, 1, 2, 2, 3, 6, 10)))
            for size in some_sizes(draws, world, draws.between(1, 6))
        ),
    )


def _item(draws: SeededDraws, size: Size, pieces: int) -> SentItem:
    odd = draws.below(24)
    short = odd < 2 and pieces > 1
    piece = draws.below(10**6) if odd > 18 else None
    return SentItem(size, pieces, pieces - short, piece, draws.pick(HIDDEN))


def until_received(draws: SeededDraws) -> Ticks:
    """How long the goods are under way."""
    return draws.pick((20 * MINUTE, 5 * HOUR, DAY, 2 * DAY)) + draws.below(HOUR)


def transfer_json(sent: Transfer, received_at: Ticks | None) -> dict[str, Any]:
    """The payload of all four transfer events; `received_at` None: the goods are still under way."""
    currency = sent.store.country.currency
    return {
        "productTransferId": sent.id,
        "extRef": sent.ext_ref,
        "stockId": sent.source.id,
        "stockExtId": sent.source.ext_id,
        "toStockId": sent.target.id,
        "toStockExtId": sent.target.ext_id,
        "storeId": None if sent.central else sent.store.id,
        "isVirtual": sent.virtual,
        "orderDate": date_text(sent.created) if sent.dated else None,
        "expectedDeliveryDate": None if sent.expected is None else date_text(sent.expected),
        "comment": sent.comment,
        "isReceived": received_at is not None,
        "createdDateTime": text(sent.created),
        "receivedDateTime": None if received_at is None else text(received_at),
        "createdById": sent.user,
        "productLines": lines_json(_item_json(item, currency, received=received_at is not None) for item in sent.items),
    }


def _item_json(item: SentItem, currency: str, *, received: bool) -> str:
    return (
        f'{size_json(item.size, item.hidden)},"sgtin":{serial_json(item.size, item.piece)},"quantity":{item.sent},'
        f'"receivedQuantity":{item.arrived if received else "null"},{cost_json(item.size, currency, item.hidden)}'
    )
