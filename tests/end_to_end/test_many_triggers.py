"""Calls that raise thousands of events: in batches, off the event loop, and while others reset the simulator."""

import asyncio
import itertools
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial, partialmethod
from typing import Any

import pytest

from frontsim import catalog
from frontsim.domain.model import Occurrence
from frontsim.payloads.making.factory import Payloads
from frontsim.payloads.making.payload_service import AsyncPayloads
from frontsim.store.event_log import EventLog
from tests.api.test_trigger import UNDATED, undated
from tests.support.patience import PATIENCE_S
from tests.support.recorder import Recorder
from tests.support.simulation import simulation


@pytest.mark.slow
def test_two_batches_are_with_the_log_at_once(receiver: Recorder, monkeypatch: pytest.MonkeyPatch):
    """A call that waited for the first before it gave the second would have a batch in every other transaction."""
    real, given = EventLog.accept, list[int]()

    def accept_late(self: EventLog, occurrences: Sequence[Occurrence], first: int, causes: Any, **more: Any) -> Any:
        """Tell of the first batch only when the second has been given."""
        given.append(first)
        accepted = real(self, occurrences, first, causes)
        if len(given) == 1:
            told = asyncio.get_running_loop().create_future()
            waiting.append((accepted, told))
            return told
        while waiting:
            earlier, told = waiting.pop()
            earlier.add_done_callback(lambda done, told=told: told.set_result(done.result()))
        return accepted

    waiting = list[Any]()
    monkeypatch.setattr(EventLog, "accept", accept_late)
    with simulation() as sim:
        webhook = sim.subscribes(receiver.url)
        ids = sim.raises(count=1_200)
        assert [1, 501, 1001] == given
        assert ids == [entry["webhookEventId"] for entry in sim.log(webhook)]


@pytest.mark.long
@pytest.mark.slow
def test_thousands_at_once(receiver: Recorder):
    """However many, and in whichever process: each number's payload once, as a small call would have raised it."""
    with simulation(seed=9) as sim:
        webhook = sim.subscribes(receiver.url)
        ids = [event_id for _ in range(2) for event_id in sim.raises(count=4_000)]
        sim.drains()
        listed = sim.log(webhook, includePayload="true")
    here = Payloads(catalog.load(), seed=9)
    assert sorted(ids) == sorted(entry["webhookEventId"] for entry in listed)
    made = [undated(here, number) for number in range(1, 8_001)]
    assert made == [{**entry["payload"], **UNDATED} for entry in listed]


def test_a_reset_while_payloads_are_made(receiver: Recorder, monkeypatch: pytest.MonkeyPatch):
    """Numbers that were taken before it are given out anew: what was made for them is made again, for others."""
    real, begun, let_go = AsyncPayloads.make, threading.Event(), threading.Event()

    async def slow_at_first(*args: Any, **more: Any) -> Any:
        made = await real(*args, **more)
        if not begun.is_set():
            begun.set()
            await asyncio.to_thread(let_go.wait, 20)
        return made

    monkeypatch.setattr(AsyncPayloads, "make", slow_at_first)
    with simulation() as sim, ThreadPoolExecutor(1) as other:
        early = other.submit(sim.raises, count=1)
        assert begun.wait(PATIENCE_S)
        sim.does("reset")
        webhook = sim.subscribes(receiver.url)
        late = sim.raises(count=1)
        let_go.set()
        ids = [*late, *early.result()]
        listed = sim.log(webhook, includePayload="true")
    here = Payloads(catalog.load(), seed=1)
    assert ids == [entry["webhookEventId"] for entry in listed]
    assert [{**entry["payload"], **UNDATED} for entry in listed] == [undated(here, number) for number in (1, 2)]


@pytest.mark.parametrize(("count", "logged"), [(1, 0), (12, 1)])
def test_a_reset_while_payloads_are_changed(
    receiver: Recorder, monkeypatch: pytest.MonkeyPatch, count: int, logged: int
):
    """The same, where values are set: the thread that builds them is slower than the reset.

    Few payloads are logged as they are made at first; many are tried by the first call, and made anew by the second.
    """
    real, begun, let_go, calls = AsyncPayloads.in_thread, threading.Event(), threading.Event(), itertools.count()

    async def slow_at_first(self: AsyncPayloads, make: Any) -> Any:
        made = await real(self, make)
        if next(calls) == logged:
            begun.set()
            await asyncio.to_thread(let_go.wait, 20)
        return made

    monkeypatch.setattr(AsyncPayloads, "in_thread", slow_at_first)
    with simulation() as sim, ThreadPoolExecutor(1) as other:
        early = other.submit(sim.raises, count=count, set={"comment": "early"})
        assert begun.wait(PATIENCE_S)
        sim.does("reset")
        webhook = sim.subscribes(receiver.url)
        sim.raises(set={"comment": "late"})
        let_go.set()
        early.result()
        listed = [entry["payload"] for entry in sim.log(webhook, includePayload="true")]
    here = Payloads(catalog.load(), seed=1)
    wanted = [(1, "late"), *[(2 + place, "early") for place in range(count)]]
    assert [{**undated(here, number), "comment": comment} for number, comment in wanted] == [
        {**payload, **UNDATED} for payload in listed
    ]


def test_payloads_of_ones_own_are_built_off_the_event_loop(receiver: Recorder, monkeypatch: pytest.MonkeyPatch):
    """A whole payload once, however often it is raised, and each of a few with values set. Of many each is made twice,
    because a bad one is refused before anything is logged."""
    threads = list[str]()

    def noted(real: Callable[..., Any], *args: Any, **more: Any) -> Any:
        threads.append(threading.current_thread().name)
        return real(*args, **more)

    for name in ("given", "changed"):
        monkeypatch.setattr(Payloads, name, partialmethod(partial(noted, getattr(Payloads, name))))
    with simulation() as sim:
        sim.subscribes(receiver.url)
        assert 50 == len(sim.raises(count=50, payload={"of": "mine"}, invalid=True))
        assert ["frontsim-payloads_0"] == threads
        sim.raises(count=5, set={"comment": "x"})
        assert ["frontsim-payloads_0"] * (1 + 5) == threads
        sim.raises(count=12, set={"comment": "x"})
    assert ["frontsim-payloads_0"] * (1 + 5 + 2 * 12) == threads


@pytest.mark.long
@pytest.mark.slow
def test_a_reset_while_many_are_raised(receiver: Recorder):
    """Events that are raised behind it count from 1 again, and none is refused or raised twice."""
    with simulation() as sim, ThreadPoolExecutor(1) as other:
        sim.subscribes(receiver.url)
        sim.raises(count=3_000)  # so that payloads are made ahead, in a process of their own
        for _ in range(3):
            raising = other.submit(sim.raises, count=4_000)
            sim.does("reset")
            webhook = sim.subscribes(receiver.url)
            raising.result()
            numbers = [entry["payload"]["saleId"] for entry in sim.log(webhook, includePayload="true")]
            sim.does("reset")
            assert len(numbers) == len(set(numbers))
        webhook = sim.subscribes(receiver.url)
        sim.raises(count=2)
        first, second = (entry["payload"] for entry in sim.log(webhook, includePayload="true"))
    here = Payloads(catalog.load(), seed=1)
    assert [{**first, **UNDATED}, {**second, **UNDATED}] == [undated(here, number) for number in (1, 2)]
