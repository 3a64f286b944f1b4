import pytest

from frontsim.errors import Unusable
from frontsim.recovery.clauses import CLASSES, load

CLAUSE = 'id = "a"\nsentence = "S."\nreason = "R."\nfix = "F."\n'


def test_every_class_breaks_a_clause_in_every_case():
    """A general one, where the case has none of its own."""
    contract = load()
    assert all(contract.broken_by(class_, "a case that does not exist").id for class_ in CLASSES)


def test_a_case_of_its_own_wins():
    """Two copies that resend are another mistake than a resend of what had arrived."""
    contract = load()
    assert "runs-alone" == contract.broken_by("resent-delivered", "two-at-once").id
    assert "leaves-delivered-alone" == contract.broken_by("resent-delivered", "every-webhook").id


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[[clause]]\n" + CLAUSE + 'classes = ["lost"]', "clause 1.classes: expected some of missed"),
        ("[[clause]]\n" + CLAUSE, "clause 1.classes: expected an array, got nothing"),
        ("[[clause]]\n" + CLAUSE + 'classes = ["missed"]\nwhy = 1', "clause 1.why: expected one of id"),
        ("[[clause]]\n" + CLAUSE + 'classes = ["missed"]', "expected a clause without cases for every class"),
        ("[", "expected TOML"),
    ],
)
def test_a_wrong_contract_says_what_is_wrong(tmp_path, text, told):
    """With the file and the key."""
    file = tmp_path / "job.toml"
    file.write_text(text)
    with pytest.raises(Unusable, match=told) as raised:
        load(file)
    assert str(file) in str(raised.value)
