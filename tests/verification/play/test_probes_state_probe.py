"""The look at a receiver's levels before the first scenario; for whole runs see `whole_runs`."""

from types import SimpleNamespace

import pytest

from frontsim.hosting.serving import run_in_thread
from frontsim.verification.run import open_run
from tests.verification.laboratory import HASTY, requested

pytestmark = pytest.mark.slow


def looked_at(shop, path="levels", **options):
    request = requested(shop.url, limits=HASTY, observe_state=f"{shop.url}/{path}", **options)
    with (
        open_run(request, 1, simulators=run_in_thread, pause=lambda _: None) as opened,
        opened.harness("steady") as harness,
    ):
        return harness.given.state


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


def test_customers_are_known_by_their_values(receiver):
    """Columns are put together of several fields; those who have no company or agreed to nothing are kept, too."""
    with receiver("customer-table") as url:
        shop = SimpleNamespace(url=url)
        state = looked_at(shop, path="customers", events=["CustomerCreated", "CustomerUpdated"])
    assert {"name", "email", "address"} == state.customers.columns.keys()
    assert (None, "") == (state.shape, state.failure)
    assert {("companyName", None), ("isEmployee", "false"), ("isEmployee", "true")} <= state.kept


def test_a_receiver_that_refuses_customers_has_no_known_ones(shop):
    """The reason says how many events it took."""
    shop.answers = lambda _: 422
    told = looked_at(shop, events=["CustomerCreated"]).failure
    assert "of 4 clean events about customers the receiver acknowledged 0" in told
