"""Writes to the stock: counts, corrections, reservations, transfers, goods from suppliers."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

from frontsim.neighbours.book import ARRIVAL, RESERVATION, Book
from frontsim.neighbours.operations import VendorCall, wrong
from frontsim.neighbours.reads import stock_of, unknown
from frontsim.neighbours.views import reservation_json
from frontsim.neighbours.writing import (
    Writing,
    WrittenLine,
    hours_of,
    known_customer,
    lines_of,
    once,
    pieces_of,
    stock_in,
    ticks_of,
)
from frontsim.payloads.documents.orders import Reservation
from frontsim.payloads.documents.orders import reservation_json as event_of
from frontsim.payloads.documents.stock import (
    CountedItem,
    GoodsDelivery,
    Item,
    OrderedItem,
    SentItem,
    Transfer,
    adjustment_json,
    completed_json,
    count_json,
    received_json,
    transfer_json,
)
from frontsim.payloads.world.moments import DAY, HOUR, Ticks, text
from frontsim.payloads.world.prices import Size


def adjust_stock(writing: Writing, call: VendorCall) -> Any:
    body, state = call.body, writing.state
    stock = stock_in(writing, body, "stockExtId")
    counted = lines_of(writing, call, "items", least=0)
    targets = {line.size.gtin: (line.size, line.pieces) for line in counted}
    if len(targets) < len(counted):
        raise wrong("items", f"expected each size once, got {len(counted)} lines of {len(targets)} sizes")
    if body.get("isCompleteStockCount"):
        targets = {**{size.gtin: (size, 0) for size in writing.book.sizes}, **targets}
    counted_at = ticks_of(writing, "stockCountTime", body) or state.now
    items = []
    for size, target in targets.values():
        difference = target - state.levels.of(stock.id, size).on_hand
        if difference:
            movement = state.world.id("movement", state.next("movement"))
            items.append(CountedItem(size, difference, counted=target, movement_id=movement))
    store, number = writing.store(stock), state.next("count")
    said = count_json(
        state.draws, state.world, store, number=number, counted=counted_at, at=state.now, items=tuple(items)
    )
    ours = {"name": body.get("description") or "Stock/adjust", "stockId": stock.id, "stockExtId": stock.ext_id}
    ours["isCompleteStockCount"] = bool(body.get("isCompleteStockCount"))
    state.write("StockCountReconciled", {**said, **ours}, store.id)
    for item in items:
        state.move("Reconciliation", store, stock.id, item.size, pieces=item.quantity, id_=item.movement_id)
    return {"stockCountId": said["stockCountId"]}


@once("correction", "extRef")
def correct_stock(writing: Writing, call: VendorCall) -> Any:
    body, state = call.body, writing.state
    stock = stock_in(writing, body)
    lines = lines_of(writing, call, "orderLines")
    writing.refuse_more_than((line._replace(pieces=-line.pieces), stock.id) for line in lines)
    items = [Item(line.size, line.pieces) for line in lines]
    store, number = writing.store(stock), state.next("adjustment")
    said = adjustment_json(state.draws, state.world, store, number=number, at=state.now, items=tuple(items))
    ours = {
        "extRef": body.get("extRef") or said["extRef"],
        "comment": body.get("comment"),
        "stockId": stock.id,
        "stockExtId": stock.ext_id,
    }
    state.write("StockAdjustmentCreated", {**said, **ours}, store.id)
    for item in items:
        state.move("Manual", store, stock.id, item.size, pieces=item.quantity)
    return {"stockAdjustmentId": said["stockAdjustmentId"]}


@once("reservation", "extId")
def reserve(writing: Writing, call: VendorCall) -> Any:
    body, state = call.body, writing.state
    stock = stock_in(writing, body)
    hours = hours_of(body.get("reservationLengthInHours"))
    wanted = lines_of(writing, call, "items", least=1)
    writing.refuse_more_than((line, stock.id) for line in wanted)
    known_customer(writing, "customerId", body.get("customerId"))
    ids = [line.given.get("id") or state.draws.uuid() for line in wanted]
    for line, id_ in zip(wanted, ids, strict=True):
        if writing.book.reservations.get(id_) is not None or ids.count(id_) > 1:
            raise wrong(f"{line.at}.id", f"expected the id of no other reservation, got {id_}")
    made = []
    for line, id_ in zip(wanted, ids, strict=True):
        held = Reservation(
            id_, stock.id, body.get("customerId") or None, body.get("saleId"), body.get("extId") or f"RES-{id_[:8]}",
            body.get("comment"), state.now, state.now + hours * HOUR, line.pieces, line.size,
        )  # fmt: skip
        writing.note(RESERVATION, {"id": id_, "due": held.expires})
        state.reserve(stock.id, line.size, line.pieces)
        state.write("StockReservationCreated", event_of(held), writing.store(stock).id)
        made.append(reservation_json(event_of(held)))
    return made


def change_reservation(writing: Writing, call: VendorCall) -> Any:
    held, body, state = _held(writing, call.values["id"]), call.body, writing.state
    if not held["live"]:
        raise wrong("id", f"expected a reservation that is not over, got {held['id']}")
    changes: dict[str, Any] = {"id": held["id"]}
    if "reservationLengthInHours" in body:
        due = state.now + hours_of(body["reservationLengthInHours"]) * HOUR
        changes |= {"due": due, "expirationDateTime": text(due)}
    if "quantity" in body or "qty" in body:
        pieces, at = pieces_of(body, "", ("quantity", "qty"), least=1)
        size, more = writing.book.size(held["gtin"]), pieces - held["quantity"]
        assert size is not None
        writing.refuse_more_than([(WrittenLine("", body, size, more, at), held["stockId"])])
        state.reserve(held["stockId"], size, more)
        changes |= {"quantity": pieces, "more": more, "stockId": held["stockId"], "gtin": held["gtin"]}
    writing.note(RESERVATION, changes)
    return None


def _held(writing: Writing, id_: str) -> dict[str, Any]:
    known = writing.book.reservations.get(id_.lower())
    if known is None:
        raise unknown("reservation", id_)
    return known


def release(writing: Writing, call: VendorCall) -> Any:
    held = _held(writing, call.values["id"])
    if held["live"] and writing.book.orders.get(held["extId"]) is not None:
        raise wrong("id", f"expected a reservation of its own, got one of order {held['extId']}: reject its line there")
    if held["live"]:
        end_reservation(writing, held, released=True)
    return None


def end_reservation(writing: Writing, held: Mapping[str, Any], *, released: bool) -> None:
    """Free the pieces; a release ends the reservation now."""
    state, stock = writing.state, stock_of(writing.book, "stockId", held["stockId"])
    size = writing.book.size(held["gtin"])
    if size is not None:
        state.reserve(stock.id, size, -held["quantity"])
    said = {**reservation_json(held), "isReleased": released}
    if released:
        said["expirationDateTime"] = text(state.now)
    kept = [each for each in state.reservations if each.id != held["id"]]
    state.reservations.clear()
    state.reservations.extend(kept)  # no act ends it a second time
    state.write("StockReservationExpired", said, writing.store(stock).id)


@once("transfer", "extRef")
def transfer(writing: Writing, call: VendorCall) -> Any:
    body, state = call.body, writing.state
    source = stock_of(writing.book, "stockId", body.get("stockId"))
    target = stock_of(writing.book, "toStockId", body.get("toStockId"))
    if source.id == target.id:
        raise wrong("toStockId", f"expected another stock than {source.id}")
    lines = lines_of(writing, call, "productLines", least=1)
    writing.refuse_more_than((line, source.id) for line in lines)
    id_ = state.world.id("transfer", 2 * state.next("transfer") + (source.virtual or target.virtual))
    goods = _ordered(writing, call, lines, {"kind": "transfer", "id": id_, "from": source.id, "to": target.id})
    sent = _transfer(writing, goods)
    state.write(_transfer_event(sent, "Created"), transfer_json(sent, None), sent.store.id)
    for item in sent.items:
        state.move("Relocation", sent.store, source.id, item.size, pieces=-item.sent)
    if body.get("insertAsRecevied"):
        receive(writing, goods)
    else:
        writing.note(ARRIVAL, goods)
    return id_


@once("purchase", "requestId", "extRef")
def order_goods(writing: Writing, call: VendorCall) -> Any:
    state, stock = writing.state, stock_in(writing, call.body, "extStockId")
    if stock not in state.world.stocks:
        raise wrong("stockId", f"expected the stock of a store, got {stock.id}, which is in transit")
    lines = lines_of(writing, call, "orderLines", least=1)
    delivery_id = state.world.id("delivery", state.next("delivery"))
    goods = _ordered(writing, call, lines, {"kind": "delivery", "id": delivery_id, "to": stock.id})
    for line in lines:
        state.move("PurchaseOrderOrdered", writing.store(stock), stock.id, line.size, pieces=0)
    writing.note(ARRIVAL, goods)
    return delivery_id


def _ordered(writing: Writing, call: VendorCall, lines: Iterable[WrittenLine], what: dict[str, Any]) -> dict[str, Any]:
    """Goods on their way, as they are noted."""
    said = {name: call.body.get(name) for name in ("extRef", "comment")}
    due = ticks_of(writing, "expectedDeliveryDate", call.body) or writing.state.now + DAY
    goods = [[line.size.gtin, line.pieces] for line in lines]
    return {**what, **said, "made": writing.state.now, "due": due, "goods": goods}


def receive(writing: Writing, goods: Mapping[str, Any]) -> None:
    """Goods that were ordered or sent arrive, all at once."""
    state, target = writing.state, stock_of(writing.book, "toStockId", goods["to"])
    writing.note(ARRIVAL, {"kind": goods["kind"], "id": goods["id"], "due": None})
    if goods["kind"] == "transfer":
        sent = _transfer(writing, goods)
        state.write(_transfer_event(sent, "Received"), transfer_json(sent, state.now), sent.store.id)
        for item in sent.items:
            state.move("Relocation", sent.store, target.id, item.size, pieces=item.arrived)
        return
    store, sizes, at = writing.store(target), _sizes(writing, goods), state.now
    arrived = GoodsDelivery(
        goods["id"], goods["extRef"] or f"PO-{goods['id']}", store, goods["made"], goods["due"], goods["comment"],
        goods["made"], store.users[0], tuple(OrderedItem(size, pieces, pieces, pieces, None) for size, pieces in sizes),
    )  # fmt: skip
    state.write("DeliveryItemsReceived", received_json(arrived, at), store.id)
    for size, pieces in sizes:
        state.move("PurchaseOrderReceived", store, target.id, size, pieces=pieces)
    state.write("DeliveryCompleted", completed_json(arrived, at, state.now), store.id)


def _sizes(writing: Writing, goods: Mapping[str, Any]) -> list[tuple[Size, int]]:
    return [(size, pieces) for gtin, pieces in goods["goods"] if (size := writing.book.size(gtin)) is not None]


def _transfer(writing: Writing, goods: Mapping[str, Any]) -> Transfer:
    source, target = (stock_of(writing.book, "stockId", goods[name]) for name in ("from", "to"))
    store = writing.store(source)
    return Transfer(
        goods["id"], goods["extRef"], store, source, target, source.virtual or target.virtual, goods["due"],
        goods["comment"], goods["made"], store.users[0],
        tuple(SentItem(size, pieces, pieces, None) for size, pieces in _sizes(writing, goods)),
    )  # fmt: skip


def _transfer_event(sent: Transfer, stage: str) -> str:
    return f"ProductTransfer{'Virtual' if sent.virtual else ''}{stage}"


def held_until(book: Book) -> list[tuple[Ticks, Callable[[Writing], None]]]:
    """List the moments at which something happens by itself: a reservation runs out, goods arrive."""
    ends: list[tuple[Ticks, Callable[[Writing], None]]] = [
        (held["due"], partial(end_reservation, held=held, released=False))
        for held in book.reservations
        if held["live"] and held.get("due")
    ]
    ends += [(goods["due"], partial(receive, goods=goods)) for goods in book.arrivals if goods["due"] is not None]
    return sorted(ends, key=lambda end: end[0])


STOCK_WRITES: Mapping[str, Callable[[Writing, VendorCall], Any]] = MappingProxyType(
    {
        write.__name__: write
        for write in (adjust_stock, correct_stock, reserve, change_reservation, release, transfer, order_goods)
    }
)
"""The writes by the name that the contract gives them."""
