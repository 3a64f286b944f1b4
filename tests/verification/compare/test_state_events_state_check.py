"""The result of one comparison, and of all of them together."""

from frontsim.verification.compare.state_events import Comparison, StateCheck, WrongState, check_of
from frontsim.verification.effects.classes import Class


def test_a_wrong_state_accuses_no_event_by_itself():
    """It has a class of its own; an event is accused only where one explains what is shown."""
    wrong = WrongState(3, "the level is 3, not 5")
    assert (Class.WRONG_STATE, None, frozenset()) == (wrong.class_, wrong.accused, wrong.events)


def test_nothing_was_compared_until_something_is():
    check = StateCheck()
    assert ((), 0, {}, frozenset()) == (check.wrong, check.checked, check.unclear, check.compared)


WRONG, TOO = WrongState(3, "the level is 3, not 5"), WrongState(4, "the level is 4, not 5")


def test_a_comparison_is_right_and_tells_the_order_unless_it_says_otherwise():
    one = Comparison(frozenset({"a"}))
    assert ((), "", True) == (one.wrong, one.unclear, one.tells_order)


def test_comparisons_add_up():
    """A wrong row names all events about its subject; one that proves nothing counts under its reason alone."""
    found = check_of(
        [
            Comparison(frozenset({"a", "b"}), [WRONG, TOO]),
            Comparison(frozenset({"c"}), [WRONG], "shared"),
            Comparison(frozenset({"d"}), [WRONG], "shared"),
            Comparison(frozenset({"e"}), tells_order=False),
            Comparison(frozenset({"f"})),
        ]
    )
    assert [(3, frozenset({"a", "b"})), (4, frozenset({"a", "b"}))] == [
        (each.shown, each.events) for each in found.wrong
    ]
    assert (3, {"shared": 2}, frozenset({"a", "b", "f"})) == (found.checked, found.unclear, found.compared)
