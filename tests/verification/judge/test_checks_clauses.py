import pytest

from frontsim.errors import Unusable
from frontsim.verification.effects.classes import GOOD, MEANING, USUAL_CAUSE, Class
from frontsim.verification.judge.checks import receiver_contract
from frontsim.verification.scenario.scenario import bundled_scenarios

CONTRACT = receiver_contract()


def test_every_class_has_words():
    """Every class is explained, and every wrong one has a usual cause."""
    assert set(Class) == set(MEANING)
    assert set(Class) - GOOD == set(USUAL_CAUSE)


def test_a_clause_of_the_scenario_wins_over_the_general_one():
    """A duplicate in a race breaks the race's clause, elsewhere the general one."""
    assert CONTRACT.broken_by(Class.DUPLICATED, "duplicate-race").id == "books-copies-at-once-once"
    assert CONTRACT.broken_by(Class.DUPLICATED, "my-own-scenario").id == "books-a-repeat-once"


def test_every_scenario_of_a_clause_exists():
    """A clause names only scenarios that there are."""
    known = {scenario.name for scenario in bundled_scenarios()}
    assert {name for clause in CONTRACT for name in clause.only_in} <= known


def test_every_clause_can_be_broken():
    """No clause is dead: each is judged in some scenario."""
    judged = {clause.id for scenario in bundled_scenarios() for clause in CONTRACT.judged_in(scenario.name)}
    assert judged == {clause.id for clause in CONTRACT}


def test_a_contract_may_be_a_file_of_ones_own(tmp_path):
    """One that is not there is named."""
    with pytest.raises(Unusable, match=r"mine\.toml"):
        receiver_contract(tmp_path / "mine.toml")
