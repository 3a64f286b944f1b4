"""The account of a run keeps what came without an event's id, and since when."""

from frontsim.clock import Ids, uuid_text
from frontsim.domain.model import Outcome, Trigger
from frontsim.verification.effects.account import Account
from frontsim.verification.effects.history import Entity, EventFact, History, Run

OURS, OTHERS = map(uuid_text, Ids().event_ids(2))
ACK = Run(1, Trigger.ORIGINAL, Outcome.ANSWERED, "OK", 200, 0)
SALE = EventFact("w", OURS, "SaleCreated", (ACK,), entity=Entity("saleId", "1073741900"))
KEY = "webhookEventId"


def row(key=None, **others):
    return {KEY: key, **others}


def noted(*looks, key=KEY):
    account = Account(key)
    for now_s, look in enumerate(looks):
        account.note(look, now_s=now_s)
    return account


def test_a_clean_event_is_a_sample_with_what_came_beside():
    """Of an earlier look, of its own id, and of others there is nothing to count."""
    old, ledger = row(sale=1073741900, text="old"), row(sale=1073741900)
    account = noted([old], [old, row(OURS), ledger], [old, row(OURS), ledger, row(OTHERS, sale=1073741900)])
    assert () == account.samples()
    account.know(History("steady", (SALE,)))
    assert ((SALE, 1),) == account.samples()
