"""The facts that everything passes around."""

import pytest

from frontsim.domain.model import INTERRUPTED, Outcome, Result


@pytest.mark.parametrize(
    ("code", "success"),
    [(None, False), (199, False), (200, True), (204, True), (299, True), (300, False), (404, False), (500, False)],
)
def test_only_2xx_is_received(code: int | None, success: bool):
    """The vendor's rule (published)."""
    assert success == Result(Outcome.ANSWERED, "x", code).success


def test_an_interrupted_run():
    """How far it got is not known: unknown, and no success."""
    assert (Outcome.UNKNOWN, "Unknown", None, False) == (
        INTERRUPTED.outcome,
        INTERRUPTED.status,
        INTERRUPTED.status_code,
        INTERRUPTED.success,
    )


def test_words_of_the_edge():
    """As they stand in JSON."""
    assert ["answered", "not sent", "unknown"] == list(Outcome)
