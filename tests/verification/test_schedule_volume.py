"""How many events a scenario raises against a receiver that takes so many deliveries a second."""

import pytest

from frontsim.domain.model import Outcome, Trigger
from frontsim.verification.effects.history import EventFact, History, Run
from frontsim.verification.scenario.scenario import bundled_scenarios
from frontsim.verification.scenario.selection import Selection
from frontsim.verification.scenario.steps import Raise
from frontsim.verification.schedule import deliveries_per_s, fitted
from tests.verification.laboratory import CATALOG

BUNDLED = {each.name: each for each in bundled_scenarios()}
SELECTION = Selection(CATALOG)


def fit(name, per_s):
    return fitted(
        BUNDLED[name],
        per_s=per_s,
        number_of=lambda events: len(SELECTION.types(events)),
        pasts_of=lambda events: sum(SELECTION.past(event) is not None for event in SELECTION.types(events)),
    )


def counts(scenario):
    return [step.count for step in scenario.steps if isinstance(step, Raise)]


@pytest.mark.parametrize(
    ("name", "per_s", "wanted"),
    [
        ("storm", 1000, [50]),
        ("storm", 3.0, [4]),  # 50 of each of 4 types, with 0.09 copies: 18 / 218 of them
        ("storm", 0.1, [2]),
        ("duplicate-race", 3.0, [2, 2, 2]),
        ("late-resend", 3.0, [1, 4]),
        ("steady", 0.1, [1]),
    ],
)
def test_a_scenario_has_as_many_events_as_the_receiver_takes_in_six_seconds(name, per_s, wanted):
    """Two at least where there are several, and every type."""
    assert wanted == counts(fit(name, per_s).scenario)


def test_what_was_left_out_is_said():
    """A scenario with fewer events proves less."""
    assert (
        "played with 16 of 200 events, because the receiver takes about 3 deliveries a second" == fit("storm", 3).note
    )
    assert "" == fit("steady", 4.0).note == fit("storm", 1000).note


@pytest.mark.parametrize(
    ("name", "deliveries"),
    [
        ("steady", 3 + 8 + 21 + 1),  # clean events, pasts, its own, and a clean one at the end
        ("resend-delivered", 3 + 8 + 21 + (3 + 8 + 21) + 1),  # it resends all of them
        ("lost-response", 3 + 8 + 21 + 21 + 1),  # the list -> resend job resends what was broken
        ("long-memory", 3 + 2 + 8 + (3 + 2 + 8) + 1),
    ],
)
def test_how_long_it_takes_is_known_before(name, deliveries):
    """A scenario that does not fit in the rest of the budget does not begin."""
    assert deliveries / 4 == fit(name, 4.0).expected_s


def test_how_long_the_end_of_one_that_waits_takes_is_known_before():
    """Scenarios that are played meanwhile leave it that much of the budget."""
    assert ((3 + 2 + 8 + 1) / 4, 0) == (fit("long-memory", 4.0).end_s, fit("steady", 4.0).end_s)


def runs(*spans):
    return tuple(
        Run(number, Trigger.ORIGINAL, Outcome.ANSWERED, "OK", 200, begin, duration_ms=end - begin)
        for number, (begin, end) in enumerate(spans, 1)
    )


@pytest.mark.parametrize(
    ("spans", "wanted"),
    [
        ([(0, 300), (0, 600), (0, 900)], 3 / 0.9),  # one after another
        ([(0, 300), (10, 310), (20, 320)], 3 / 0.32),  # side by side
        ([(0, 300), (5_000, 5_300)], 2 / 0.6),  # nothing was sent for a while
        ([], 0),
    ],
)
def test_a_rate_is_counted_while_deliveries_are_under_way(spans, wanted):
    """An idle receiver is not a slow one."""
    events = tuple(EventFact("w", str(number), "SaleCreated", (run,)) for number, run in enumerate(runs(*spans)))
    assert pytest.approx(wanted) == deliveries_per_s(History("steady", events))


def test_a_rate_that_a_receiver_limits_counts_the_pauses():
    """From the first delivery to the last: 3 in 5.3 s, though each takes 10 ms."""
    events = (EventFact("w", "a", "SaleCreated", runs((200, 210), (1_000, 1_010), (5_490, 5_500))),)
    assert pytest.approx(3 / 5.3) == deliveries_per_s(History("steady", events), counts_pauses=True)
