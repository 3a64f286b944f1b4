"""`/_sim/stream`: every change of the log, numbered, as server-sent events."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from frontsim.store.changes import KEPT
from tests.support.recorder import Recorder, answer
from tests.support.simulation import Simulation, assert_problem


class Follower:
    """Reads events as they come."""

    def __init__(self, response: httpx.Response) -> None:
        self._lines = response.iter_lines()
        assert ": follows the log" == next(self._lines)
        assert "" == next(self._lines)

    def sees(self, count: int = 1) -> list[tuple[int, str, Any]]:
        """The next events: id, kind, data."""
        return [self._one() for _ in range(count)]

    def _one(self) -> tuple[int, str, Any]:
        found = dict(line.split(": ", 1) for line in iter(lambda: next(self._lines), ""))
        assert {"id", "event", "data"} == found.keys()
        return int(found["id"]), found["event"], json.loads(found["data"])


@contextmanager
def follows(sim: Simulation, after: str | None = None) -> Iterator[Follower]:
    headers = {} if after is None else {"Last-Event-ID": after}
    with sim.http.stream("GET", f"{sim.control_url}/stream", headers=headers) as response:
        assert (200, "no-store") == (response.status_code, response.headers["cache-control"])
        assert response.headers["content-type"].startswith("text/event-stream")
        yield Follower(response)


def test_every_change(sim: Simulation, receiver: Recorder):
    """A webhook's life, an event, its runs and a reset, each with what a follower needs; ids go up by one."""
    receiver.respond = lambda _: answer(500, b"no \xff")
    with follows(sim) as follower:
        webhook = sim.subscribes(receiver.url)
        sim.breaks("slow-body", {"run": 1}, params={"bytesPerS": 1_000_000})
        (event,) = sim.raises()
        sim.drains()
        sim.resends(webhook, event)
        sim.api("PUT", f"Webhooks/{webhook}", json={"storeId": 7})
        sim.api("DELETE", f"Webhooks/{webhook}")
        sim.does("reset")
        seen = follower.sees(7)
    assert [
        "webhook.created",
        "event.raised",
        "run.over",
        "run.over",
        "webhook.updated",
        "webhook.deleted",
        "reset",
    ] == [kind for _, kind, _ in seen]
    first = seen[0][0]
    assert [first + step for step in range(7)] == [number for number, _, _ in seen]
    assert {"id": webhook, "storeId": None, "event": "SaleCreated", "url": receiver.url} == seen[0][2]
    assert {"webhookId": webhook, "webhookEventId": event, "event": "SaleCreated"} == seen[1][2]
    run = seen[2][2]
    assert {
        "webhookId": webhook,
        "webhookEventId": event,
        "event": "SaleCreated",
        "url": receiver.url,
        "run": 1,
        "trigger": "Original",
        "outcome": "answered",
        "status": "Internal server error",
        "statusCode": 500,
        "success": False,
        "fault": "slow-body",
        "answer": "no \ufffd",
    }.items() <= run.items()
    assert (2, "Resend", None) == tuple(seen[3][2][name] for name in ("run", "trigger", "fault"))
    assert 7 == seen[4][2]["storeId"]


def test_coming_back(sim: Simulation):
    """With Last-Event-ID a follower gets exactly what it missed, then what comes."""
    with follows(sim) as follower:
        sim.subscribes("http://a.example/1")
        (last, _, _) = follower.sees()[0]
    sim.subscribes("http://a.example/2")
    sim.subscribes("http://a.example/3")
    with follows(sim, str(last)) as follower:
        assert [(last + 1, "http://a.example/2"), (last + 2, "http://a.example/3")] == [
            (number, data["url"]) for number, _, data in follower.sees(2)
        ]
        sim.subscribes("http://a.example/4")
        assert last + 3 == follower.sees()[0][0]


@pytest.mark.slow
def test_away_for_too_long(sim: Simulation):
    """Changes that are no longer kept are reported as missed, once; then it goes on from now."""
    sim.raises(count=3)
    webhook = sim.subscribes("http://127.0.0.1:1/")
    sim.breaks("false-success")
    sim.raises(count=KEPT // 2 + 10)
    sim.drains()
    now = sim.does("stats", method="GET")["sequence"]
    with follows(sim, str(now - KEPT - 5)) as follower:
        assert [(now, "missed", {})] == follower.sees()
        sim.api("DELETE", f"Webhooks/{webhook}")
        assert [(now + 1, "webhook.deleted")] == [each[:2] for each in follower.sees()]
    with follows(sim, str(now - KEPT + 5)) as follower:
        assert now - KEPT + 6 == follower.sees()[0][0]


def test_an_id_of_another_log(sim: Simulation):
    """A follower of the simulator before this one has missed everything; it is not left waiting for that number."""
    now = sim.does("stats", method="GET")["sequence"]
    with follows(sim, str(now + 1000)) as follower:
        assert [(now, "missed", {})] == follower.sees()
        sim.subscribes("http://a.example")
        assert now + 1 == follower.sees()[0][0]


def test_several_followers(sim: Simulation):
    """Each sees everything; one that leaves takes nothing from the others."""
    with follows(sim) as one:
        with follows(sim) as other:
            sim.subscribes("http://a.example")
            assert one.sees() == other.sees()
        sim.subscribes("http://a.example")
        assert "webhook.created" == one.sees()[0][1]


@pytest.mark.parametrize("last", ["x", "-1", "1.5", "9" * 19])
def test_ids_that_cannot_be(sim: Simulation, last: str):
    """422."""
    assert_problem(sim.sim("GET", "stream", headers={"Last-Event-ID": last}), 422)
