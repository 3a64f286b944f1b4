"""The lines of `frontsim serve`: each delivery, or how many there were, and never a wait for whoever reads."""

import os
from zoneinfo import ZoneInfo

import anyio
import anyio.lowlevel
import pytest

from frontsim.cli.commands import programs
from frontsim.cli.commands.programs import DeliveryLines, LineWriter
from frontsim.clock import WireTime
from frontsim.domain.model import Delivery, Finished, Outcome, Result, Trigger
from frontsim.store.changes import Changes

OVER = Finished(
    Delivery(1, 1, 1, 0, Trigger.ORIGINAL, "w", "e", "SaleCreated", "http://shop/hook", b"{}", 0, None),
    Result(Outcome.ANSWERED, "OK", 200, 5),
    0,
)


class Screen:
    """Takes texts while it is open; its time stands still."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.takes = True
        self.now_s = 0.0
        self.lines = DeliveryLines(self.write, WireTime(ZoneInfo("UTC")), seconds=lambda: self.now_s)

    def write(self, text: str) -> bool:
        if self.takes:
            self.texts += text.splitlines()
        return self.takes


@pytest.fixture
def screen() -> Screen:
    return Screen()


def test_each_delivery_is_a_line(screen: Screen, user_zone):
    """As `frontsim tail` writes it."""
    user_zone("Asia/Tokyo")
    screen.lines.take([OVER, OVER])
    screen.lines.tell_rest()
    assert ["09:00:00.000+09:00  e  SaleCreated  200 OK  5 ms  shop/hook"] * 2 == screen.texts


def test_of_many_some_are_shown_and_the_rest_is_counted(screen: Screen):
    """100 at once, then 50 a second; how many there were is said once a second, and at the end."""
    screen.lines.take([OVER] * 1_200)
    screen.lines.tell_rest()
    assert 100 == len(screen.texts)
    screen.now_s = 1.0
    screen.lines.take([OVER] * 100)
    screen.lines.tell_rest()
    assert "... 1,200 deliveries not shown" == screen.texts[-1]
    screen.lines.take([OVER] * 51)
    screen.lines.tell_rest(at_once=True)
    assert "... 1 delivery not shown" == screen.texts[-1]
    assert 100 + 1 + 50 + 1 == len(screen.texts)


def test_a_reader_that_is_behind_misses_lines(screen: Screen):
    """They are counted, and told when it reads again."""
    screen.takes = False
    screen.lines.take([OVER] * 2)
    screen.now_s = 2.0
    screen.lines.tell_rest()
    screen.takes = True
    screen.lines.take([OVER])
    screen.lines.tell_rest()
    assert ["... 3 deliveries not shown"] == screen.texts


@pytest.mark.anyio
async def test_it_follows_the_log(screen: Screen, monkeypatch: pytest.MonkeyPatch):
    """From now on, to the end; what the log does not keep any more is counted as unknown."""
    monkeypatch.setattr(programs, "_TICK_S", 0.001)
    changes = Changes(0, kept=3)
    changes.publish([("run.over", OVER)])
    async with anyio.create_task_group() as group:
        group.start_soon(screen.lines.follow, changes)
        await anyio.wait_all_tasks_blocked()
        changes.publish([("event.raised", None), ("run.over", OVER)])
        while not screen.texts:
            await anyio.lowlevel.checkpoint()
        changes.publish([("run.over", OVER)] * 4)
        changes.close()
    assert 2 == len(screen.texts)
    assert "... 1 delivery and more not shown" == screen.texts[-1]


def test_a_writer_never_waits():
    """A pipe that nothing reads takes some, and no more; what was taken is written when it is read."""
    reading, writing = os.pipe()
    writer = LineWriter(writing)
    took = 0
    while writer.write("x" * 50_000):
        took += 50_000
    os.set_blocking(reading, False)
    read = 0
    while read < took:
        try:
            read += len(os.read(reading, 65_536))
        except BlockingIOError:
            continue
    writer.close()
    os.close(reading)
    os.close(writing)
    assert took == read


def test_a_reader_that_goes_away():
    """It ends the writing, and no more."""
    reading, writing = os.pipe()
    os.close(reading)
    writer = LineWriter(writing)
    writer.write("x")
    writer.close()
    os.close(writing)
