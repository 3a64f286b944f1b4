"""One address for the receiver's calls, which leads to one simulator after another."""

import gc
import socket
from contextlib import ExitStack

import httpx
import pytest

from frontsim.verification.dependency.breakage import WayBack, open_way_back
from tests.support.patience import PATIENCE_S
from tests.support.simulation import simulation


def test_it_leads_to_one_simulator_after_another() -> None:
    """Whole answers, many calls on one connection, and each connection counted."""
    with open_way_back() as way, httpx.Client(trust_env=False, timeout=PATIENCE_S, headers={"x-api-key": "k"}) as http:
        for seed in (1, 2):
            with simulation(seed=seed) as sim:
                way.lead_to(sim.base_url)
                for _ in range(2):
                    assert sim.api("GET", "Stores").json() == http.get(f"{way.base_url}/api/Stores").json()
            http.close()
            http = httpx.Client(trust_env=False, timeout=PATIENCE_S, headers={"x-api-key": "k"})
        http.close()
        assert 2 == way.calls


def test_it_resets_where_it_leads_nowhere() -> None:
    """Before the first simulator, and after the end nothing listens."""
    with open_way_back() as way:
        with pytest.raises(httpx.TransportError):
            httpx.get(f"{way.base_url}/api/Stores", trust_env=False, timeout=PATIENCE_S)
        port = int(way.base_url.split(":")[2].split("/")[0])
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S):
        pass


def test_the_environment_says_where_and_with_which_keys() -> None:
    way = WayBack("http://127.0.0.1:8400/restapi/V2")
    assert "http://127.0.0.1:8400/restapi/V2" == way.environment["FRONTSIM_BASE_URL"]
    assert {"FRONTSIM_API_KEY", "FRONTSIM_SUBSCRIPTION_KEY"} < way.environment.keys()
    assert way.is_fixed
    way.close()


def test_connections_that_a_receiver_holds_open_end_before_the_loop(caplog) -> None:
    """No task is left behind: asyncio would say so when it is collected, in the middle of something else."""
    with simulation() as sim, ExitStack() as held:
        with open_way_back() as way:
            way.lead_to(sim.base_url)
            for _ in range(8):
                http = held.enter_context(httpx.Client(trust_env=False, timeout=PATIENCE_S, headers={"x-api-key": "k"}))
                assert http.get(f"{way.base_url}/api/Stores").is_success
        gc.collect()
    assert "" == caplog.text
