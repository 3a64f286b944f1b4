import asyncio
import dataclasses
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from frontsim.domain.model import INTERRUPTED, Delivery, Occurrence, Outcome, Result, Trigger
from frontsim.errors import BadInput, Busy, StoreFailed, UnknownEvent, UnknownWebhook
from frontsim.store import event_log
from tests.store.shop import NOT_FOUND, OK, StoreDriver

pytestmark = pytest.mark.anyio


async def test_an_occurrence_makes_an_event_for_each_webhook_that_matches(shop: StoreDriver) -> None:
    """Type and store decide; one without a store wants every store; an unwanted event leaves no trace."""
    every = await shop.subscribes()
    mine = await shop.store.subscribe("SaleCreated", "http://shop.example/b", 1)
    await shop.store.subscribe("SaleCreated", "http://shop.example/c", 2)
    await shop.subscribes("CustomerCreated")

    raised = await shop.sells(store_id=1)

    assert [str(every.id), str(mine.id)] == [item.webhook_id for item in raised]
    assert [] == await shop.sells(event="InvoiceCreated")
    assert 1 == (await shop.reader.counts())["occurrences"]


async def test_an_event_is_in_the_log_before_it_is_handed_out(shop: StoreDriver) -> None:
    """Until its first run is over it is Pending, and in neither list of `success`."""
    webhook = await shop.subscribes()
    [raised] = await shop.sells()

    delivery = await shop.sent()

    assert raised.webhook_event_id == delivery.webhook_event_id
    entry = await shop.entry(raised)
    assert ("Pending", None, None) == (entry.status, entry.status_code, entry.success)
    assert (0, None) == (entry.runs_counter, entry.updated_at)
    assert delivery.body == entry.payload
    assert [] == await shop.lists(webhook.id, success=False)
    assert [] == await shop.lists(webhook.id, success=True)
    assert 1 == len(await shop.lists(webhook.id))


async def test_an_entry_follows_its_newest_run(shop: StoreDriver) -> None:
    """A resend keeps the id, adds a run, updates the entry; a success leaves `success=false`."""
    webhook = await shop.subscribes()
    [raised] = await shop.sells()
    first = await shop.delivers(NOT_FOUND)
    assert [raised.webhook_event_id] == [item.webhook_event_id for item in await shop.lists(webhook.id, success=False)]
    assert (await shop.entry(raised)).updated_at is None

    second = await resent(shop, raised.webhook_id, raised.webhook_event_id, OK)

    entry = await shop.entry(raised)
    assert (2, Trigger.RESEND, first.body) == (second.run, second.trigger, second.body)
    assert ("OK", 200, True, 2) == (entry.status, entry.status_code, entry.success, entry.runs_counter)
    assert entry.updated_at is not None
    assert [("Original", 404), ("Resend", 200)] == [(run.trigger, run.status_code) for run in entry.runs]
    assert [] == await shop.lists(webhook.id, success=False)


async def test_a_run_that_ends_late_does_not_overwrite_a_newer_one(shop: StoreDriver) -> None:
    """Run 2 is over before run 1: the entry goes on saying what run 2 said, and counts both."""
    await shop.subscribes()
    [raised] = await shop.sells()
    slow = await shop.sent()
    await resent(shop, raised.webhook_id, raised.webhook_event_id, OK)

    shop.ends(slow, NOT_FOUND)
    await shop.settles()

    entry = await shop.entry(raised)
    assert (200, True, 2) == (entry.status_code, entry.success, entry.runs_counter)


async def test_a_start_after_a_crash_leaves_begun_runs_unknown(tmp_path: Path) -> None:
    """After a crash: begun is unknown and failed, not begun is sent, and nothing is sent a second time."""
    path = tmp_path / "log.db"
    async with StoreDriver(path, concurrency=1) as before:
        webhook = await before.subscribes()
        before.clock.advance(-3600)
        begun, waiting = await before.sells(2)
        await before.sent()

    async with StoreDriver(path, concurrency=1) as after:
        assert 1 == after.store.recovered
        assert waiting.webhook_event_id == (await after.sent()).webhook_event_id
        assert after.out.empty()
        [failed] = await after.lists(webhook.id, success=False, with_runs=True)
        assert (begun.webhook_event_id, "Unknown", None, 1) == (
            failed.webhook_event_id, failed.status, failed.status_code, failed.runs_counter,
        )  # fmt: skip
        assert INTERRUPTED.outcome == failed.runs[0].outcome
        assert failed.runs[0].created_at < after.clock.now() - 3_000_000  # when it began, not when it was found


async def test_a_resend_that_was_not_begun_is_not_sent_later(tmp_path: Path) -> None:
    """Its caller has been told that it is not sent, or nothing, and may ask again."""
    path = tmp_path / "log.db"
    async with StoreDriver(path) as before:
        webhook = await before.subscribes()
        [raised] = await before.sells()
        await before.delivers(NOT_FOUND)
        resend = asyncio.ensure_future(before.store.resend(webhook.id, raised.webhook_event_id))
        before.store.postpone(await before.sent(), before.clock.now() + 60_000)
        await before.settles()
    with pytest.raises(StoreFailed):
        await resend

    async with StoreDriver(path) as after:
        assert (0, 0) == (after.store.recovered, after.store.waiting)
        [failed] = await after.lists(webhook.id, success=False, with_runs=True)
        assert [(1, Outcome.ANSWERED, "Not found"), (2, Outcome.NOT_SENT, "Not sent")] == [
            (run.run, run.outcome, run.status) for run in failed.runs
        ]


async def test_webhooks_survive(tmp_path: Path) -> None:
    """So do their changes; a deleted one is gone, but its log can be read."""
    path = tmp_path / "log.db"
    async with StoreDriver(path) as before:
        kept, gone = await before.subscribes(), await before.subscribes()
        [_, raised] = await before.sells()
        await before.store.change(dataclasses.replace(kept, url="http://new.example/"))
        await before.store.unsubscribe(gone.id)

    async with StoreDriver(path) as after:
        assert [(kept.id, "http://new.example/")] == [(item.id, item.url) for item in await after.reader.webhooks()]
        with pytest.raises(UnknownWebhook):
            await after.reader.webhook(gone.id)
        with pytest.raises(UnknownWebhook):
            await after.store.resend(gone.id, raised.webhook_event_id)
        assert raised.webhook_event_id == (await after.entry(raised)).webhook_event_id


async def test_an_event_of_another_webhook_is_unknown(shop: StoreDriver) -> None:
    """An event id belongs to its webhook."""
    await shop.subscribes()
    other = await shop.subscribes("CustomerCreated")
    [raised] = await shop.sells()

    with pytest.raises(UnknownEvent):
        await shop.store.resend(other.id, raised.webhook_event_id)
    with pytest.raises(UnknownEvent):
        await shop.reader.event(other.id, raised.webhook_event_id)
    with pytest.raises(UnknownWebhook):
        await shop.store.resend(uuid4(), raised.webhook_event_id)


async def test_a_postponed_run_is_due_in_simulator_time(shop: StoreDriver) -> None:
    """It gives its slot back, and goes out when the clock gets there."""
    await shop.subscribes()
    await shop.sells()
    delivery = await shop.sent()
    shop.store.postpone(delivery, shop.clock.now() + 3_600_000)
    await shop.settles()
    assert shop.out.empty()

    shop.clock.advance(3601)
    await shop.store.wake()

    assert delivery == await shop.sent()


async def test_a_postponed_run_can_be_made_due(shop: StoreDriver) -> None:
    """It is due at once; one that is under way already is left alone."""
    await shop.subscribes()
    await shop.sells()
    delivery = await shop.sent()
    shop.store.postpone(delivery, shop.clock.now() + 3_600_000)

    shop.store.make_due(delivery)
    assert delivery == await shop.sent()
    shop.store.make_due(delivery)
    await shop.settles()

    assert shop.out.empty()


async def test_a_lease_is_in_the_log_as_begun_and_takes_no_slot(tmp_path: Path) -> None:
    """Another program sends it; it counts as in flight until its end is told."""
    async with StoreDriver(tmp_path / "log.db", concurrency=1) as shop:
        await shop.subscribes()
        shop.store.take_numbers(2)
        leased = await shop.store.lease([Occurrence("SaleCreated", b"{}", 1)] * 2, 1)

        assert shop.out.empty()
        assert {"underWay": 2, "waiting": 0}.items() <= (await shop.reader.counts()).items()
        await shop.sells()
        await shop.delivers()
        for delivery in leased:
            shop.ends(delivery, OK)
        await shop.store.idle()
        assert 3 == (await shop.reader.counts())["runs"]


async def test_failed_events_are_leased_once(shop: StoreDriver) -> None:
    """A resend that is under way is not handed out a second time."""
    await shop.subscribes()
    await shop.sells(2)
    await shop.delivers(NOT_FOUND)
    await shop.delivers(OK)

    [leased] = await shop.store.lease_resends(10)

    assert (2, Trigger.RESEND) == (leased.run, leased.trigger)
    assert [] == await shop.store.lease_resends(10)


async def test_copies_are_runs_of_their_own(shop: StoreDriver) -> None:
    """No delivery goes out that the log does not know, a duplicate neither."""
    await shop.subscribes()
    [raised] = await shop.sells()
    delivery = await shop.sent()

    copies = await shop.store.copy(delivery, 2)
    for item in [delivery, *copies]:
        shop.ends(item, OK)
    await shop.store.idle()

    entry = await shop.entry(raised)
    assert [1, 2, 3] == [run.run for run in entry.runs]
    assert {"Original"} == {run.trigger for run in entry.runs}


async def test_too_much_that_waits_is_refused(tmp_path: Path) -> None:
    """With a time to come back."""
    async with StoreDriver(tmp_path / "log.db", concurrency=1, most_waiting=3) as shop:
        await shop.subscribes()
        await shop.sells(3)

        with pytest.raises(Busy, match="3 events wait"):
            shop.store.refuse_if_full()


async def test_more_at_a_time_than_may_ever_wait_is_a_mistake(tmp_path: Path) -> None:
    """A second try would not help."""
    async with StoreDriver(tmp_path / "log.db", most_waiting=2) as shop:
        for _ in range(3):
            await shop.subscribes()
        with pytest.raises(BadInput, match=r"at most 2 events at a time \(--max-waiting\), got 3"):
            await shop.sells()
        assert 0 == (await shop.reader.counts())["events"]


async def test_idle_waits_for_outcomes(shop: StoreDriver) -> None:
    """Not only until all is sent: until all is in the log."""
    await shop.subscribes()
    [raised] = await shop.sells()
    idle = asyncio.ensure_future(shop.store.idle())
    delivery = await shop.sent()
    await shop.settles()
    assert not idle.done()

    shop.ends(delivery, OK)
    await idle

    assert (await shop.entry(raised)).success


@pytest.mark.parametrize(
    ("statuses", "listed"),
    [([], 2), (["ok"], 1), (["OK", "not found"], 2), (["404"], 1), (["Timeout"], 0)],
)
async def test_statuses_are_phrases_or_codes(shop: StoreDriver, statuses: list[str], listed: int) -> None:
    """In any case."""
    webhook = await shop.subscribes()
    await shop.sells(2)
    await shop.delivers(OK)
    await shop.delivers(NOT_FOUND)

    assert listed == len(await shop.lists(webhook.id, statuses=statuses))


async def test_answers_that_could_not_be_understood_are_kept(shop: StoreDriver) -> None:
    """The outcome says how far a run got; the log keeps it as it was told."""
    await shop.subscribes()
    [raised] = await shop.sells()
    await shop.delivers(Result(Outcome.UNKNOWN, "Timeout", None, 30_000))

    [run] = (await shop.entry(raised)).runs
    assert (Outcome.UNKNOWN, "Timeout", None, 30_000) == (run.outcome, run.status, run.status_code, run.duration_ms)


@pytest.mark.parametrize(
    ("store_id", "in_memory"), [(None, True), (1, False)], ids=["every store", "a webhook of one store"]
)
async def test_what_was_logged_as_a_whole_need_not_be_read(
    shop: StoreDriver, store_id: int | None, in_memory: bool
) -> None:
    """The next reader gets it once: from memory where all of it is in the log, and otherwise from the log."""
    shop.store.take_unread()
    await shop.store.subscribe("SaleCreated", "http://shop.example/b", store_id)
    sold = [Occurrence("SaleCreated", b"{}", store) for store in (1, 2)]
    await shop.store.accept(sold, first := shop.store.take_numbers(2))
    expected = (None, [(first, sold)]) if in_memory else (first, [])
    assert [expected, (None, [])] == [shop.store.take_unread(), shop.store.take_unread()]


async def test_many_are_read_from_the_log(shop: StoreDriver, monkeypatch: pytest.MonkeyPatch) -> None:
    """While nothing reads, memory keeps a bounded part at most, and what comes after it is read with it, in order."""
    monkeypatch.setattr(event_log, "_MOST_FRESH", 25)
    shop.store.take_unread()
    await shop.subscribes()
    for _ in range(3):
        await shop.sells()  # of 12 bytes: the third is too much
    assert (1, []) == shop.store.take_unread()


async def resent(shop: StoreDriver, webhook_id: str, event_id: str, result: Result) -> Delivery:
    waiting = asyncio.ensure_future(shop.store.resend(UUID(webhook_id), event_id))
    delivery = await shop.sent()
    shop.ends(delivery, result)
    assert result == (await waiting).result
    return delivery
