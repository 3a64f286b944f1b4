"""What a comparison came to, before anything is added to it."""

from frontsim.verification.facts.classes import Class
from frontsim.verification.facts.derived_state.state_check import StateCheck, WrongState


def test_a_wrong_state_accuses_no_event_by_itself():
    """It has a class of its own; an event is accused only where one explains what is shown."""
    wrong = WrongState(3, "the level is 3, not 5")
    assert (Class.WRONG_STATE, None, frozenset()) == (wrong.class_, wrong.accused, wrong.events)


def test_nothing_was_compared_until_something_is():
    check = StateCheck()
    assert ((), 0, {}, frozenset()) == (check.wrong, check.checked, check.unclear, check.compared)
