from frontsim.recovery.judge import CLASSES, job_contract


def test_every_class_breaks_a_clause_in_every_case():
    """A general one, where the case has none of its own."""
    contract = job_contract()
    assert all(contract.broken_by(class_, "a case that does not exist").id for class_ in CLASSES)


def test_a_case_of_its_own_wins():
    """Two copies that resend are another mistake than a resend of what had arrived."""
    contract = job_contract()
    assert "runs-alone" == contract.broken_by("resent-delivered", "two-at-once").id
    assert "leaves-delivered-alone" == contract.broken_by("resent-delivered", "every-webhook").id
