"""A simulator is put together, works, and lets go of everything."""

from pathlib import Path

import httpx
import pytest

from frontsim.app import App, is_loopback_address
from frontsim.errors import Unusable
from frontsim.settings import Settings
from frontsim.store.event_log import EventLog

KEYS = {"x-api-key": "k"}


def caller(app: App) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost", headers=KEYS)


@pytest.mark.anyio
async def test_one_simulator_from_its_beginning_to_its_end(tmp_path: Path):
    """It answers while it works; then its file is free for the next, which knows what this one knew."""
    body = {"event": "SaleCreated", "url": "http://127.0.0.1:1/"}
    async with App(Settings(), db=tmp_path / "log.db") as app, caller(app) as client:
        webhook = (await client.post("/api/Webhooks", json=body)).json()
        with pytest.raises(Unusable, match="in use by another"):
            App(Settings(), db=tmp_path / "log.db")
    async with App(Settings(), db=tmp_path / "log.db") as app, caller(app) as client:
        assert [webhook] == (await client.get("/api/Webhooks")).json()


@pytest.mark.anyio
async def test_only_a_log_that_stays_must_survive_a_power_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A log that goes with its simulator waits for no disk."""
    asked: list[bool] = []
    monkeypatch.setattr(
        "frontsim.app.EventLog", lambda *words, **more: (asked.append(more["durable"]), EventLog(*words, **more))[1]
    )
    for ephemeral in (False, True):
        async with App(Settings(ephemeral=ephemeral), db=tmp_path / "log.db"):
            pass
    assert [True, False] == asked


@pytest.mark.anyio
async def test_stopping_twice(tmp_path: Path):
    """A second `stop` does nothing."""
    async with App(Settings(), db=tmp_path / "log.db") as app:
        await app.stop()
        await app.stop()


@pytest.mark.anyio
async def test_what_waited_is_sent_at_the_start(tmp_path: Path):
    """An event whose run had not begun when the last simulator ended is due at once."""
    async with App(Settings(), db=tmp_path / "log.db") as app, caller(app) as client:
        await client.post("/api/Webhooks", json={"event": "SaleCreated", "url": "http://127.0.0.1:1/"})
        await client.post("/_sim/faults", json={"fault": "delay", "params": {"seconds": 0.05}})
        await client.post("/_sim/trigger", json={"event": "SaleCreated"})
    async with App(Settings(), db=tmp_path / "log.db") as app, caller(app) as client:
        for _ in range(100):
            await client.post("/_sim/drain")
            stats = (await client.get("/_sim/stats")).json()
            if not stats["waiting"]:
                break
        assert (1, 1) == (stats["failed"], stats["runs"])


@pytest.mark.anyio
async def test_types_of_ones_own(tmp_path: Path):
    """A folder of contracts adds a type: it is listed, its schema served, raised and subscribed to."""
    (tmp_path / "mine" / "schemas").mkdir(parents=True)
    schema = '{"type": "object", "properties": {"id": {"type": "integer"}}, "required": ["id"]}'
    (tmp_path / "mine" / "schemas" / "MyOwnEvent.json").write_text(schema)
    async with App(Settings(contracts=tmp_path / "mine"), db=tmp_path / "log.db") as app, caller(app) as client:
        assert "MyOwnEvent" == (await client.get("/api/WebhooksTypes")).json()[-1]
        assert ["id"] == (await client.get("/api/WebhooksTypes/myownevent/schema")).json()["required"]
        await client.post("/api/Webhooks", json={"event": "MYOWNEVENT", "url": "http://127.0.0.1:1/"})
        raised = await client.post("/_sim/trigger", json={"event": "MyOwnEvent"})
        assert (202, "MyOwnEvent") == (raised.status_code, raised.json()["events"][0]["event"])


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("localhost", True),
        ("127.1.2.3", True),
        ("0.0.0.0", False),
        ("::", False),
        ("shop.example", False),
    ],
)
def test_loopback_addresses(host: str, expected: bool):
    """Only an address of this machine alone is loopback."""
    assert expected == is_loopback_address(host)
