"""A load test between its setup and its teardown, on real sockets: a simulator and a receiver."""

from argparse import Namespace
from collections.abc import Iterator

import pytest

from frontsim.load.master.setup import LoadSetup, set_up
from frontsim.load.plan.load import Load
from frontsim.load.plan.options import NOT_GIVEN
from frontsim.load.plan.plans import LOST_ANSWERS
from frontsim.serving import run_in_thread
from frontsim.settings import Settings
from tests.load.conftest import Receivers


@pytest.fixture
def load(receivers: Receivers) -> Iterator[Load]:
    running = run_in_thread(Settings(port=0, ephemeral=True))
    receiver = receivers.start("reference")
    options = Namespace(
        receiver=receiver.hook,
        observe_url=f"{receiver.effects}?payload=false",
        observe_sql=None,
        observe_cmd="",
        observe_sink="",
        observers_of_file={},
        observe_state="",
        delivery_shape="bare",
        observe_key="webhookEventId",
        simulator=running.base_url,
        simulator_token="",
        insecure=False,
        no_tls_verify=False,
        tls_ca="",
        check_content=False,
        mix="SaleCreated=3,CustomerCreated=1",
        seed=1,
        pace=0.0,
        live=0.0,
        backlog=10,
        day_seconds=60.0,
        event_rate=1.0,
        resend_after=3.0,
        answer_timeout=3.0,
        lease_ttl=4.0,
        settle=0.05,
        end_timeout=20.0,
        stop_timeout=NOT_GIVEN,
        run_time=3,
        unsent_share=0.0,
        lost_share=0.1,
        late_share=0.0,
        down_from=None,
        down_to=None,
    )
    yield Load(LOST_ANSWERS, options)
    running.stop()


@pytest.fixture
def setup(load: Load) -> Iterator[LoadSetup]:
    opened = set_up(load)
    yield opened
    opened.close()
