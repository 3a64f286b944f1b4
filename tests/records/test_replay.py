"""A recorded day again: in its order, at its pace, and never past a line that cannot be read."""

import json
from dataclasses import replace
from random import Random
from zoneinfo import ZoneInfo

import pytest

from frontsim import catalog
from frontsim.client.control import Simulator
from frontsim.client.http import FrontSystems
from frontsim.errors import BadInput
from frontsim.records import replay as replay_module
from frontsim.records.identities import Renewal, identity_fields
from frontsim.records.record import RecordedEvent, RecordHead, RecordReader, RecordWriter
from frontsim.records.replay import Replay, ReplayPace
from tests.support.recorder import answer

CATALOG = catalog.load()
OSLO = ZoneInfo("Europe/Oslo")
WEBHOOK, EVENT = "6f0e2a9c-7a43-4c39-8a5e-0d9b3b6c1f5", "9c7656c4-ae4b-4414-b086-b909765fe9f"


def sale(number, **more):
    made = RecordedEvent(
        event="SaleCreated",
        webhook_id=f"{WEBHOOK}0",
        webhook_event_id=f"{EVENT}{number}",
        time=f"2026-08-01T10:00:{number:02}",
        body={"saleId": 100 + number},
    )
    return replace(made, **more)


class Time:
    """Seconds that pass only while somebody sleeps."""

    def __init__(self):
        self.now, self.slept = 0.0, []

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def replays(sim, receiver, tmp_path):
    """`replays(events, same_ids=..., from_line=...)` replays a record of them; the result. `said` is what it said."""

    def replay_them(events, *, same_ids=False, from_line=1, speed=1000.0, time=None, broken=b""):
        file = tmp_path / "r"
        file.unlink(missing_ok=True)
        with RecordWriter(file, RecordHead("api")) as writer:
            for event in events:
                writer.add(event)
        with file.open("ab") as out:
            out.write(broken)
        time = time or Time()
        renewal = None if same_ids else Renewal.drawn(identity_fields(CATALOG), Random(1))
        keys = {"api_key": "k", "subscription_key": "k"}
        with (
            RecordReader(file) as reader,
            Simulator(sim.control_url) as simulator,
            FrontSystems(sim.base_url, **keys) as api,
        ):
            replay_them.last = Replay(
                simulator, api, to=receiver.url, catalog=CATALOG, renewal=renewal, say=replay_them.said.append
            )
            pace = ReplayPace(speed, OSLO, time.sleep, lambda: time.now)
            return replay_them.last.run(reader, pace, from_line=from_line)

    replay_them.said = []
    return replay_them


def ids(receiver):
    return [json.loads(call.body)["saleId"] for call in receiver.calls]


def test_events_come_in_their_order_under_fresh_ids(replays, receiver):
    """The ids go on from one another as on that day, and none is one that was there.

    Deliveries of one moment may overtake each other on their connections, as the vendor's may.
    """
    result = replays([sale(number) for number in range(5)])
    assert (5, 5, 0, True) == (result.replayed, result.acknowledged, result.failed, result.is_complete)
    assert sorted(ids(receiver)) == list(range(min(ids(receiver)), min(ids(receiver)) + 5))
    assert not {100, 101, 102, 103, 104} & set(ids(receiver))
    assert not {f"{EVENT}{number}" for number in range(5)} & {call.event_id for call in receiver.calls}


def test_the_same_ids_are_those_of_the_day(replays, receiver):
    """Of the body, of the event and of the webhook; the same record again raises nothing that the log has."""
    for _ in range(2):
        replays([sale(1)], same_ids=True)
    (call,) = receiver.calls
    assert (101, f"{EVENT}1", f"{WEBHOOK}0") == (ids(receiver)[0], call.event_id, call.headers["x-webhook-id"])


def test_the_pace_is_that_of_the_day(replays):
    """Seconds 1, 3 and 6 of it: 2 s and 3 s apart, a tenth of that at ten times the speed."""
    time = Time()
    replays([sale(number) for number in (1, 3, 6)], speed=10.0, time=time)
    assert [0.2, 0.3] == [round(each, 6) for each in time.slept]


def test_an_hour_that_repeats_is_an_hour(replays):
    """From 02:30 in summer time to 02:30 in winter time it is one hour, although the clock shows the same."""
    time = Time()
    moments = ["2026-10-25T02:30:00", "2026-10-25T02:50:00", "2026-10-25T02:30:00"]
    replays([sale(place, time=moment) for place, moment in enumerate(moments)], speed=1.0, time=time)
    assert [20 * 60, 40 * 60] == time.slept


def test_faults_are_on_top(replays, sim, receiver):
    """A duplicate is sent twice, and an answer that was lost is not acknowledged."""
    sim.breaks("duplicate", times=1)
    sim.breaks("lost-response", times=1)
    result = replays([sale(1), sale(2)])
    assert (1, 1) == (result.acknowledged, result.failed)
    assert 3 == len(receiver.calls)


def test_what_is_refused_is_counted(replays, receiver):
    receiver.respond = lambda _: answer(500)
    assert (0, 2) == ((result := replays([sale(1), sale(2)])).acknowledged, result.failed)


def test_a_line_that_cannot_be_read_ends_it(replays, receiver):
    """The lines before it were sent, and the result names the line to go on from."""
    with pytest.raises(BadInput, match="line 4: expected JSON"):
        replays([sale(1), sale(2)], broken=b"{broken\n")
    assert 2 == len(receiver.calls)
    assert (4, False) == (replays.last.result.next_line, replays.last.result.is_complete)


def test_a_type_that_is_not_known_ends_it(replays):
    """It is refused by its line: a misspelled type would be lost silently at a receiver that ignores it."""
    with pytest.raises(BadInput, match=r"line 3: event: .*SaleCreatd"):
        replays([sale(1), sale(2, event="SaleCreatd")])
    assert 3 == replays.last.result.next_line


def test_a_body_that_is_no_json_is_left_out_and_said(replays):
    result = replays([sale(1, body=None, text="{broken"), sale(2)])
    assert (1, 1) == (result.replayed, result.left_out)
    assert "line 2: its body is no JSON" in replays.said[0]


def test_a_replay_goes_on_from_a_line(replays, receiver):
    """The first event stands in line 2; what is before the line is not sent."""
    replays([sale(number) for number in range(4)], from_line=4, same_ids=True)
    assert [102, 103] == sorted(ids(receiver))


def test_an_interrupted_replay_knows_what_was_sent(replays, receiver):
    """Ctrl-C while it waits for the third event."""

    class Interrupted(Time):
        def sleep(self, seconds):
            super().sleep(seconds)
            if len(self.slept) == 2:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        replays([sale(number) for number in range(4)], time=Interrupted())
    assert (2, 4) == (len(receiver.calls), replays.last.result.next_line)


def test_a_long_record_is_replayed_in_batches(replays, receiver, monkeypatch):
    """However many events there are, few are under way, and each is counted once."""
    monkeypatch.setattr(replay_module, "BATCH", 2)
    result = replays([sale(number) for number in range(5)])
    assert (5, 5, 7) == (result.acknowledged, len(receiver.calls), result.next_line)


def test_a_further_delivery_of_an_event_is_left_out(replays, receiver):
    """A proxy records each delivery; the event happened once."""
    result = replays([sale(1), sale(1), sale(2)])
    assert (2, 1, 2) == (result.replayed, result.left_out, len(receiver.calls))
    assert "line 3: a further delivery of event" in replays.said[0]


def test_what_the_log_has_already_is_left_out_and_said(replays, receiver):
    """With the recorded ids a second replay delivers nothing: it never says that all is well with zero events."""
    events = [sale(1), sale(2)]
    replays(events, same_ids=True)
    again = replays([*events, sale(3)], same_ids=True)
    assert (1, 2, 3) == (again.acknowledged, again.left_out, len(receiver.calls))
    assert [f"line {n + 1}: the simulator's log has event {EVENT}{n} already" for n in (1, 2)] == [
        said.partition("r: ")[2] for said in replays.said
    ]
