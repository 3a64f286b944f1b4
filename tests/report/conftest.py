"""A receiver's report made by hand, of which each form of a report is written."""

import pytest

from tests.verification.reports import by_hand


@pytest.fixture
def report():
    """One scenario that found a duplicate, one unknown, one skipped, one verified."""
    return by_hand()
