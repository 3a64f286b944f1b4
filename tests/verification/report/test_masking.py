import pytest

from frontsim.errors import BadInput
from frontsim.verification.judge.checks import Judgement, Verdict
from frontsim.verification.report.masking import masked, masked_errors, without_secrets


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("expected http://user:hunter2@shop:1/hook to answer", "expected http://***@shop:1/hook to answer"),
        ("http://a:hunter2@x and https://b:hunter2@y", "http://***@x and https://***@y"),
        ("GET http://shop/e?token=hunter2&all=1: got 500", "GET http://shop/e?token=***&all=1: got 500"),
        ("SQL on postgresql://me:hunter2/@#@shop/db: no", "SQL on postgresql://me:***@shop/db: no"),
        ("command PGPASSWORD=hunter2 psql: got 1", "command PGPASSWORD=*** psql: got 1"),
        ("curl -H 'Authorization: Bearer hunter2' x", "curl -H 'Authorization: Bearer ***' x"),
        ("http://shop:8500/a@b mailto:me@shop at 10:15", "http://shop:8500/a@b mailto:me@shop at 10:15"),
    ],
)
def test_secrets_are_masked_wherever_they_stand(text, told):
    """In a sentence as in a command line; what is no secret stays as it is."""
    assert told == masked(text)
    assert told == masked(told)


def test_a_judgement_is_masked_in_its_words():
    """The reason and the notes; its verdict and its counts are what they were."""
    judgement = Judgement(Verdict.UNKNOWN, "http://a:hunter2@x", notes=("http://b:hunter2@y",), counts={"events": 1})
    assert Judgement(Verdict.UNKNOWN, "http://***@x", notes=("http://***@y",), counts={"events": 1}) == without_secrets(
        judgement
    )


def test_an_error_is_masked_on_its_way_out():
    """It stays the error that it was, with all that it carries."""
    with pytest.raises(BadInput) as caught, masked_errors():
        raise BadInput("got http://a:hunter2@x", {"url": ["wrong"]})
    assert ("got http://***@x", {"url": ["wrong"]}) == (str(caught.value), caught.value.fields)
