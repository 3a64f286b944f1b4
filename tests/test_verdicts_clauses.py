import pytest

from frontsim.errors import Unusable
from frontsim.verdicts import NOTE, read

CLAUSE = """
[[clause]]
id = "a"
sentence = "S."
reason = "R."
severity = "must"
classes = ["lost", "doubled"]
"""
OWN = """
[[clause]]
id = "b"
sentence = "S."
reason = "R."
fix = "F."
severity = "note"
classes = ["lost"]
scenarios = ["storm"]
"""


def contract(tmp_path, text):
    file = tmp_path / "contract.toml"
    file.write_text(text)
    return read(file, ("lost", "doubled"), plays="scenarios")


def test_a_clause_of_the_scenario_wins_over_the_general_one(tmp_path):
    found = contract(tmp_path, CLAUSE + OWN)
    assert ("b", "a", "a") == (
        found.broken_by("lost", "storm").id,
        found.broken_by("lost", "another").id,
        found.broken_by("doubled", "storm").id,
    )
    assert (["a", "b"], ["a"]) == (
        [clause.id for clause in found.judged_in("storm")],
        [clause.id for clause in found.judged_in("another")],
    )
    assert ("F.", NOTE) == (list(found)[1].fix, list(found)[1].severity)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (CLAUSE.replace("must", "may"), "clause 1.severity: expected one of must, note, got 'may'"),
        (CLAUSE.replace('"lost", ', ""), "expected a clause without scenarios for every class, got none for lost"),
        (OWN + CLAUSE.replace('"lost", ', ""), "got none for lost"),
        (CLAUSE.replace('"lost"', '"gone"'), "clause 1.classes: expected some of doubled, lost"),
        (CLAUSE + "more = 1", "clause 1.more: expected one of id, sentence"),
        (CLAUSE + CLAUSE, "expected each id once, got a twice"),
        (CLAUSE.replace('reason = "R."', ""), "clause 1.reason: expected a text, got nothing"),
        ("[[clause", "expected TOML"),
    ],
)
def test_a_contract_of_another_shape_is_refused(tmp_path, text, told):
    """With the file and the key."""
    with pytest.raises(Unusable, match=r"contract\.toml") as refused:
        contract(tmp_path, text)
    assert told in str(refused.value)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(Unusable, match="expected a file that can be read"):
        read(tmp_path / "nowhere.toml", ("lost",), plays="cases")
