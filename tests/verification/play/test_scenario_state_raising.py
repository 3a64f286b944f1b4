"""A `raise` step asks the simulator for events, and the scenario remembers them."""

import pytest

from frontsim.client.control import STRICT
from frontsim.client.errors import UnexpectedAnswer
from frontsim.verification.effects.history import Expect
from frontsim.verification.play.scenario_state import ScenarioState, raise_clean, raise_events
from frontsim.verification.scenario.steps import Raise
from tests.verification.play.conftest import NotingSimulator

SALE = ["SaleCreated"]


def test_each_event_is_about_something_new(state: ScenarioState, sim: NotingSimulator) -> None:
    """Or about what the receiver knows already, while there is any; the step's own values come last."""
    state.pasts["SaleCreated"] = [{"saleId": 1}]
    raise_events(state, Raise(SALE, count=2, set={"total": 5}, label="first", expect=Expect.REFUSED))
    (asked,) = sim.what("trigger")
    known, new = asked["each"]
    assert {"saleId": 1, "total": 5} == known
    assert (True, 5) == (new["saleId"] >= 100, new["total"])
    assert [("first", Expect.REFUSED)] * 2 == [(each.label, each.expect) for each in state.tracked.values()]


def test_a_payload_of_the_steps_own_is_sent_as_it_is(state: ScenarioState, sim: NotingSimulator) -> None:
    """And events that are logged together keep the ids of the simulator."""
    raise_events(state, Raise(SALE, payload={"saleId": "x"}, invalid=True))
    raise_events(state, Raise(SALE, together=True, count=3))
    own, together = sim.what("trigger")
    assert ({"saleId": "x"}, True, None) == (own["payload"], own["invalid"], own["each"])
    assert (None, 3) == (together["each"], together["count"])


def test_lines_that_are_taken_over_get_numbers_of_their_own(state: ScenarioState, sim: NotingSimulator) -> None:
    """A receiver may have a unique index on them; all else is alike, and what has no number gets none."""
    sim.payloads = [{"salesLines": [{"rowId": "1", "price": 5}], "paymentLines": [{"rowId": "2", "txRef": None}]}]
    raise_events(state, Raise(SALE, label="first"))
    raise_events(state, Raise(SALE, count=2, together=True, same_as="first", keep=["salesLines", "paymentLines"]))
    one, other = sim.what("trigger")[-1]["each"]
    lines = [line for each in (one, other) for path in ("salesLines", "paymentLines") for line in each[path]]
    assert [5, None, 5, None] == [line.get("price") for line in lines]
    assert 4 == len({line["rowId"] for line in lines} - {"1", "2"})
    assert [None, None] == [line["txRef"] for line in lines if "txRef" in line]


def test_only_lines_with_numbers_get_new_ones(state: ScenarioState, sim: NotingSimulator) -> None:
    """However deep their numbers lie, and also where the same line comes again."""
    bare, deep = {"price": 6}, {"parts": [{"rowId": "3"}, {"price": 7}]}
    sim.payloads = [{"salesLines": [bare, deep]}]
    raise_events(state, Raise(SALE, grow={"salesLines": 5}))
    lines = sim.what("trigger")[-1]["each"][0]["salesLines"]
    assert [bare, bare, bare] == lines[::2]
    numbers = [line["parts"][0]["rowId"] for line in lines[1::2]]
    assert 2 == len(set(numbers) - {"3"})
    assert [{"price": 7}, {"price": 7}] == [line["parts"][1] for line in lines[1::2]]


def test_older_states_are_about_the_same_and_rank_below(state: ScenarioState, sim: NotingSimulator) -> None:
    """They keep the paths that the step names, as far as the payload has them."""
    sim.payloads = [{"saleId": 7, "total": 1}, {"saleId": 8}]
    raise_events(state, Raise(SALE, count=2, label="new"))
    raise_events(state, Raise(SALE, same_as="new", keep=["saleId", "customer.id"], older_than="new", set={"total": 2}))
    _, first, second = sim.what("trigger")
    assert [{"saleId": 7, "total": 2}] == first["each"]
    assert [{"saleId": 8, "total": 2}] == second["each"]
    found = [(each.series, each.rank) for each in state.tracked.values()]
    one, other = "new: SaleCreated 0", "new: SaleCreated 1"
    assert [(one, 1), (other, 1), (one, 0), (other, 0)] == found


def test_newer_states_rank_above(state: ScenarioState) -> None:
    """Those of another label are another series."""
    for label in ("late", "early"):
        raise_events(state, Raise(SALE, label=label))
        raise_events(state, Raise(SALE, same_as=label, keep=["saleId"], newer_than=label))
    found = [(each.series, each.rank) for each in state.tracked.values()]
    late, early = "late: SaleCreated 0", "early: SaleCreated 0"
    assert [(late, 0), (late, 1), (early, 0), (early, 1)] == found


def test_an_array_grows_by_copies_of_the_types_own_entries(state: ScenarioState, sim: NotingSimulator) -> None:
    """Taken from the first plain event that has any."""
    sim.payloads = [{"lines": []}, {"lines": [{"n": 1}, {"n": 2}]}]
    raise_events(state, Raise(SALE, grow={"lines": 5}))
    assert [1, 2, 1, 2, 1] == [line["n"] for line in sim.what("trigger")[-1]["set_"]["lines"]]


def test_an_array_that_no_event_fills_cannot_grow(state: ScenarioState) -> None:
    with pytest.raises(UnexpectedAnswer, match="an array with entries at lines"):
        raise_events(state, Raise(SALE, grow={"lines": 5}))


def test_a_clean_movement_is_of_an_article_of_its_own(state: ScenarioState, sim: NotingSimulator) -> None:
    """Of two movements in the past, none would count once a clean one of their article has been booked."""
    for _ in range(2):
        raise_clean(state, "StockMovementCreated", now="2026-01-01T12:00:00")
    first, second = (asked["set_"]["gtin"] for asked in sim.what("trigger"))
    assert first != second


def test_a_clean_event_has_no_oddity_and_a_moment_of_its_own(state: ScenarioState, sim: NotingSimulator) -> None:
    """Whatever the profile of the run; one that no webhook of ours matches cannot show anything."""
    (tracked,) = raise_clean(state, "SaleCreated", now="2026-01-01T12:00:00")
    (asked,) = sim.what("trigger")
    assert (STRICT, "SaleCreated") == (asked["payloads"], tracked.event)
    assert {"created": "2026-01-01T12:00:00", "lines[0].at": "2026-01-01T12:00:00"} == asked["set_"]

    state.webhooks["SaleCreated"] = ["another"]
    with pytest.raises(UnexpectedAnswer, match="an event of SaleCreated for our webhook"):
        raise_clean(state, "SaleCreated", now="2026-01-01T12:00:00")
