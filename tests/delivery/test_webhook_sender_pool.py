"""Idle connections: how long they are kept, and which is used next."""

import asyncio

import pytest

from frontsim.delivery import webhook_sender
from tests.delivery.peer import Peer
from tests.delivery.sender import Sender

pytestmark = pytest.mark.anyio


async def test_an_idle_connection_is_closed_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that has been idle for `IDLE_S` is closed in good order, and the next delivery opens another."""
    monkeypatch.setattr(webhook_sender, "IDLE_S", 0.02)
    monkeypatch.setattr(webhook_sender, "SWEEP_S", 0.01)
    async with Peer() as peer, Sender() as sender:
        await sender.sends(peer.url)
        call = await peer.ended()
        assert call.end == "fin"
        await sender.sends(peer.url)
        assert len(peer.calls) == 2


async def test_a_server_of_one_thread_is_not_kept_from_other_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only two idle connections show that it serves several at once: until then one is closed after a moment."""
    monkeypatch.setattr(webhook_sender, "ALONE_S", 0.003)
    async with Peer() as peer, Sender() as sender:
        await sender.sends(peer.url)
        call = await peer.ended()
        assert call.end == "fin"


async def test_the_connections_of_a_server_that_serves_several_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its answers came while another of our connections was open."""
    async with Peer() as peer, Sender() as sender:
        await asyncio.gather(*(sender.start(peer.url) for _ in range(3)))
        monkeypatch.setattr(webhook_sender, "ALONE_S", 0.0)
        for _ in range(5):
            await sender.sends(peer.url)
        assert len(peer.calls) == 3


async def test_the_connection_used_last_is_used_next() -> None:
    """Deliveries one after another stay on one connection, so that the others fall idle."""
    async with Peer() as peer, Sender() as sender:
        await asyncio.gather(*(sender.start(peer.url) for _ in range(3)))
        before = [len(call.received) for call in peer.calls]
        for _ in range(5):
            await sender.sends(peer.url)
        grown = [len(call.received) - old for call, old in zip(peer.calls, before, strict=True)]
        assert 2 == grown.count(0)


def test_idle_connections_go_before_usual_servers_close_them() -> None:
    """uvicorn and Node close theirs after 5 s: we are first, also at the end of a sweep."""
    assert webhook_sender.IDLE_S + webhook_sender.SWEEP_S < 5
