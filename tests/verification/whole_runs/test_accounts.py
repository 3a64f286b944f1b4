"""Every effect is accounted for: what a receiver books beside the ids that it shows, and what others write there."""

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from itertools import count
from uuid import uuid4

import orjson
import pytest

from frontsim.testing.verifying import verify
from frontsim.verdicts import Verdict
from frontsim.verification.schedule import Pace
from tests.support.receiver import serving
from tests.support.served import served
from tests.verification.laboratory import FEW, ShopReceiver

pytestmark = pytest.mark.slow

SEVERAL = ("steady", "resend-delivered", "lost-response", "false-failure", "malformed", "evolution")


class Shop(ShopReceiver):
    """Books the first copy of an event by its id; `beside` gives the rows that it writes beside, for each request."""

    def __init__(self, beside):
        super().__init__()
        self.beside = beside
        self.refuses = lambda body: 200 if is_json(body) else 400

    def books(self, event_id):
        with self.lock:
            is_new = event_id not in self.seen
            self.seen.add(event_id)
            payload = orjson.loads(self.bodies[event_id])
            if is_new:
                self.effects.append({"webhookEventId": event_id, "payload": payload})
            self.effects.extend(self.beside(event_id, self.types[event_id], payload, is_new=is_new))


def is_json(body):
    try:
        return isinstance(orjson.loads(body), dict)
    except orjson.JSONDecodeError:
        return False


def ledger(_, kind, payload, *, is_new):
    """A row for the event, and one for each line; without nulls."""
    kept = {name: value for name, value in payload.items() if value is not None}
    lines = [
        {"kind": "line", "of": kept.get("saleId"), "gtin": each.get("gtin")} for each in kept.get("salesLines") or []
    ]
    return [{"kind": "ledger", "event": kind, **kept}, *(lines if kind == "SaleCreated" else [])] if is_new else []


def ledger_of_requests(event_id, kind, payload, *, is_new):
    return ledger(event_id, kind, payload, is_new=True)


def repeats_in_secret(*_, is_new):
    return [] if is_new else [{"webhookEventId": None, "amount": 5}]


def requests(*_, is_new):
    return [{"path": "/hook", "status": 200, "number": str(uuid4())}]


@pytest.fixture
def plays(requested, play, limits):
    """Plays several scenarios, a few at a time, against a shop; gives the run."""

    def run(shop, *names, **options):
        asked = {"events": FEW, "limits": limits(), **options}
        return play(requested(shop.url, **asked), *(names or SEVERAL), pace=Pace(jobs=3, jobs_that_wait=3))

    return run


def verdicts(played):
    return [each.judgement.verdict for each in played]


@pytest.mark.long
def test_rows_that_each_event_leaves_beside_its_own_are_right(plays):
    """A header row, a ledger row and a row for each line, of which the header alone has the event's id."""
    with served(Shop(ledger)) as shop:
        played = plays(shop, events=())
    assert {Verdict.VERIFIED} == set(verdicts(played)), [each.judgement for each in played]
    assert not any("no event" in note for each in played for note in each.judgement.notes)


@pytest.mark.parametrize("scenario", ["resend-delivered", "lost-response"])
def test_rows_for_each_request_accuse_no_receiver(scenario, plays):
    """They may be bookings or a log of requests, so nothing is proven."""
    with served(Shop(ledger_of_requests)) as shop:
        *_, found = plays(shop, "steady", scenario)
    assert (Verdict.UNKNOWN, ()) == (found.judgement.verdict, found.judgement.findings)
    assert "such as one without a key, and a single delivery leaves" in found.judgement.reason


@pytest.mark.parametrize(
    ("beside", "names"), [(repeats_in_secret, ("resend-delivered",)), (requests, ("steady", "resend-delivered"))]
)
def test_effects_of_no_event_that_come_with_our_deliveries_are_unknown_once(beside, names, plays):
    """They show nothing of an event, and none comes while nothing is sent."""
    with served(Shop(beside)) as shop:
        played = plays(shop, *names)
    *others, last = verdicts(played)
    assert (set(others) <= {Verdict.VERIFIED}, Verdict.UNKNOWN) == (True, last), [each.judgement for each in played]
    assert "of no event, such as {" in played[-1].judgement.reason
    assert "they come only when events are sent" in played[-1].judgement.reason


@contextmanager
def web_shop(shop, *, gap_s):
    """Another system that writes into the same table."""
    numbers, is_over = count(125_000_000), threading.Event()

    def writes():
        while not is_over.wait(gap_s):
            with shop.lock:
                shop.effects.append({"webhookEventId": None, "saleId": next(numbers)})

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(writes)
        try:
            yield
        finally:
            is_over.set()
            writing.result()


@pytest.mark.long
@pytest.mark.parametrize("gap_s", [0.01, 0.3])
def test_a_table_that_others_fill_too_is_verified_with_a_note(gap_s, plays):
    with served(Shop(lambda *_, **__: [])) as shop, web_shop(shop, gap_s=gap_s):
        played = plays(shop)
    assert {Verdict.VERIFIED} == set(verdicts(played)), [each.judgement for each in played]
    assert "other systems write here, too" in played[-1].judgement.notes[-1]


@pytest.mark.parametrize("key", ["webhookEventId", "business"])
def test_two_runs_at_once_on_one_receiver_are_verified(key, receiver, requested, play):
    """Each books what is strange to the other, and knows it for a frontsim's."""
    with receiver("reference") as url, ThreadPoolExecutor(2) as pool:
        runs = [
            pool.submit(play, requested(url, events=FEW, observe_key=key), *SEVERAL[:count], seed=count)
            for count in (2, 5)
        ]
        played = [each for run in runs for each in run.result()]
    assert {Verdict.VERIFIED} == set(verdicts(played)), [each.judgement for each in played]
    assert not any("of no event" in note for each in played for note in each.judgement.notes)


SCHEMA = """
CREATE TABLE orders (id INTEGER PRIMARY KEY, type TEXT, sale_id INTEGER, customer_id INTEGER);
CREATE TABLE ids (id TEXT UNIQUE, row INTEGER);
"""
QUERY = "SELECT orders.*, ids.id AS webhookEventId FROM orders LEFT JOIN ids ON ids.row = orders.id"


def test_orders_without_a_unique_index_are_found_out_by_a_join(plays, tmp_path):
    """Its ids are in another table, by INSERT OR IGNORE: each id is there once, and its order as often as it came."""
    file = tmp_path / "shop.db"
    with closing(sqlite3.connect(file, check_same_thread=False, isolation_level=None)) as db:
        db.executescript(SCHEMA)

        def books(event_id, kind, payload, **_):
            values = kind, payload.get("saleId"), payload.get("customerId")
            row = db.execute("INSERT INTO orders (type, sale_id, customer_id) VALUES (?, ?, ?)", values).lastrowid
            db.execute("INSERT OR IGNORE INTO ids VALUES (?, ?)", (event_id, row))
            return []

        with served(Shop(books)) as shop:
            observed = {"observe_url": "", "observe_sql": (f"sqlite:///{file}", QUERY)}
            steady, *others = plays(shop, "steady", "resend-delivered", "lost-response", **observed)
    assert Verdict.VERIFIED is steady.judgement.verdict
    for each in others:
        assert {"duplicated"} == {str(finding.class_) for finding in each.judgement.findings}


def test_what_the_type_probe_leaves_before_the_first_look_teaches_nothing(tmp_path):
    """Its rows beside are not seen to come, so that a ledger would look as if a clean delivery left none."""
    with serving("keeps-ledger", tmp_path / "ledger.db") as url:
        verify(f"{url}/hook", observe_url=f"{url}/effects", scenarios=["steady", "lost-response"]).assert_verified()
