"""The largest body that a receiver takes, found after a large event was refused."""

import pytest

from frontsim.verification.play import probes

pytestmark = pytest.mark.slow


def test_the_limit_is_found_to_the_byte(receiver, requested, play):
    """`rejects-large` takes 100,000 bytes; the note says which stock count is larger, and nothing new is booked."""
    with receiver("rejects-large") as url:
        (played,) = play(requested(url), "big-payload")
    (note,) = [each for each in played.judgement.notes if "bytes" in each]
    assert note.startswith("takes bodies up to 100,000 bytes; a StockCountReconciled of ")
    assert note.endswith(" items is larger")
    assert {"rejected"} == {str(each.class_) for each in played.judgement.findings}


def test_a_search_that_takes_long_tells_both_ends(receiver, requested, play, monkeypatch):
    monkeypatch.setattr(probes, "EXAMINATION_S", 0)
    with receiver("rejects-large") as url:
        (played,) = play(requested(url), "big-payload")
    (note,) = [each for each in played.judgement.notes if "bytes" in each]
    assert ", and none of 1," in note


def test_a_receiver_that_takes_all_has_no_limit(receiver, requested, play):
    with receiver("reference") as url:
        (played,) = play(requested(url), "big-payload")
    assert not [each for each in played.judgement.notes if "bytes" in each]
