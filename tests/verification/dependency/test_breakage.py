"""Each breakage does with bytes on their way what its name says."""

import pytest

from frontsim.verification.dependency.breakage import Breakage, DependencyFault, Passage, Traffic

ON, LATER, HOLD, CUT = Passage.ON, Passage.LATER, Passage.HOLD, Passage.CUT


def broken(fault, **others):
    traffic = Traffic()
    traffic.begin(Breakage(fault, **others))
    return traffic


def answers(traffic, *kinds, dependency="db"):
    """Say what becomes of answers, each given as `is_commit`."""
    return [traffic.answer(dependency, is_first=True, is_commit=kind) for kind in kinds]


@pytest.mark.parametrize(
    ("fault", "connection", "request_", "answer"),
    [
        (DependencyFault.DOWN, CUT, ON, ON),  # what is open is cut when the fault begins
        (DependencyFault.STALL, HOLD, HOLD, HOLD),
        (DependencyFault.SLOW, ON, ON, LATER),
        (DependencyFault.LOST_REQUEST, ON, CUT, ON),
        (DependencyFault.LOST_ANSWER, ON, ON, CUT),
        (DependencyFault.HELD_ANSWER, ON, ON, HOLD),
        (DependencyFault.LOST_COMMIT, ON, ON, ON),
        (DependencyFault.HELD_COMMIT, ON, ON, ON),
    ],
)
def test_each_fault_strikes_its_own_bytes(fault, connection, request_, answer):
    traffic = broken(fault)
    assert (connection, request_, [answer]) == (traffic.connect("db"), traffic.send("db"), answers(traffic, False))


def test_a_request_is_lost_at_its_beginning():
    """What follows in the same request is none that could be lost in its place."""
    traffic = broken(DependencyFault.LOST_REQUEST, after=1)
    assert [ON, ON, CUT] == [traffic.send("db", is_first=is_first) for is_first in (True, False, True)]


def test_only_commits_are_held():
    assert [ON, HOLD, ON] == answers(broken(DependencyFault.HELD_COMMIT, times=1), False, True, True)


def test_only_commits_are_lost():
    assert [ON, CUT, ON] == answers(broken(DependencyFault.LOST_COMMIT), False, True, False)


def test_a_commit_without_an_answer_is_lost_on_its_way_there():
    assert CUT is broken(DependencyFault.LOST_COMMIT).send("db", is_commit=True)


def test_so_many_pass_first_and_so_many_are_struck():
    traffic = broken(DependencyFault.LOST_ANSWER, after=1, times=2)
    assert [ON, CUT, CUT, ON] == answers(traffic, *[False] * 4)
    assert 2 == traffic.hits


def test_the_rest_of_an_answer_passes():
    traffic = broken(DependencyFault.LOST_ANSWER)
    assert ON is traffic.answer("db", is_first=False, is_commit=False)


def test_another_dependency_is_not_struck():
    traffic = broken(DependencyFault.LOST_ANSWER, dependency="redis")
    assert [ON] == answers(traffic, False)
    assert [CUT] == answers(traffic, False, dependency="redis")


def test_answers_are_counted_for_each_dependency():
    traffic = Traffic()
    answers(traffic, False, True)
    answers(traffic, False, dependency="redis")
    assert ({"db": 2, "redis": 1}, 1) == (traffic.answers, traffic.commits.total())


def test_nothing_is_struck_once_it_has_ended():
    traffic = broken(DependencyFault.DOWN)
    traffic.end()
    assert (ON, ON) == (traffic.connect("db"), traffic.send("db"))
