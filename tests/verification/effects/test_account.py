"""The account of a run keeps what came without an event's id, and since when."""

from dataclasses import replace

from frontsim.clock import Ids, uuid_text
from frontsim.domain.model import Outcome, Trigger
from frontsim.errors import Unusable
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


class Shop:
    """An observer's effects, and a clock that a pause moves on."""

    def __init__(self, account, rows, *, fails=False):
        self.account, self.rows, self.fails = account, rows, fails
        self.now_s, self.comes = 100.0, []

    def read(self):
        if self.fails:
            raise Unusable("no answer")
        self.rows = [*self.rows, *(row(amount=5) for at_s in self.comes if at_s <= self.now_s)]
        self.comes = [at_s for at_s in self.comes if at_s > self.now_s]
        self.account.note(self.rows, now_s=self.now_s)

    def pause(self, seconds):
        self.now_s += seconds


def strangers(account, rows, monkeypatch, *comes, late_s=1.0, fails=False):
    """Return the sentence about them after a run of a hundred seconds, and how long that took."""
    shop = Shop(account, rows, fails=fails)
    shop.comes = list(comes)
    monkeypatch.setattr("frontsim.verification.effects.account.stopwatch", lambda: shop.now_s)
    found = account.strangers(shop.read, shop.pause, late_s=late_s)
    return found and (found.number, found.come_with_events), round(shop.now_s - 100)


def run_with(*others, periods=60):
    """The account of a run of a hundred seconds in which such a row came at each of so many moments, and the rows."""
    looks = [[row(OURS)]]
    for _ in range(periods):
        looks.append([*looks[-1], *others])
    return noted(*looks), looks[-1]


def test_what_is_of_an_event_or_of_another_frontsim_is_no_stranger(monkeypatch):
    """By an id, by what it is about, or as another frontsim's; then nothing is waited for."""
    account, rows = run_with(row(OTHERS), row("x", source=OTHERS), row(sale=1073741900), row("b", text=OURS))
    account.know(History("steady", (SALE,)))
    assert ((0, False), 0) == strangers(account, rows, monkeypatch)
    sale = replace(SALE, entity=Entity("saleId", "125086012"))
    account, rows = run_with(row(saleId=125086012))
    account.know(History("steady", (sale,)))
    assert (None, 0) == strangers(account, rows, monkeypatch)
    account, rows = run_with(row(saleId=125086013), periods=60)
    account.know(History("steady", (sale,)))
    assert ((60, True), 11) == strangers(account, rows, monkeypatch)


def test_effects_of_another_frontsim_are_counted(monkeypatch):
    """By the mark in their id, at the key and in any other text; not where the run's own events are unknown."""
    looks = [], [row(OURS), row(OTHERS), row("x", source=OTHERS), row("y", source=OURS)]
    account = noted(*looks)
    account.know(History("steady", (SALE,)))
    found = account.strangers(lambda: None, lambda _: None, late_s=0)
    assert (0, 2) == (found.number, found.of_others)
    assert ("2 new effects are of events that another frontsim sent to this receiver: its ids tell",) == found.notes
    account.know(History("storm"))
    assert account.strangers(lambda: None, lambda _: None, late_s=0) is None


def test_effects_that_stay_away_while_nothing_is_sent_come_with_events(monkeypatch):
    """They came 60 times in 100 s. So for six times 100/60 s nothing is sent: by chance, one in 400 stays away."""
    assert ((60, True), 11) == strangers(*run_with(row(amount=5)), monkeypatch)
    assert ((60, True), 11) == strangers(*run_with(row(amount=5)), monkeypatch, 100.9)  # an event may have caused it
    assert ((60, False), 2) == strangers(*run_with(row(amount=5)), monkeypatch, 102.0)


def test_effects_that_come_rarely_tell_nothing(monkeypatch):
    """A row at 3 moments of 100 s: another system's may stay away for minutes."""
    assert ((3, False), 0) == strangers(*run_with(row(amount=5), periods=3), monkeypatch)
    assert ((9, False), 0) == strangers(*run_with(*[row(amount=5)] * 3, periods=3), monkeypatch)


def test_an_observer_that_fails_shows_no_other_writer(monkeypatch):
    """A check that could not be made does not pass."""
    assert ((60, True), 1) == strangers(*run_with(row(amount=5)), monkeypatch, fails=True)


def test_an_example_is_cut():
    assert 163 == len(noted([], [row(text="x" * 500)]).strangers(lambda: None, lambda _: None, late_s=0).example)
