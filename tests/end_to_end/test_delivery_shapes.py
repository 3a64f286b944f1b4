"""Shapes on the wire: in deliveries, in leases and under faults, while the log keeps the bare payload."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import orjson
import pytest

from tests.support.recorder import Recorder
from tests.support.simulation import Simulation, simulation


@pytest.fixture
def shaped() -> Iterator[Callable[[str], Simulation]]:
    """Starts a simulator whose deliveries have that shape."""
    with ExitStack() as stack:
        yield lambda shape: stack.enter_context(simulation(delivery_shape=shape))


def test_a_delivery_and_its_resend(shaped: Callable[[str], Simulation], receiver: Recorder):
    """Every run has the shape, with its own number; the log has the payload alone."""
    sim = shaped("typed")
    webhook = sim.subscribes(receiver.url)
    [event_id] = sim.raises()
    sim.drains()
    sim.resends(webhook, event_id)
    first, second = (orjson.loads(call.body) for call in receiver.calls)
    assert first == second
    assert ("SaleCreated", event_id) == (first["type"], first["id"])
    assert sim.entry(webhook, event_id)["payload"] == {
        name: value for name, value in first.items() if name not in ("type", "id")
    }


def test_everything_that_a_file_can_name(shaped: Callable[[str], Simulation], receiver: Recorder, tmp_path: Path):
    """Facts that only the log knows are right in an original, and in a resend, which is read back from the file."""
    file = tmp_path / "shape.toml"
    file.write_text(
        '[envelope]\nat = "{createdDateTime}"\nstore = "{storeId}"\nrun = "{run}"\nwebhook = "{webhookId}"\n'
        'data = "{payload}"\n[headers]\nAuthorization = "Bearer secret"\n'
    )
    sim = shaped(str(file))
    webhook = sim.subscribes(receiver.url)
    [event_id] = sim.raises()
    sim.drains()
    sim.resends(webhook, event_id)
    entry = sim.entry(webhook, event_id)
    expected = {
        "at": entry["createdDateTime"],
        "store": entry["payload"]["storeId"],
        "run": 1,
        "webhook": webhook,
        "data": entry["payload"],
    }
    first, second = receiver.calls
    assert (expected, {**expected, "run": 2}) == (orjson.loads(first.body), orjson.loads(second.body))
    assert ("Bearer secret", "Bearer secret") == (first.headers["authorization"], second.headers["authorization"])


def test_a_fixed_header_is_for_senders_alone(shaped: Callable[[str], Simulation], receiver: Recorder, tmp_path: Path):
    """A lease has its value, because an outside deliverer must send it; the page has not."""
    file = tmp_path / "shape.json"
    file.write_text('{"headers": {"Shop-Pass": "hunter2"}}')
    sim = shaped(str(file))
    sim.subscribes(receiver.url)
    [event_id] = sim.raises()
    sim.drains()
    assert "hunter2" == receiver.calls[0].headers["shop-pass"]
    for path in ("", "/runs/1"):
        shown = sim.sim("GET", f"page/events/{event_id}{path}").text
        assert ("Shop-Pass" in shown, "hunter2" in shown) == (True, False)
    [leased] = sim.does("leases", {"event": "SaleCreated"})["deliveries"]
    assert "hunter2" == leased["headers"]["Shop-Pass"]


def test_a_user_in_the_url_is_the_one_authorization(
    shaped: Callable[[str], Simulation], receiver: Recorder, tmp_path: Path
):
    file = tmp_path / "shape.json"
    file.write_text('{"headers": {"Authorization": "Bearer secret"}}')
    sim = shaped(str(file))
    sim.subscribes(receiver.url.replace("//", "//ann:pass@"))
    sim.raises()
    sim.drains()
    assert receiver.calls[0].headers["authorization"].startswith("Basic ")


def test_a_lease_is_handed_out_in_shape(shaped: Callable[[str], Simulation]):
    """Outside deliverers send the body, URL and headers that they are given."""
    sim = shaped("event")
    sim.subscribes("http://127.0.0.1:1/hook/{event}")
    [leased] = sim.does("leases", {"event": "SaleCreated"})["deliveries"]
    assert "SaleCreated" == orjson.loads(leased["body"])["event"]
    assert "http://127.0.0.1:1/hook/SaleCreated" == leased["url"]


def test_the_event_in_a_webhooks_url(sim: Simulation, receiver: Recorder):
    """Each delivery has its own type there, broken or not; the webhook's view and the log keep the URL as it is."""
    url = f"{receiver.url}/{{event}}?e={{event}}"
    webhook = sim.subscribes(url)
    sim.breaks("unknown-field", times=1)
    sim.raises(count=2)
    sim.drains()
    assert url == sim.api("GET", f"Webhooks/{webhook}").json()["url"]
    path = receiver.url.partition("//")[2].partition("/")[2]
    assert {f"POST /{path}/SaleCreated?e=SaleCreated HTTP/1.1"} == {call.line for call in receiver.calls}


@pytest.mark.parametrize("fault", ["unknown-field", "null-optional", "missing-field", "wrong-type", "huge"])
def test_a_fault_that_breaks_a_field_breaks_the_payload(
    shaped: Callable[[str], Simulation], receiver: Recorder, fault: str
):
    """The envelope stays whole."""
    sim = shaped("envelope")
    webhook = sim.subscribes(receiver.url)
    sim.breaks(fault)
    [event_id] = sim.raises()
    sim.drains()
    body = orjson.loads(receiver.calls[0].body)
    assert ("SaleCreated", event_id) == (body["event"], body["id"])
    assert sim.entry(webhook, event_id)["payload"] != body["data"]


def test_a_fault_that_breaks_the_bytes_breaks_the_body(shaped: Callable[[str], Simulation], receiver: Recorder):
    """And an unknown event is unknown in the body, too."""
    sim = shaped("envelope")
    sim.subscribes(receiver.url)
    for fault in ("unknown-event", "bom", "duplicate-key", "wrong-content-type"):
        sim.breaks(fault, times=1)
    sim.raises(count=4)
    sim.drains()
    unknown, bom, twice, text = (call.body for call in sorted(receiver.calls, key=lambda call: call.event_id))
    assert "SomethingNewHappened" == orjson.loads(unknown)["event"]
    assert bom.startswith(b'\xef\xbb\xbf{"event":')
    assert twice.startswith(b'{"event":"SaleCreated","event":')
    assert text.startswith(b'{"event":"SaleCreated","id":')
