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
    pieces_of,
    stock_codes,
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
    ours = {"name": body.get("description") or "Stock/adjust", **stock_codes(stock)}
    ours["isCompleteStockCount"] = bool(body.get("isCompleteStockCount"))
    state.write("StockCountReconciled", {**said, **ours}, store.id)
    for item in items:
        state.move("Reconciliation", store, stock.id, item.size, pieces=item.quantity, id_=item.movement_id)
    return {"stockCountId": said["stockCountId"]}


def correct_stock(writing: Writing, call: VendorCall) -> Any:
    body, state = call.body, writing.state
    if known := writing.before("correction", body.get("extRef")):
        return known
    stock = stock_in(writing, body)
    lines = lines_of(writing, call, "orderLines")
    writing.refuse_more_than((line._replace(pieces=-line.pieces), stock.id) for line in lines)
    items = [Item(line.size, line.pieces) for line in lines]
    store, number = writing.store(stock), state.next("adjustment")
    said = adjustment_json(state.draws, state.world, store, number=number, at=state.now, items=tuple(items))
    ours = {"extRef": body.get("extRef") or said["extRef"], "comment": body.get("comment"), **stock_codes(stock)}
    state.write("StockAdjustmentCreated", {**said, **ours}, store.id)
    for item in items:
        state.move("Manual", store, stock.id, item.size, pieces=item.quantity)
    return writing.answer("correction", {"stockAdjustmentId": said["stockAdjustmentId"]}, body.get("extRef"))


def reserve(writing: Writing, call: VendorCall) -> Any:
    body, state = call.body, writing.state
    if known := writing.before("reservation", body.get("extId")):
        return known
    stock = stock_in(writing, body)
    hours = hours_of(body.get("reservationLengthInHours"))
    wanted = lines_of(writing, call, "items", least=1)
    writing.refuse_more_than((line, stock.id) for line in wanted)
    known_customer(writing, "customerId", body.get("customerId"))
    ids = [(line.given.get("id") or state.draws.uuid()).lower() for line in wanted]
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
    return writing.answer("reservation", made, body.get("extId"))


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


def transfer(writing: Writing, call: VendorCall) -> Any:
    body, state = call.body, writing.state
    if known := writing.before("transfer", body.get("extRef")):
        return known
    source = stock_of(writing.book, "stockId", body.get("stockId"))
    target = stock_of(writing.book, "toStockId", body.get("toStockId"))
    if source.id == target.id:
        raise wrong("toStockId", f"expected another stock than {source.id}")
    lines = lines_of(writing, call, "productLines", least=1)
    writing.refuse_more_than((line, source.id) for line in lines)
    is_virtual = source.virtual or target.virtual
    sent = Transfer(
        state.world.id("transfer", 2 * state.next("transfer") + is_virtual), body.get("extRef"), writing.store(source),
        source, target, is_virtual, ticks_of(writing, "expectedDeliveryDate", body) or state.now + DAY,
        body.get("comment"), state.now, writing.store(source).users[0],
        tuple(SentItem(line.size, line.pieces, line.pieces, None) for line in lines),
    )  # fmt: skip
    state.write(_transfer_event(sent, "Created"), transfer_json(sent, None), sent.store.id)
    for item in sent.items:
        state.move("Relocation", sent.store, source.id, item.size, pieces=-item.sent)
    if body.get("insertAsRecevied"):
        _receive_transfer(writing, sent)
    else:
        where = {"from": source.id, "to": target.id}
        _expect(writing, call, lines, {"kind": "transfer", "id": sent.id, "due": sent.expected, **where})
    return writing.answer("transfer", sent.id, body.get("extRef"))


def order_goods(writing: Writing, call: VendorCall) -> Any:
    body, state = call.body, writing.state
    references = (body.get("requestId"), body.get("extRef"))
    if known := writing.before("purchase", *references):
        return known
    stock = stock_in(writing, body, "extStockId")
    if stock not in state.world.stocks:
        raise wrong("stockId", f"expected the stock of a store, got {stock.id}, which is in transit")
    lines = lines_of(writing, call, "orderLines", least=1)
    delivery_id = state.world.id("delivery", state.next("delivery"))
    due = ticks_of(writing, "expectedDeliveryDate", body) or state.now + DAY
    for line in lines:
        state.move("PurchaseOrderOrdered", writing.store(stock), stock.id, line.size, pieces=0)
    _expect(writing, call, lines, {"kind": "delivery", "id": delivery_id, "due": due, "to": stock.id})
    return writing.answer("purchase", delivery_id, *references)


def _expect(writing: Writing, call: VendorCall, lines: Iterable[WrittenLine], what: dict[str, Any]) -> None:
    """Note goods on their way."""
    said = {name: call.body.get(name) for name in ("extRef", "comment")}
    goods = [[line.size.gtin, line.pieces] for line in lines]
    writing.note(ARRIVAL, {**what, **said, "made": writing.state.now, "goods": goods})


def receive(writing: Writing, goods: Mapping[str, Any]) -> None:
    """Goods that were ordered or sent arrive, all at once."""
    state, book = writing.state, writing.book
    target = stock_of(book, "toStockId", goods["to"])
    sizes = [(size, pieces) for gtin, pieces in goods["goods"] if (size := book.size(gtin)) is not None]
    writing.note(ARRIVAL, {"kind": goods["kind"], "id": goods["id"], "due": None})
    if goods["kind"] == "transfer":
        source = stock_of(book, "stockId", goods["from"])
        store, items = writing.store(source), tuple(SentItem(size, pieces, pieces, None) for size, pieces in sizes)
        _receive_transfer(writing, Transfer(
            goods["id"], goods["extRef"], store, source, target, source.virtual or target.virtual, goods["due"],
            goods["comment"], goods["made"], store.users[0], items,
        ))  # fmt: skip
        return
    store = writing.store(target)
    arrived = GoodsDelivery(
        goods["id"], goods["extRef"] or f"PO-{goods['id']}", store, goods["made"], goods["due"], goods["comment"],
        goods["made"], store.users[0], tuple(OrderedItem(size, pieces, pieces, pieces, None) for size, pieces in sizes),
    )  # fmt: skip
    at = state.now
    state.write("DeliveryItemsReceived", received_json(arrived, at), store.id)
    for size, pieces in sizes:
        state.move("PurchaseOrderReceived", store, target.id, size, pieces=pieces)
    state.write("DeliveryCompleted", completed_json(arrived, at, state.now), store.id)


def _receive_transfer(writing: Writing, sent: Transfer) -> None:
    writing.state.write(_transfer_event(sent, "Received"), transfer_json(sent, writing.state.now), sent.store.id)
    for item in sent.items:
        writing.state.move("Relocation", sent.store, sent.target.id, item.size, pieces=item.arrived)


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
