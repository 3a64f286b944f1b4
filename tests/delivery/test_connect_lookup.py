"""Names are looked up once for all who ask at the same time, and no lookup waits for another name."""

import asyncio
import socket
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

import pytest

from frontsim.delivery import connect
from frontsim.delivery.connect import Lookups, NotConnected
from tests.support.patience import PATIENCE_S

pytestmark = pytest.mark.anyio


class NameServer:
    """Stands in for the system's resolver: answers for a name once it is told to; counts what it is asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[str] = []
        self.answers: dict[str, Future[list[str]]] = {}
        monkeypatch.setattr(connect, "socket", SimpleNamespace(getaddrinfo=self.getaddrinfo, SOCK_STREAM=1))

    def knows(self, host: str) -> "Future[list[str]]":
        self.answers[host] = Future()
        return self.answers[host]

    def getaddrinfo(self, host: str, *_: object, **__: object) -> list[tuple[Any, ...]]:
        self.asked.append(host)
        return [(0, 0, 0, "", (address, 0)) for address in self.answers[host].result(20)]


async def test_a_name_is_looked_up_once_for_all_who_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those who ask while a lookup runs share it; the next one asks anew. Another name does not wait."""
    server = NameServer(monkeypatch)
    slow, quick = server.knows("slow.example"), server.knows("quick.example")
    lookups = Lookups()
    waiting = [asyncio.ensure_future(lookups.addresses("slow.example")) for _ in range(3)]
    quick.set_result(["192.0.2.2"])
    assert await lookups.addresses("quick.example") == ["192.0.2.2"]
    waiting[0].cancel()  # a caller that gives up does not take the lookup from the others
    slow.set_result(["192.0.2.1", "192.0.2.3", "192.0.2.1"])
    assert [["192.0.2.1", "192.0.2.3"]] * 2 == await asyncio.gather(*waiting[1:])
    assert ["quick.example", "slow.example"] == sorted(server.asked)
    await lookups.addresses("slow.example")
    assert 2 == server.asked.count("slow.example")


async def test_dead_name_servers_hold_up_no_other_lookup(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many lookups hang: another name is found, until there are very many; then it waits for its turn."""
    monkeypatch.setattr(connect, "MOST_AT_ONCE", 50)
    server = NameServer(monkeypatch)
    dead = [server.knows(f"dead{number}.example") for number in range(50)]
    server.knows("shop.example").set_result(["192.0.2.1"])
    lookups = Lookups()
    hanging = [asyncio.ensure_future(lookups.addresses(host)) for host in list(server.answers)[:49]]
    await asyncio.sleep(0)
    assert ["192.0.2.1"] == await asyncio.wait_for(lookups.addresses("shop.example"), PATIENCE_S)
    hanging.append(asyncio.ensure_future(lookups.addresses("dead49.example")))
    await asyncio.sleep(0)
    waiting = asyncio.ensure_future(lookups.addresses("shop.example"))
    await asyncio.wait([waiting], timeout=0.05)
    assert not waiting.done()
    for answer in dead:
        answer.set_result([])
    assert ["192.0.2.1"] == await asyncio.wait_for(waiting, PATIENCE_S)
    await asyncio.gather(*hanging, return_exceptions=True)


@pytest.mark.parametrize("error", [socket.gaierror(-2, ""), socket.gaierror(-3, ""), UnicodeError(), None])
async def test_a_name_without_an_address(monkeypatch: pytest.MonkeyPatch, error: Exception | None) -> None:
    """A name that is unknown, or has no address, or whose name server is dead, is not resolved."""
    server = NameServer(monkeypatch)
    answer = server.knows("shop.example")
    if error is None:
        answer.set_result([])
    else:
        answer.set_exception(error)
    with pytest.raises(NotConnected, match=r"^Name not resolved$"):
        await Lookups().addresses("shop.example")


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_an_address_is_its_own(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    """An address is not looked up."""
    server = NameServer(monkeypatch)
    assert [host] == await Lookups().addresses(host)
    assert [] == server.asked


async def test_closing_gives_up_what_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waits when the lookups are closed is cancelled."""
    server = NameServer(monkeypatch)
    server.knows("slow.example")
    lookups = Lookups()
    waiting = asyncio.ensure_future(lookups.addresses("slow.example"))
    await asyncio.sleep(0)
    lookups.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting
