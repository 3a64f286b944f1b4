from frontsim.verdicts import Verdict
from frontsim.verification.judge.checks import Judgement
from frontsim.verification.report.masking import without_secrets


def test_a_judgement_is_masked_in_its_words():
    """The reason and the notes; its verdict and its counts are what they were."""
    judgement = Judgement(Verdict.UNKNOWN, "http://a:hunter2@x", notes=("http://b:hunter2@y",), counts={"events": 1})
    assert Judgement(Verdict.UNKNOWN, "http://***@x", notes=("http://***@y",), counts={"events": 1}) == without_secrets(
        judgement
    )
