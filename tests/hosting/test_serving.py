"""A server in a thread, for tests and tools; the address it listens on; its end."""

import os
import resource
import socket
import threading
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
import uvicorn

from frontsim.errors import Unusable
from frontsim.hosting.serving import _Server, run_in_thread
from frontsim.settings import Settings
from frontsim.subjects import serve as receivers
from tests.support.child import Child
from tests.support.patience import PATIENCE_S
from tests.support.recorder import Recorder
from tests.support.simulation import simulation

pytestmark = pytest.mark.slow


def test_running_in_a_thread():
    """It answers when the call returns, and not after `stop`; the thread is gone then."""
    before = threading.active_count()
    running = run_in_thread(Settings(port=0, ephemeral=True))
    assert running.base_url.endswith("/restapi/V2")
    assert running.control_url.endswith("/_sim")
    assert 200 == httpx.get(f"{running.control_url}/health", trust_env=False, timeout=PATIENCE_S).status_code
    running.stop()
    assert before == threading.active_count()
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{running.control_url}/health", trust_env=False, timeout=PATIENCE_S)


@pytest.mark.parametrize(
    "server",
    [_Server(SimpleNamespace(), ready=lambda: None), receivers.Server(SimpleNamespace(), listening=lambda: None)],  # type: ignore[arg-type]
    ids=["simulator", "receiver"],
)
def test_an_idle_connection_outlives_the_patience_of_clients(server: uvicorn.Server):
    """Where both give it up after 5 s, a call may be sent on a connection that is closed at that moment."""
    assert server.config.timeout_keep_alive > 2 * (httpx.Limits().keepalive_expiry or 0)


def test_stopping_twice():
    """A second `stop` does nothing."""
    running = run_in_thread(Settings(port=0, ephemeral=True))
    running.stop()
    running.stop()


def test_several_in_one_process():
    """Simulators share nothing: neither port, nor log, nor fault rules."""
    with simulation() as one, simulation() as other:
        one.subscribes("http://a.example")
        one.breaks("refuse")
        assert ([], []) == (other.api("GET", "Webhooks").json(), other.does("faults", method="GET"))


@pytest.mark.parametrize("host", ["::1", "localhost", "127.0.0.1"])
def test_addresses(host: str):
    """IPv4 and IPv6; an IPv6 address stands in brackets in the URL."""
    with simulation(host=host) as sim:
        assert ("[::1]" in sim.control_url) == (host == "::1")
        assert 200 == sim.sim("GET", "health").status_code


def test_a_port_in_use():
    """Refused at once, with what to do; and the port is free again after a server ends."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Unusable, match=f"port {port}.*--port 0"):
            run_in_thread(Settings(port=port, ephemeral=True))
    with simulation(port=port):
        pass
    with simulation(port=port) as sim:
        assert port == sim.port


def test_a_start_that_fails_leaves_nothing(tmp_path: Path):
    """After a refusal the file can be used by the next."""
    with simulation(ephemeral=False, db=tmp_path / "log.db") as sim:
        with pytest.raises(Unusable, match="in use by another"):
            run_in_thread(Settings(port=0, db=tmp_path / "log.db"))
        assert 200 == sim.sim("GET", "health").status_code
    with simulation(ephemeral=False, db=tmp_path / "log.db"):
        pass


def test_a_log_that_is_no_file(tmp_path: Path):
    """A pipe would keep SQLite waiting for ever; a device would be written to."""
    os.mkfifo(tmp_path / "pipe")
    for db in (tmp_path / "pipe", Path("/dev/null")):
        with pytest.raises(Unusable, match="--db"):
            run_in_thread(Settings(port=0, db=db))


def test_a_thousand_destinations_are_not_too_many(tmp_path: Path, receiver: Recorder):
    """Descriptors are not what bounds deliveries, nor callers: the system's soft limit is raised."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with Child(tmp_path / "log.db", prepare=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))) as child:
        assert min(hard, 65_536) == resource.prlimit(child.pid, resource.RLIMIT_NOFILE)[0]
        held = [socket.create_connection(("127.0.0.1", child.sim.port)) for _ in range(100)]
        child.sim.subscribes(receiver.url)
        child.sim.raises(count=20)
        child.sim.drains()
        assert 20 == len(receiver.calls)
        for link in held:
            link.close()


def test_a_log_goes_on(tmp_path: Path, receiver: Recorder):
    """Webhooks, events and the numbers of changes are there after a restart; fault rules are forgotten."""
    with simulation(ephemeral=False, db=tmp_path / "log.db") as sim:
        webhook = sim.subscribes(receiver.url)
        sim.breaks("refuse", {"run": 2})
        ids = sim.raises(count=3)
        sim.drains()
        stats, webhooks, _ = sim.state()
    with simulation(ephemeral=False, db=tmp_path / "log.db") as sim:
        again, same, rules = sim.state()
        assert (stats | {"faults": {}}, webhooks, []) == (again, same, rules)
        assert ids == [entry["webhookEventId"] for entry in sim.log(webhook)]
        bodies = {call.body for call in receiver.calls}
        sim.raises(count=3)
        assert 6 == len(bodies | {call.body for call in receiver.gets(6)}), "numbers go on, and so do payloads"


@pytest.fixture
def receiver():
    with Recorder() as recorder:
        yield recorder


@pytest.mark.parametrize(
    "change", [{}, {"set": {"comment": "x" * 1000}, "invalid": True}], ids=["plain", "own payload"]
)
def test_a_stop_does_not_wait_for_a_call_that_raises_many(tmp_path: Path, change: dict[str, object]):
    """The call ends with a 503 or a reset; what it has logged until then stays."""
    ends: list[object] = []

    def raise_many(url: str) -> None:
        many = {"event": "SaleCreated", "count": 100_000, **change}
        try:
            ends.append(httpx.post(url, json=many, trust_env=False, timeout=PATIENCE_S).status_code)
        except httpx.TransportError as error:
            ends.append(error)

    with simulation(ephemeral=False, db=tmp_path / "log.db") as sim:
        caller = threading.Thread(target=raise_many, args=(f"{sim.control_url}/trigger",))
        caller.start()
        assert 200 == sim.sim("GET", "health").status_code
    caller.join()
    assert ends == [503] or isinstance(ends[0], httpx.TransportError)
