"""What a load test knows of the receiver's derived state before the load."""

from argparse import Namespace
from pathlib import Path

import pytest

from frontsim import catalog
from frontsim.hosting.serving import run_in_thread
from frontsim.load.options import Load
from frontsim.load.plan import STEADY
from frontsim.load.setup import open_state
from frontsim.settings import Settings
from frontsim.verification.patience import TimeLimits
from frontsim.verification.request import Address, Request
from frontsim.verification.scenario.selection import Selection
from tests.support.receiver import serving

MOVEMENT = "StockMovementCreated"
LOAD = Load(STEADY, Namespace(receiver=""))
NOWHERE = Address("http://127.0.0.1:1/restapi/V2", "http://127.0.0.1:1/_sim")
LIMITS = TimeLimits(settle_s=0.1)


def test_without_a_way_to_see_it_there_is_none() -> None:
    request = Request(receiver="http://127.0.0.1:1/hook")
    with open_state(LOAD, request, Selection(catalog.load(), [MOVEMENT]), NOWHERE, limits=LIMITS) as reader:
        assert reader is None


@pytest.mark.slow
def test_clean_events_show_what_the_columns_hold_before_the_load(tmp_path: Path) -> None:
    """What those show is known of the rows that the load changes."""
    simulator = run_in_thread(Settings(port=0, ephemeral=True))
    try:
        address = Address(simulator.base_url, simulator.control_url)
        with serving("stock-by-sum", tmp_path / "stock.db") as url:
            request = Request(receiver=f"{url}/hook", observe_state=f"{url}/levels")
            load = Load(STEADY, Namespace(receiver=request.receiver))
            selection = Selection(catalog.load(), [MOVEMENT])
            with open_state(load, request, selection, address, limits=LIMITS) as reader:
                assert reader is not None
                assert "level -> the sum of quantity" in str(reader.facts().shape)
    finally:
        simulator.stop()
