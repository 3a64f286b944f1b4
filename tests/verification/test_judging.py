from frontsim.verification.facts.classes import Class
from frontsim.verification.judge.checks import Finding
from frontsim.verification.judging import accused_by


def test_an_event_is_accused_of_the_first_thing_that_was_found():
    """Its exchange is read once, for what the report tells first."""
    found = [
        Finding(Class.LOST, clause="c", event="SaleCreated", webhook_event_id=each, detail=f"{each} {place}")
        for place, each in enumerate("aba")
    ]
    assert {"a": (Class.LOST, "a 0"), "b": (Class.LOST, "b 1")} == accused_by(found)
