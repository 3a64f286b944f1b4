"""Locust workers that die: their leases take half a minute to run out."""

from pathlib import Path

import httpx
import pytest

from tests.load.conftest import Receivers, StartLocust
from tests.load.test_locust_hooks import RUN, counts_in, options_of
from tests.support.patience import PATIENCE_S
from tests.support.ports import free_port

pytestmark = pytest.mark.long


def test_a_killed_worker_leaves_no_event_unaccounted_for(
    receivers: Receivers, locust: StartLocust, tmp_path: Path
) -> None:
    """kill -9 in the middle: its leases run out as unknown, are resent, and every event is booked once.

    Locust's page shows meanwhile, in a tab of ours, what is lost and doubled so far.
    """
    receiver = receivers.start("reference")
    port = str(free_port())
    ttl = ("--lease-ttl", "30")  # a worker that lives reports within it, however busy the machine
    page = str(free_port())
    shared = ("--master", "--expect-workers", "2", "--master-bind-port", port)
    shown = ("--autostart", "--web-port", page)
    master = locust("steady.py", *RUN, *ttl, *shared, *shown, *options_of(receiver))
    workers = [locust("steady.py", "--worker", "--master-port", port) for _ in range(2)]
    master.wait_for("All users spawned|Spawning is complete")  # the second where a busy worker reports late
    master.wait_for(r"so far: [\d,]{3,} events")  # so many that both have leased some
    workers[0].kill()
    with httpx.Client(base_url=f"http://127.0.0.1:{page}", timeout=PATIENCE_S) as browser:
        (tab,) = browser.get("/stats/requests").json()["extended_stats"]
        assert "Lost and duplicated" in browser.get("/").text
    assert "frontsim" == tab["key"]
    assert tab["data"][0]["events"] > 0
    code, _, err = master.interrupt()
    assert 0 == code, err
    verdict, counts = counts_in(tmp_path)
    assert "verified" == verdict
    assert counts["events"] == counts["acknowledged"] == counts["effects"] > 0
    assert counts["resent"] > 0
