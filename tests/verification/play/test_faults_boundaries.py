"""Which of a receiver's requests are broken, against dependencies that only count; no time passes."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from frontsim.verification.dependency.breakage import Breakage, DependencyFault
from frontsim.verification.play import faults
from frontsim.verification.play.faults import break_at_boundaries
from frontsim.verification.scenario.steps import AtBoundaries, BoundaryAct


class CountingDependencies:
    """Dependencies of which a receiver asks so much for each event, and one that polls asks all the time, too."""

    def __init__(self, *, requests: int, commits: int = 0, polls: bool = False) -> None:
        self.requests, self.newly_committed, self.polls = requests, commits, polls
        self.asked = self.committed = self.hits = 0
        self.breakages: list[Breakage] = []
        self.now_s = 0.0
        self.is_broken = False

    def answers(self, _: str) -> int:
        return self.asked

    def commits(self, _: str) -> int:
        return self.committed

    def break_(self, breakage: Breakage) -> None:
        self.breakages.append(breakage)
        self.is_broken, self.hits = True, 0

    def mend(self) -> None:
        self.is_broken = False

    def gets_event(self, *_: object) -> None:
        self.asked += self.requests
        self.committed += self.newly_committed
        self.hits += self.is_broken

    def pause(self, seconds: float) -> None:
        self.now_s += seconds
        self.asked += self.polls

    @property
    def broken(self) -> list[tuple[DependencyFault, int]]:
        return [(each.fault, each.after) for each in self.breakages]


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Plays the step on one type of event; gives what the scenario noted."""

    def play(
        counting: CountingDependencies,
        act: BoundaryAct,
        *,
        most: int = 12,
        late_after: int = 99,
        may_kill_again: bool = True,
    ) -> Any:
        killed: list[bool] = []

        def kill_in_delivery(
            *_: object, kill: Callable[[], None], before_start: Callable[[], None], **__: object
        ) -> None:
            counting.gets_event()
            kill()
            before_start()

        monkeypatch.setattr(faults, "dependencies_of", lambda _: counting)
        monkeypatch.setattr(faults, "raise_events", counting.gets_event)
        monkeypatch.setattr(faults, "await_return", lambda _: None)
        monkeypatch.setattr(faults, "stopwatch", lambda: counting.now_s)
        monkeypatch.setattr(faults, "kill_in_delivery", kill_in_delivery)
        state = SimpleNamespace(
            turn="db",
            hits=0,
            faults=[],
            killed=killed,
            is_late=lambda: len(counting.breakages) >= late_after,
            may_kill_again=may_kill_again,
            drain=lambda: None,
            now_ms=lambda: round(counting.now_s * 1000),
            harness=SimpleNamespace(
                pause=counting.pause,
                given=SimpleNamespace(
                    selection=SimpleNamespace(types=lambda _: ["SaleCreated"]),
                    process=SimpleNamespace(kill=lambda: killed.append(counting.is_broken)),
                ),
            ),
        )
        break_at_boundaries(state, AtBoundaries(act=act, events="one", most=most))
        return state

    return play


def test_each_request_and_the_answer_to_each_is_lost_once(played: Callable[..., Any]) -> None:
    """BEGIN, INSERT, INSERT, COMMIT: eight events, each broken once, at another request or answer."""
    database = CountingDependencies(requests=4, commits=1)
    state = played(database, BoundaryAct.LOSE)
    lost = (DependencyFault.LOST_ANSWER, DependencyFault.LOST_REQUEST)
    assert [(fault, number) for fault in lost for number in range(4)] == database.broken
    assert {("db", 1)} == {(each.dependency, each.times) for each in database.breakages}
    named = "dependency db: answer 1 lost", "dependency db: request 4 lost"
    assert (8, named, "hits=1") == (
        state.hits,
        (state.faults[0].fault, state.faults[7].fault),
        state.faults[0].detail,
    )


def test_the_receiver_is_killed_while_each_answer_is_held(played: Callable[..., Any]) -> None:
    database = CountingDependencies(requests=2)
    state = played(database, BoundaryAct.KILL)
    assert [(DependencyFault.HELD_ANSWER, 0), (DependencyFault.HELD_ANSWER, 1)] == database.broken
    assert ([True, True], "dependency db: answer 2 held") == (state.killed, state.faults[1].fault)


@pytest.mark.parametrize(("most", "numbers"), [(1, [0]), (2, [0, 8]), (3, [0, 4, 8]), (9, list(range(9)))])
def test_of_many_requests_some_are_broken_the_first_and_the_last_among_them(
    played: Callable[..., Any], most: int, numbers: list[int]
) -> None:
    database = CountingDependencies(requests=9)
    played(database, BoundaryAct.LOSE, most=most)
    assert numbers * 2 == [number for _, number in database.broken]


def test_of_a_receiver_that_polls_the_commits_are_broken(played: Callable[..., Any]) -> None:
    """Its other requests cannot be told from what it asks anyway."""
    database = CountingDependencies(requests=5, commits=2, polls=True)
    played(database, BoundaryAct.LOSE)
    assert [(DependencyFault.LOST_COMMIT, 0), (DependencyFault.LOST_COMMIT, 1)] == database.broken


def test_it_ends_when_time_is_over_or_the_receiver_may_not_be_killed_again(played: Callable[..., Any]) -> None:
    database = CountingDependencies(requests=5)
    played(database, BoundaryAct.LOSE, late_after=2)
    assert 2 == len(database.breakages)
    database = CountingDependencies(requests=5)
    played(database, BoundaryAct.KILL, may_kill_again=False)
    assert [] == database.breakages


def test_a_receiver_that_asks_nothing_has_nothing_to_break(played: Callable[..., Any]) -> None:
    database = CountingDependencies(requests=0)
    played(database, BoundaryAct.LOSE)
    assert [] == database.breakages
