"""`/_sim/replay`: an event that really happened, for one webhook."""

import pytest

WEBHOOK = "6f0e2a9c-7a43-4c39-8a5e-0d9b3b6c1f52"
EVENT = "9c7656c4-ae4b-4414-b086-b909765fe9f3"


def refuses(answer, field):
    assert 422 == answer.status_code, answer.text
    assert field in answer.json()["errors"]


@pytest.fixture
def replays(sim, receiver):
    """`replays(payload, ...)` replays a sale to the receiver; the call's answer."""

    def replay(payload=None, **more):
        call = {"event": "SaleCreated", "url": receiver.url, "payload": payload or {"saleId": 7}, **more}
        return sim.does("replay", {name: value for name, value in call.items() if value is not None})

    return replay


def test_a_receiver_gets_the_same_body_under_the_same_ids(sim, receiver, replays):
    """In the headers that it had, and not once more for another webhook of that type."""
    sim.subscribes(receiver.url + "&other")
    answer = replays({"saleId": 7, "novel": [1.5]}, webhookId=WEBHOOK, webhookEventId=EVENT)
    sim.drains()
    assert {"webhookId": WEBHOOK, "webhookEventId": EVENT, "event": "SaleCreated"} == answer["events"][0]
    (call,) = receiver.calls
    assert (b'{"saleId":7,"novel":[1.5]}', EVENT, WEBHOOK) == (call.body, call.event_id, call.headers["x-webhook-id"])


def test_an_id_that_the_log_has_is_not_raised_again(sim, receiver, replays):
    """A caller that was killed may call again; the answer says that nothing was raised."""
    answers = [replays(webhookId=WEBHOOK, webhookEventId=EVENT) for _ in range(2)]
    sim.drains()
    assert [1, 0] == [answer["occurrences"] for answer in answers]
    assert answers[0]["events"] == answers[1]["events"]
    assert 1 == len(receiver.calls)


def test_without_ids_the_simulator_makes_them(sim, receiver, replays):
    """One webhook for all events of a type to one URL."""
    first, second = (replays()["events"][0] for _ in range(2))
    assert first["webhookId"] == second["webhookId"]
    assert first["webhookEventId"] != second["webhookEventId"]


def test_a_webhook_is_led_to_the_new_url(sim, receiver, replays):
    """A receiver that moved gets the next event; the webhook keeps its id."""
    replays(webhookId=WEBHOOK, url="http://127.0.0.1:1/hook")
    replays(webhookId=WEBHOOK)
    assert [(WEBHOOK, receiver.url)] == [(each["id"], each["url"]) for each in sim.api("GET", "Webhooks").json()]


def test_a_type_that_the_catalogue_lacks_is_delivered(sim, receiver, replays):
    """With a fault that changes payloads on, too: a receiver must tolerate new types."""
    sim.breaks("unknown-field")
    replays(event="OmniChannelOrderReceived")
    sim.drains()
    assert "OmniChannelOrderReceived" == receiver.gets(1)[0].headers["x-webhook-event"]


def test_an_event_of_another_webhook_is_refused(sim, replays, receiver):
    """And no webhook was made for it."""
    replays(webhookId=WEBHOOK, webhookEventId=EVENT)
    call = {"event": "SaleCreated", "url": receiver.url, "payload": {}, "webhookEventId": EVENT}
    refuses(sim.sim("POST", "replay", {**call, "webhookId": EVENT}), "webhookEventId")
    assert 1 == len(sim.api("GET", "Webhooks").json())


def test_a_deleted_webhook_is_refused(sim, replays, receiver):
    """Its id stays with the events that it had."""
    replays(webhookId=WEBHOOK)
    sim.api("DELETE", f"Webhooks/{WEBHOOK}")
    call = {"event": "SaleCreated", "url": receiver.url, "payload": {}, "webhookId": WEBHOOK}
    refuses(sim.sim("POST", "replay", call), "webhookId")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"event": "No Name"}, "event"),
        ({"event": None}, "event"),
        ({"url": "ftp://a"}, "url"),
        ({"webhookId": "7"}, "webhookId"),
        ({"webhookEventId": 7}, "webhookEventId"),
        ({"storeId": "x"}, "storeId"),
        ({"count": 2}, "count"),
    ],
)
def test_a_wrong_call_is_refused(sim, wrong, field):
    call = {"event": "SaleCreated", "url": "http://127.0.0.1:1/hook", "payload": {}, **wrong}
    refuses(sim.sim("POST", "replay", call), field)


def test_a_call_without_a_payload_is_refused(sim):
    """null is a payload; nothing is none."""
    refuses(sim.sim("POST", "replay", {"event": "SaleCreated", "url": "http://127.0.0.1:1"}), "payload")
