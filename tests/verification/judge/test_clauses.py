import pytest

from frontsim.errors import Unusable
from frontsim.verification.facts.classes import GOOD, MEANING, USUAL_CAUSE, Class
from frontsim.verification.judge.clauses import load
from frontsim.verification.scenario.scenario import bundled_scenarios

CONTRACT = load()


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
    assert {name for clause in CONTRACT for name in clause.scenarios} <= known


def test_every_clause_can_be_broken():
    """No clause is dead: each is judged in some scenario."""
    judged = {clause.id for scenario in bundled_scenarios() for clause in CONTRACT.judged_in(scenario.name)}
    assert judged == {clause.id for clause in CONTRACT}


GENERAL = """
[[clause]]
id = "a"
sentence = "s"
reason = "r"
severity = "must"
classes = ["lost", "lost-after-ack", "burned", "duplicated", "unexpected",
  "corrupt", "stale", "rejected", "crashed", "unsettled"]
"""


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (GENERAL.replace("must", "may"), "severity: expected must or note, got 'may'"),
        (GENERAL.replace('"lost", ', ""), "got none for lost"),
        (GENERAL.replace('"lost"', '"gone"'), "classes: expected some of"),
        (GENERAL + "more = 1", "expected one of the keys"),
        (GENERAL + GENERAL, "expected each id once, got a twice"),
        (GENERAL.replace('reason = "r"', ""), "expected the key 'reason', got none"),
        ("[[clause", "expected TOML"),
    ],
)
def test_a_contract_of_another_shape_is_refused(tmp_path, text, told):
    """What is wrong in a contract file is told with the file and the key."""
    file = tmp_path / "receiver.toml"
    file.write_text(text)
    with pytest.raises(Unusable, match=r"receiver\.toml") as refused:
        load(file)
    assert told in str(refused.value)
