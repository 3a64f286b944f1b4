"""The look at a receiver's levels before the first scenario; whole runs: tests/verification/test_levels_played.py."""

import pytest

from frontsim.verification.hosted import open_harnesses
from frontsim.verification.scenario.scenario import chosen
from tests.verification.laboratory import HASTY, requested

pytestmark = pytest.mark.slow


def looked_at(shop, **options):
    request = requested(shop.url, limits=HASTY, observe_state=f"{shop.url}/levels", **options)
    with (
        open_harnesses(request, 1, pause=lambda _: None) as open_harness,
        open_harness(chosen(["steady"])[0]) as harness,
    ):
        return harness.state


def test_a_receiver_that_refuses_movements_has_no_known_levels(shop):
    """The reason says how many it took."""
    shop.answers = lambda _: 422
    state = looked_at(shop)
    assert state.shape is None
    assert "of 4 clean StockMovementCreated the receiver acknowledged 0" in state.failure


def test_without_movements_there_is_nothing_to_look_at(shop):
    """--events leaves them out."""
    assert "no StockMovementCreated is sent" in looked_at(shop, events=["SaleCreated"]).failure
    assert not shop.bodies


def test_rows_that_are_no_levels(shop):
    """The shop shows its effects there: they have no level."""
    assert "expected a row of gtin" in looked_at(shop, events=["StockMovementCreated"]).failure
