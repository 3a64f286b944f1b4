"""A fault rule as JSON."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontsim.clock import WireTime
from frontsim.domain.fault_rules import read_rule, write_rule
from frontsim.domain.faults import FAULTS, FaultStage
from frontsim.errors import BadInput

TIME = WireTime(ZoneInfo("Europe/Oslo"))
ID = "0b3f6d5c-1c8e-4c55-9b0e-6a1f0c9d2e11"


def test_the_shortest_rule():
    """A name is enough; the rest has defaults."""
    assert {
        "id": "0",
        "fault": "answer",
        "match": {},
        "times": None,
        "probability": 1.0,
        "params": {"status": 500},
        "fired": 0,
    } == write_rule(read_rule({"fault": "answer"}, TIME), 0, TIME)


@pytest.mark.parametrize("empty", [None, {}])
def test_nulls_are_as_if_left_out(empty: object):
    """`null` where something may be left out."""
    value = {"fault": "refuse", "match": empty, "params": empty, "times": None}
    assert read_rule({"fault": "refuse"}, TIME) == read_rule(value, TIME)
    names = ("event", "webhookId", "url", "trigger", "run", "operation", "from", "to")
    assert read_rule({"fault": "refuse"}, TIME) == read_rule({**value, "match": dict.fromkeys(names)}, TIME)


def test_every_problem_at_once():
    """One error names all that is wrong, and where to read on."""
    value = {"fault": "answer", "match": {"run": 0}, "times": -1, "probability": 2, "params": {"status": 1}, "x": 1}
    with pytest.raises(BadInput, match="frontsim fault --help") as caught:
        read_rule(value, TIME)
    assert {"x", "match.run", "params.status", "times", "probability"} == caught.value.fields.keys()


def test_ids_in_every_form():
    """A webhook's id is a UUID, in any case."""
    assert ID == read_rule({"fault": "refuse", "match": {"webhookId": ID.upper()}}, TIME).match.webhook_id


def test_the_hour_that_autumn_repeats():
    """A window that ends in it reaches to the second pass, as a listing's does."""
    match = {"from": "2026-10-25T02:30:00", "to": "2026-10-25T02:30:00"}
    found = read_rule({"fault": "refuse", "match": match}, TIME).match
    assert 3_600_000 == found.until - found.since


@pytest.mark.parametrize("moment", [date(2026, 1, 2), datetime(2026, 1, 2, 0, 0)])  # noqa: DTZ001 - as TOML reads it
def test_dates_of_a_scenario(moment: date):
    """TOML has its own dates."""
    assert TIME.read("2026-01-02") == read_rule({"fault": "refuse", "match": {"from": moment}}, TIME).match.since


def test_the_rule_that_is_replaced():
    """It may be named as it was listed, and by no other id; a new rule has neither id nor count."""
    value = {"id": "7", "fault": "refuse", "fired": object()}
    assert read_rule({"fault": "refuse"}, TIME) == read_rule(value, TIME, replaces=7)
    for replaces, wrong in ((8, {"id"}), (None, {"id", "fired"})):
        with pytest.raises(BadInput) as caught:
            read_rule(value, TIME, replaces=replaces)
        assert wrong == caught.value.fields.keys()


RULES = st.fixed_dictionaries(
    {"fault": st.sampled_from([name for name, fault in FAULTS.items() if fault.stage is not FaultStage.API])},
    optional={
        "times": st.none() | st.integers(1, 2**60),
        "probability": st.floats(0, 1),
        "match": st.fixed_dictionaries(
            {},
            optional={
                "event": st.text(min_size=1),
                "url": st.text(min_size=1),
                "webhookId": st.uuids().map(str),
                "trigger": st.sampled_from(["Original", "Resend"]),
                "run": st.integers(1, 2**60),
                "from": st.dates().map(str),
            },
        ),
    },
)


@given(RULES)
def test_reading_what_was_written(value):
    """A rule that is listed reads back as itself."""
    rule = read_rule(value, TIME)
    written = write_rule(rule, 0, TIME)
    assert written == write_rule(read_rule(written, TIME, replaces=0), 0, TIME)
