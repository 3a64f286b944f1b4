"""`--observe-state` in whole scenarios: what rows it takes, what it does with others, and when it is patient."""

from itertools import count

import pytest

from frontsim.errors import BadInput
from frontsim.subjects import correct, serve
from frontsim.verdicts import Verdict
from frontsim.verification.request import Request, check
from tests.verification.laboratory import HASTY, QUICK, play, requested

pytestmark = pytest.mark.slow

MOVEMENTS = ["StockMovementCreated"]
SALES = ["SaleCreated"]
CUSTOMERS = ["CustomerCreated", "CustomerUpdated"]


@pytest.fixture
def run(receiver, tmp_path):
    """Plays a scenario against a right receiver whose levels a query reads from its file."""

    def play_one(query, *, scenario="steady", events=MOVEMENTS, limits=HASTY):
        with receiver("stock-by-sum") as url:
            state = f"sqlite:///{tmp_path / 'stock-by-sum.db'} {query}"
            (played,) = play(requested(url, events=events, limits=limits, observe_state=state), scenario)
        return played

    return play_one


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("SELECT stock, nope FROM levels", "no such column: nope"),
        ("SELECT stock, gtin, 'many' AS level FROM levels", "'level': 'many'"),
        ("SELECT stock, gtin, level FROM levels UNION ALL SELECT stock, gtin, 0 FROM levels", "got 2 rows for"),
        ("SELECT stock, gtin, level FROM levels WHERE 0", "it shows no rows"),
        ("SELECT gtin FROM levels", "expected rows with several columns"),
        ("SELECT stock, level FROM levels", "expected a row of gtin"),
    ],
)
def test_rows_that_show_no_levels_make_movements_unknown(run, query, told):
    """A check that could not run never counts as passed, and accuses no receiver."""
    played = run(query)
    assert (Verdict.UNKNOWN, ()) == (played.judgement.verdict, played.judgement.findings)
    assert told in played.judgement.reason


def test_where_no_movement_is_sent_there_is_nothing_to_judge(run):
    """The levels may be as they like."""
    assert Verdict.VERIFIED is run("SELECT nope FROM levels", events=SALES).judgement.verdict


def test_other_forms_of_the_same_levels_are_right(run):
    """Texts, other names, an own count that was there before, and rows of other things."""
    query = (
        "SELECT gtin + 0 AS ean, CAST(level AS TEXT) AS pieces, 'x' AS note FROM levels "
        "UNION ALL SELECT 99, '5', 'own' UNION ALL SELECT NULL, NULL, NULL"
    )
    assert Verdict.VERIFIED is run(query, scenario="stock-levels").judgement.verdict


def test_a_receiver_may_keep_levels_by_sku(run, monkeypatch):
    """Clean movements say the GTIN and the SKU, and tell which of the two a row is about."""
    own = correct.value_at
    monkeypatch.setattr(correct, "value_at", lambda payload, path: own(payload, "sku" if path == "gtin" else path))
    played = run("SELECT stock, gtin AS article, level FROM levels", scenario="stock-levels")
    assert (Verdict.VERIFIED, ()) == (played.judgement.verdict, played.judgement.findings), played.judgement.reason


def test_levels_of_whole_pieces_are_right(run):
    """A receiver may keep no fractions."""
    query = "SELECT stock, gtin, CAST(level AS INTEGER) AS level FROM levels"
    assert Verdict.VERIFIED is run(query, scenario="unicode-and-decimals").judgement.verdict


def test_without_the_option_the_scenario_about_levels_is_skipped(receiver):
    """The reason names the option."""
    with receiver("stock-by-sum") as url:
        (played,) = play(requested(url, events=MOVEMENTS, limits=HASTY), "stock-levels")
    assert Verdict.SKIPPED is played.judgement.verdict
    assert "needs --observe-state" in played.judgement.reason


def test_levels_that_come_late_are_waited_for(receiver, monkeypatch):
    """A projection that is behind the journal is no loss: it shows the last movement only at a later look."""
    levels_json, since, looks = serve.levels_json, {b"[]": 0}, count()

    def shown(bookings):
        look = next(looks)
        since.setdefault(levels_json(bookings), look)
        return max((each for each in since if since[each] <= look - 5), key=since.get, default=b"[]")

    monkeypatch.setattr(serve, "levels_json", shown)
    with receiver("stock-by-sum") as url:
        state = f"{url}/levels"
        (played,) = play(requested(url, events=MOVEMENTS, limits=QUICK, observe_state=state), "steady")
    assert (Verdict.VERIFIED, ()) == (played.judgement.verdict, played.judgement.findings), played.judgement.reason


@pytest.mark.parametrize("events", [CUSTOMERS, [*CUSTOMERS, *MOVEMENTS]])
def test_customers_whose_order_a_table_shows_are_enough(receiver, tmp_path, events):
    """The journal shows no order. Where movements are played as well, a note says that theirs was not seen."""
    with receiver("customer-table") as url:
        database = f"sqlite:///{tmp_path / 'customer-table.db'}"
        journal = database, "SELECT event_id AS webhookEventId FROM effects"
        shown = {"observe_url": "", "observe_sql": journal, "observe_state": f"{url}/customers"}
        (played,) = play(requested(url, events=events, limits=QUICK, **shown), "out-of-order")
    assert (Verdict.VERIFIED, ()) == (played.judgement.verdict, played.judgement.findings), played.judgement.reason
    note = "the order of StockMovementCreated could not be seen: no effect shows which of two states counts"
    assert (events != CUSTOMERS) == (note in played.judgement.notes)


def test_levels_alone_are_refused():
    """They do not show which event was lost."""
    request = Request("http://127.0.0.1:9/hook", observe_state="http://127.0.0.1:9/levels")
    with pytest.raises(BadInput, match="--observe-state: expected another --observe-"):
        check(request, pause=lambda _: None)
