"""Every receiver by name: the right ones, and with `find` the ones that are broken on purpose."""

from collections.abc import Mapping

from frontsim.errors import BadInput
from frontsim.receivers.broken.registry import BROKEN
from frontsim.receivers.correct import (
    Answers202,
    Answers204,
    BalancesSales,
    BusinessKey,
    Flaky,
    NewestState,
    ParksUpdates,
    Slow,
)
from frontsim.receivers.customers import CustomerTable
from frontsim.receivers.inbox import Inbox
from frontsim.receivers.reference import Receiver
from frontsim.receivers.stock import NewestLevel, StockBySum
from frontsim.receivers.variant import Variant, by_name
from frontsim.user_input.near import not_among

CORRECT: Mapping[str, Variant] = by_name(
    Variant("reference", Receiver, "Takes the key and books the effect in one transaction, then answers 200."),
    Variant("inbox", Inbox, "Stores the raw event, answers 200, and a worker books it later."),
    Variant("business-key", BusinessKey, "Its key is what the event is about (saleId ...), not the event's id."),
    Variant("newest-state", NewestState, "Keeps one row for each customer, order and stock item: the newest state."),
    Variant("parks-updates", ParksUpdates, "Holds back an update of a customer or order that it does not know yet."),
    Variant(
        "stock-by-sum",
        StockBySum,
        "Adds each movement to a stock level, in the transaction that takes the key.",
        state="/levels",
    ),
    Variant("newest-level", NewestLevel, "Keeps the level of the newest movement of each stock item.", state="/levels"),
    Variant(
        "customer-table",
        CustomerTable,
        "Keeps a row for each customer: whole name and address, e-mail in lower case, of the newest event.",
        state="/customers",
    ),
    Variant(
        "balances-sales",
        BalancesSales,
        "Refuses a sale whose lines or payments do not add up to its total, as an accounting system does.",
    ),
    Variant("answers-202", Answers202, "Answers 202 instead of 200."),
    Variant("answers-204", Answers204, "Answers 204, without a body."),
    Variant("slow", Slow, "Takes 0.3 s for every request."),
    Variant("flaky", Flaky, "Answers one good request in four with 503, before it stores anything."),
)


def find(name: str) -> Variant:
    """The receiver of that name, right or wrong.

    Raises:
        BadInput: there is none; the text lists all names.
    """
    found = CORRECT.get(name) or BROKEN.get(name)
    if found is None:
        raise BadInput(not_among([*CORRECT, *BROKEN], name, expected="a receiver"))
    return found
