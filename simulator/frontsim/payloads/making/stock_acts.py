"""Acts in the stock room: deliveries, transfers, counts, adjustments.

An act first finishes an open delivery or transfer; then it starts a new one, which may stay open until the next act
of its kind.
"""

from dataclasses import replace

from frontsim.payloads.documents.stock import (
    CountedItem,
    GoodsDelivery,
    Item,
    Transfer,
    adjustment_json,
    completed_json,
    count_json,
    draw_delivery,
    draw_transfer,
    is_complete,
    received,
    received_json,
    some_sizes,
    transfer_json,
)
from frontsim.payloads.making.shop_state import ShopState
from frontsim.payloads.world.assortment import Size
from frontsim.payloads.world.moments import MINUTE, SECOND
from frontsim.payloads.world.world import Store


def delivery(state: ShopState) -> None:
    """Goods arrive, at once or in parts; a delivery is completed when all of it has arrived."""
    if state.deliveries:
        _receive_delivery(state, state.deliveries.popleft(), whole=True)
    draws = state.draws
    store = draws.pick(state.world.shops)
    drawn = draw_delivery(draws, state.world, store, number=state.next("delivery"), at=state.now)
    expected = drawn._replace(created=state.now, ordered=state.now, expected=max(drawn.expected, state.now))
    for item in expected.items:
        state.move("PurchaseOrderOrdered", store, store.stock.id, item.size, pieces=0)
    way = draws.below(6)
    if way < 2:
        expected = _receive_delivery(state, expected, whole=False)
    if way == 0 and not is_complete(expected):
        state.deliveries.append(expected)
    elif not is_complete(expected):
        _receive_delivery(state, expected, whole=True)


def _receive_delivery(state: ShopState, expected: GoodsDelivery, *, whole: bool) -> GoodsDelivery:
    """Receive a part or the rest, and complete the delivery if nothing is open."""
    store = expected.store
    arrived = received(state.draws, expected, whole=whole)
    at = state.wait(SECOND, 5 * MINUTE)
    state.write("DeliveryItemsReceived", received_json(arrived, at), store.id)
    for item in arrived.items:
        if item.now:
            state.move("PurchaseOrderReceived", store, store.stock.id, item.size, pieces=item.now)
    if is_complete(arrived):
        state.write("DeliveryCompleted", completed_json(arrived, at, state.now), store.id)
    return arrived


def transfer(state: ShopState) -> None:
    """Goods go from one store's stock to another's."""
    _transfer(state, virtual=False)


def virtual_transfer(state: ShopState) -> None:
    """Goods go to or from a virtual stock."""
    _transfer(state, virtual=True)


def _transfer(state: ShopState, *, virtual: bool) -> None:
    waiting = state.transfers[virtual]
    if waiting:
        _receive_transfer(state, waiting.popleft())
    draws, store = state.draws, state.draws.pick(state.world.shops)
    sent = draw_transfer(draws, state.world, store, number=state.next("transfer"), at=state.now, virtual=virtual)
    sent = _from_stock(state, sent)
    state.write(_event(sent, "Created"), transfer_json(sent, None), store.id)
    for item in sent.items:
        state.move("Relocation", store, sent.source.id, item.size, pieces=-item.sent)
    if draws.one_in(3):
        waiting.append(sent)
    else:
        _receive_transfer(state, sent)


def _from_stock(state: ShopState, sent: Transfer) -> Transfer:
    """The transfer with sizes that the sender has in stock."""
    choose = state.shelf(sent.source.id)
    items = tuple(replace(item, size=choose(item.size, item.sent)) for item in sent.items)
    return sent._replace(items=items)


def _receive_transfer(state: ShopState, sent: Transfer) -> None:
    at = state.wait(SECOND, 5 * MINUTE)
    state.write(_event(sent, "Received"), transfer_json(sent, at), sent.store.id)
    for item in sent.items:
        state.move("Relocation", sent.store, sent.target.id, item.size, pieces=item.arrived)


def _event(sent: Transfer, stage: str) -> str:
    return f"ProductTransfer{'Virtual' if sent.virtual else ''}{stage}"


def stock_count(state: ShopState) -> None:
    """A part of the stock is counted; what differs is booked."""
    draws, store = state.draws, state.draws.pick(state.world.shops)
    stock_id = store.stock.id
    items = []
    for size in some_sizes(draws, state.world, draws.between(1, 8)):
        level = state.levels.of(stock_id, size).on_hand
        counted = max(0, level + draws.pick((-5, -3, -2, -1, -1, 1, 1, 2, 3)))
        movement_id = state.world.id("movement", state.next("movement"))
        items.append(CountedItem(size, counted - level, counted=counted, movement_id=movement_id))
    counted, number = state.now, state.next("count")
    at = state.wait(SECOND, 5 * MINUTE)
    body = count_json(draws, state.world, store, number=number, counted=counted, at=at, items=tuple(items))
    state.write("StockCountReconciled", body, store.id)
    for item in items:
        state.move("Reconciliation", store, stock_id, item.size, pieces=item.quantity, id_=item.movement_id)


def adjustment(state: ShopState) -> None:
    """Pieces are found, broken, given away."""
    draws, store = state.draws, state.draws.pick(state.world.shops)
    items = [
        Item(size, _at_most(state, store, size, draws.pick((-3, -2, -1, -1, 1, 1, 2, 6))))
        for size in some_sizes(draws, state.world, draws.between(1, 5))
    ]
    number = state.next("adjustment")
    state.write(
        "StockAdjustmentCreated",
        adjustment_json(draws, state.world, store, number=number, at=state.now, items=tuple(items)),
        store.id,
    )
    for item in items:
        state.move("Manual", store, store.stock.id, item.size, pieces=item.quantity)


def _at_most(state: ShopState, store: Store, size: Size, pieces: int) -> int:
    """`pieces`, or as many in the other direction if the stock does not have that many to lose."""
    return pieces if state.levels.available(store.stock.id, size) + pieces >= 0 else -pieces
