"""The relay between two simulators: one stands in for the vendor, the other delivers to the receiver."""

import json
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import httpx
import pytest

from frontsim.client.control import Simulator
from frontsim.client.errors import ApiError
from frontsim.client.http import FrontSystems
from frontsim.client.relay import LONGEST_PAUSE_S, Relay, RelayOptions, RelayState, window_start
from frontsim.errors import Unusable
from tests.support.disk import small_disk
from tests.support.fixtures import receiver, shared_sim, sim
from tests.support.recorder import OK, answer
from tests.support.simulation import simulation

__all__ = ["receiver", "shared_sim", "sim"]
NOWHERE = "http://127.0.0.1:1/hook"
OSLO = ZoneInfo("Europe/Oslo")
EVERY_S = 30.0


class Methods(httpx.BaseTransport):
    """Notes how the vendor is called; `answers` stand in for it, one for each call, while there are any."""

    def __init__(self):
        self._inner = httpx.HTTPTransport()
        self.called, self.answers = [], []

    def handle_request(self, request):
        self.called.append(request.method)
        if self.answers:
            return self.answers.pop(0)
        return self._inner.handle_request(request)

    def close(self):
        self._inner.close()


class Desk:
    """A relay at a desk: `polls` makes it read the log once more, `restarts` is a new process with the same state."""

    def __init__(self, vendor, through, receiver, file):
        self.vendor, self.through, self.receiver, self.file = vendor, through, receiver, file
        self.methods, self.said, self.ahead = Methods(), [], timedelta()
        self._clients = []
        self.starts()

    def starts(self, **options):
        keys = {"api_key": "k", "subscription_key": "k"}
        self.ends()
        self.real = FrontSystems(self.vendor.base_url, transport=self.methods, **keys)
        own = FrontSystems(self.through.base_url, **keys)
        control = Simulator(self.through.control_url)
        self._clients = [own, control]
        since = options.get("since")
        self.state = RelayState.read(self.file, since or self.now())
        to = options.pop("to", self.receiver.url)
        self.relay = Relay(
            self.real,
            control,
            own,
            self.state,
            RelayOptions(to, OSLO, EVERY_S, **options),
            say=self.said.append,
            now=self.now,
            sleep=time.sleep,
        )

    def restarts(self, **options):
        """The simulator that delivers is a new one, too: the relay's own ends with it."""
        self.through.does("reset")
        self.starts(**options)

    def now(self):
        return datetime.now(UTC) + self.ahead

    def polls(self):
        """Let the interval pass; the seconds until the next step."""
        wait_s = self.relay.step()
        self.ahead += timedelta(seconds=wait_s)
        return wait_s

    def ends(self):
        for client in self._clients:
            client.close()

    @property
    def got(self):
        return [call.event_id for call in self.receiver.calls]


@pytest.fixture(scope="module")
def shared_through():
    with simulation(concurrency=1) as own:
        yield own


@pytest.fixture
def desk(sim, shared_through, receiver, tmp_path):
    """A vendor with a webhook for sales that nobody answers, and a relay that has read its log once."""
    shared_through.does("reset")
    sim.webhook = sim.subscribes(NOWHERE)
    made = Desk(sim, shared_through, receiver, tmp_path / "state.json")
    yield made
    made.ends()
    made.methods.close()


def test_new_events_come_under_their_own_ids(desk, sim, receiver):
    """With the headers and the body that the vendor sent; the vendor's log stays as it is."""
    desk.polls()
    raised = sim.raises(count=3)
    sim.drains()
    desk.polls()
    assert raised == desk.got
    entry = sim.entry(sim.webhook, raised[0])
    call = receiver.calls[0]
    assert (sim.webhook, "SaleCreated") == (call.headers["x-webhook-id"], call.headers["x-webhook-event"])
    assert entry["payload"] == json.loads(call.body)
    assert 1 == entry["runsCounter"]


def test_the_vendor_is_only_read(desk, sim, receiver):
    """Whatever the receiver answers."""
    receiver.respond = lambda _: answer(500)
    sim.raises(count=2)
    for _ in range(3):
        desk.polls()
    assert {"GET"} == set(desk.methods.called)


def test_without_a_state_it_begins_now(desk, sim):
    """An event that was raised before is not relayed, although the overlap lists it."""
    sim.raises()
    desk.restarts()
    for _ in range(3):
        desk.polls()
    assert [] == desk.got


def test_since_begins_earlier(desk, sim):
    """With a fresh state, and with one that began later."""
    old = sim.raises(count=2)
    desk.restarts()
    desk.polls()
    desk.restarts(since=datetime.now(UTC) - timedelta(hours=1))
    new = sim.raises()
    for _ in range(2):
        desk.polls()
    assert sorted(old + new) == sorted(desk.got)


def test_nothing_comes_twice(desk, sim):
    """Over polls whose windows overlap, and over restarts, with --since as well."""
    raised = sim.raises(count=2)
    since = datetime.now(UTC) - timedelta(hours=1)
    for _ in range(3):
        desk.restarts(since=since)
        desk.polls()
        raised += sim.raises()
        desk.polls()
    assert raised == desk.got


def test_a_receiver_that_is_down_gets_it_again(desk, sim, receiver):
    """With growing pauses, and then no more."""
    receiver.respond = lambda _: answer(503)
    (raised,) = sim.raises()
    waits = [desk.polls() for _ in range(4)]
    assert [1, 2, 4] == [round(each) for each in waits[:3]]
    receiver.respond = lambda _: OK
    for _ in range(4):
        desk.polls()
    assert {raised} == set(desk.got)
    taken = len(desk.got)
    for _ in range(3):
        desk.polls()
    assert taken == len(desk.got)


def test_the_pause_grows_no_longer_than_some_minutes(desk, sim, receiver):
    """A receiver that is back after a night gets everything within that time."""
    receiver.respond = lambda _: answer(503)
    sim.raises()
    desk.polls()
    (waiting,) = desk.state.undelivered.values()
    waiting.tries = 50
    waiting.next_at = None
    desk.relay.step()
    assert LONGEST_PAUSE_S == round((waiting.next_at - desk.now()).total_seconds())


def test_an_event_of_the_millisecond_in_which_the_relay_starts_is_relayed(desk, sim):
    """The log has milliseconds, or fewer digits still, and the clock has more."""
    (raised,) = sim.raises()
    (webhook,) = desk.real.list_webhooks()
    (entry,) = sim.log(webhook.id)
    created = datetime.fromisoformat(entry["createdDateTime"]).replace(tzinfo=OSLO)
    desk.starts(since=created + timedelta(microseconds=400))
    desk.polls()
    assert [raised] == desk.got


def test_what_was_not_taken_comes_after_a_restart(desk, sim, receiver):
    """The state names it, and the vendor shows it once more."""
    receiver.respond = lambda _: answer(503)
    (raised,) = sim.raises()
    desk.polls()
    receiver.respond = lambda _: OK
    desk.restarts()
    desk.polls()
    assert [raised] * 2 == desk.got
    assert "SaleCreated" == receiver.calls[1].headers["x-webhook-event"]
    assert {} == json.loads(desk.file.read_text())["undelivered"]


def test_a_receiver_that_is_not_there_delays_no_poll(desk, sim):
    """Of many events some are tried again, and the rest wait for their turn."""
    desk.starts(to=NOWHERE)
    sim.raises(count=20)
    desk.polls()
    for each in desk.state.undelivered.values():
        each.tries, each.next_at = 1, None
    desk.relay.step()
    assert 20 == len(desk.state.undelivered)
    assert 3 == sum(each.tries == 2 for each in desk.state.undelivered.values())


def test_only_what_failed(desk, sim, receiver):
    """An event that the vendor's own delivery reached is left out, also where the API ignores `success`."""
    sim.subscribes(receiver.url, "CustomerCreated")
    desk.starts(failed=True)
    desk.polls()
    (failed,), _ = sim.raises(), sim.raises("CustomerCreated")
    sim.drains()
    receiver.calls.clear()
    desk.polls()
    assert [failed] == desk.got


@pytest.mark.parametrize(("status", "retry_after"), [(429, 57), (403, 3 * 3600), (403, 86_400), (503, 0)])
def test_an_api_that_refuses_is_read_again_when_it_says(desk, sim, status, retry_after):
    """A quota takes hours; what was raised meanwhile comes afterwards, and the wait is said."""
    desk.polls()
    sim.breaks("api-error", times=1, params={"status": status, "retryAfter": retry_after})
    raised = sim.raises(count=2)
    wait_s = desk.polls()
    assert max(retry_after, EVERY_S) == pytest.approx(wait_s, abs=1)
    assert [] == desk.got
    desk.polls()
    assert raised == desk.got
    assert f"read again in {max(retry_after, EVERY_S):g} s" in desk.said[0]
    assert "the API answers again" in desk.said[-1]


def test_an_api_that_stays_away_is_asked_less_often(desk, sim):
    """Up to some minutes apart."""
    desk.polls()
    sim.breaks("api-error", params={"status": 500})
    waits = [round(desk.polls()) for _ in range(6)]
    assert [30, 60, 120, 240, 300, 300] == waits


def test_refused_keys_end_it(desk):
    """A 403 without a time to come back is no quota."""
    desk.methods.answers = [httpx.Response(403, json={"message": "Forbidden"})]
    with pytest.raises(ApiError):
        desk.polls()


def test_a_new_webhook_loses_nothing(desk, sim):
    """Its events since the last poll come, those before its first list too."""
    desk.polls()
    sim.subscribes(NOWHERE, "CustomerCreated")
    raised = sim.raises("CustomerCreated")
    desk.polls()
    assert raised == desk.got


def test_a_webhook_that_is_gone_is_a_gap(desk, sim):
    """Its last events come, if its log can still be read; that no more can be seen is said once."""
    desk.polls()
    raised = sim.raises()
    sim.drains()
    sim.api("DELETE", f"Webhooks/{sim.webhook}")
    for _ in range(3):
        desk.polls()
    assert raised == desk.got
    assert [f"gap: webhook {sim.webhook} was deleted; what it gets from now on is not listed"] == desk.said


def test_runs_that_are_not_listed_and_payloads_that_are_missing_are_gaps(desk, sim):
    """They are said, and the next poll goes on."""
    desk.polls()
    webhook = {"id": sim.webhook, "event": "SaleCreated", "url": NOWHERE, "storeId": None}
    entry = {
        "webhookId": sim.webhook,
        "webhookEventId": "9c7656c4-ae4b-4414-b086-b909765fe9f3",
        "createdDateTime": None,
    }
    listed = {**entry, "payload": None, "runs": [{"run": 1}, {"run": 3}]}
    desk.methods.answers = [httpx.Response(200, json=each) for each in ([webhook], [listed], entry)]
    desk.polls()
    assert 2 == len(desk.said)
    assert "has no run 2 in the list" in desk.said[0]
    assert "was listed without its payload" in desk.said[1]


def test_a_state_that_is_broken_is_refused(desk):
    """To begin anew would lose what was not delivered. It stays as it is."""
    for text in ("{", "[]", '{"version": 2}', '{"version": 1, "begins": "yesterday"}'):
        desk.file.write_text(text)
        with pytest.raises(Unusable, match="expected the state of an earlier relay, got something else"):
            RelayState.read(desk.file, desk.now())
        assert text == desk.file.read_text()


def test_the_state_is_read_as_it_was_written(desk, sim, receiver):
    """Everything but when the next turn of an event is."""
    receiver.respond = lambda _: answer(503)
    sim.raises(count=2)
    desk.polls()
    found = RelayState.read(desk.file, desk.now())
    for each in (*found.undelivered.values(), *desk.state.undelivered.values()):
        each.next_at = None
    assert desk.state == found


def test_a_full_disk_loses_nothing(desk, sim, tmp_path):
    """The relay ends, because it could not note what it relayed; once there is room, everything comes."""
    with small_disk(tmp_path / "small", "16k") as disk:
        desk.file = disk / "state.json"
        desk.starts()
        desk.polls()
        filler = disk / "filler"
        fill(filler)
        raised = sim.raises(count=3)
        with pytest.raises(Unusable, match="name a file that can be written with --state"):
            desk.polls()
        filler.unlink()
        desk.restarts()
        desk.polls()
    assert set(raised) == set(desk.got)
    assert 4 == len(desk.got)  # the first one twice: its note was lost


def fill(file):
    with suppress(OSError), file.open("wb", buffering=0) as out:
        while True:
            out.write(bytes(4096))


@pytest.mark.parametrize(
    ("instant", "local"),
    [
        ("2026-08-01T08:00:00+00:00", "2026-08-01T10:00:00"),
        ("2026-10-25T00:50:00+00:00", "2026-10-25T01:50:00"),  # 02:50 in summer: at 01:05 UTC it is 02:05 once more
        ("2026-10-25T01:05:00+00:00", "2026-10-25T02:05:00"),
        ("2026-03-29T00:59:00+00:00", "2026-03-29T01:59:00"),
    ],
)
def test_a_window_begins_before_every_reading_of_its_first_moment(instant, local):
    """In the hour that autumn repeats, a later event may be written with an earlier time."""
    assert datetime.fromisoformat(local) == window_start(datetime.fromisoformat(instant), OSLO)


def test_ids_are_forgotten_when_no_window_can_list_them(desk, sim):
    """So the state stays small."""
    desk.polls()
    sim.raises(count=5)
    desk.polls()
    assert 5 == len(desk.state.webhooks[sim.webhook].ids)
    desk.ahead += timedelta(days=2)
    desk.polls()
    assert {} == desk.state.webhooks[sim.webhook].ids
