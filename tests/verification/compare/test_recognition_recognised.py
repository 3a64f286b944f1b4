"""When clean events have shown what a column holds."""

import pytest

from frontsim.verification.compare.recognition import Recognised, are_enough


@pytest.mark.parametrize(("agree", "of", "enough"), [(3, 4, True), (2, 4, False), (5, 7, False), (6, 8, True)])
def test_three_quarters_of_the_events_must_agree(agree, of, enough):
    """A receiver may have missed one; a column that agrees with half may do so by chance."""
    assert enough == are_enough([True] * agree + [False], of=of)


def test_nothing_is_recognised_until_something_is():
    nothing = Recognised()
    assert (None, "", False) == (nothing.shape, nothing.failure, nothing.is_whole)
