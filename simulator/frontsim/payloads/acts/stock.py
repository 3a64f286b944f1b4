"""What happens in the stock room: deliveries, transfers, counts, adjustments.

Work that is under way is finished first; then new work is begun, which may stay under way until the next act
of its kind.
"""

from dataclasses import replace

from frontsim.payloads.acts.shop_state import ShopState
from frontsim.payloads.documents.deliveries import (
    GoodsDelivery,
    completed_json,
    draw_delivery,
    is_complete,
    received,
    received_json,
)
from frontsim.payloads.documents.stock import Item, adjustment_json, count_json, some_sizes
from frontsim.payloads.documents.transfers import Transfer, draw_transfer, transfer_json
from frontsim.payloads.master_data.assortment import Size
from frontsim.payloads.master_data.chain import Store
from frontsim.payloads.values.moments import MINUTE, SECOND


def delivery(books: ShopState) -> None:
    """Goods arrive, whole or in parts; a delivery of which all has come is completed."""
    if books.deliveries:
        _receive_delivery(books, books.deliveries.popleft(), whole=True)
    dice = books.dice
    store = dice.pick(books.world.shops)
    drawn = draw_delivery(dice, books.world, store, number=books.next("delivery"), at=books.now, central=False)
    expected = drawn._replace(created=books.now, ordered=books.now, expected=max(drawn.expected or 0, books.now))
    for item in expected.items:
        books.move("PurchaseOrderOrdered", store, store.stock.id, item.size, pieces=0)
    way = dice.below(6)
    if way < 2:
        expected = _receive_delivery(books, expected, whole=False)
    if way == 0 and not is_complete(expected):
        books.deliveries.append(expected)
    elif not is_complete(expected):
        _receive_delivery(books, expected, whole=True)


def _receive_delivery(books: ShopState, expected: GoodsDelivery, *, whole: bool) -> GoodsDelivery:
    """Receive the rest or a part, and complete the delivery if that was all."""
    store = expected.store
    arrived = received(books.dice, expected, whole=whole)
    at = books.wait(SECOND, 5 * MINUTE)
    books.write("DeliveryItemsReceived", received_json(arrived, at), store.id)
    for item in arrived.items:
        if item.now:
            books.move("PurchaseOrderReceived", store, store.stock.id, item.size, pieces=item.now)
    if is_complete(arrived):
        books.write("DeliveryCompleted", completed_json(arrived, at, books.now), store.id)
    return arrived


def transfer(books: ShopState) -> None:
    """Goods go from one shop's stock to another's."""
    _transfer(books, virtual=False)


def virtual_transfer(books: ShopState) -> None:
    """Goods go to or from a virtual stock."""
    _transfer(books, virtual=True)


def _transfer(books: ShopState, *, virtual: bool) -> None:
    waiting = books.transfers[virtual]
    if waiting:
        _receive_transfer(books, waiting.popleft())
    dice, store = books.dice, books.dice.pick(books.world.shops)
    sent = draw_transfer(
        dice, books.world, store, number=books.next("transfer"), at=books.now, virtual=virtual, central=False
    )
    sent = _from_stock(books, sent)
    books.write(_event(sent, "Created"), transfer_json(sent, None), store.id)
    for item in sent.items:
        books.move("Relocation", store, sent.source.id, item.size, pieces=-item.sent)
    if dice.one_in(3):
        waiting.append(sent)
    else:
        _receive_transfer(books, sent)


def _from_stock(books: ShopState, sent: Transfer) -> Transfer:
    """The transfer with sizes that the sender has."""
    choose = books.shelf(sent.source.id)
    items = tuple(replace(item, size=choose(item.size, item.sent), piece=None) for item in sent.items)
    return sent._replace(items=items)


def _receive_transfer(books: ShopState, sent: Transfer) -> None:
    at = books.wait(SECOND, 5 * MINUTE)
    books.write(_event(sent, "Received"), transfer_json(sent, at), sent.store.id)
    for item in sent.items:
        books.move("Relocation", sent.store, sent.target.id, item.size, pieces=item.arrived)


def _event(sent: Transfer, stage: str) -> str:
    return f"ProductTransfer{'Virtual' if sent.virtual else ''}{stage}"


def stock_count(books: ShopState) -> None:
    """A part of the stock is counted; what differs is booked."""
    dice, store = books.dice, books.dice.pick(books.world.shops)
    stock_id = store.stock.id
    items = []
    for size in some_sizes(dice, books.world, dice.between(1, 8)):
        level = books.levels.of(stock_id, size).on_hand
        counted = max(0, level + dice.pick((-5, -3, -2, -1, -1, 1, 1, 2, 3)))
        movement_id = books.world.id("movement", books.next("movement"))
        items.append(Item(size, counted - level, counted=counted, level=counted, movement_id=movement_id))
    counted, number = books.now, books.next("count")
    at = books.wait(SECOND, 5 * MINUTE)
    body = count_json(dice, books.world, store, number=number, counted=counted, at=at, items=tuple(items))
    books.write("StockCountReconciled", body, store.id)
    for item in items:
        books.move("Reconciliation", store, stock_id, item.size, pieces=item.quantity, id_=item.movement_id)


def adjustment(books: ShopState) -> None:
    """Pieces are found, broken, given away."""
    dice, store = books.dice, books.dice.pick(books.world.shops)
    items = [
        Item(size, _at_most(books, store, size, dice.pick((-3, -2, -1, -1, 1, 1, 2, 6))))
        for size in some_sizes(dice, books.world, dice.between(1, 5))
    ]
    number = books.next("adjustment")
    books.write(
        "StockAdjustmentCreated",
        adjustment_json(dice, books.world, store, number=number, at=books.now, items=tuple(items), central=False),
        store.id,
    )
    for item in items:
        books.move("Manual", store, store.stock.id, item.size, pieces=item.quantity)


def _at_most(books: ShopState, store: Store, size: Size, pieces: int) -> int:
    """So many pieces, but none that are not there: then as many are found instead."""
    return pieces if books.levels.available(store.stock.id, size) + pieces >= 0 else -pieces
