"""The proxy before a receiver: the vendor sees the receiver's answer, and the record both."""

import json
import socket
import threading
from contextlib import closing

import httpx
import pytest

from frontsim.errors import Unusable
from frontsim.hosting.listening import listen, url_of
from frontsim.records.proxy import HeadersOf, RecordingProxy
from tests.support.recorder import answer

HEADERS = HeadersOf("X-Webhook-Event-Id", "X-Webhook-Id", "X-Webhook-Event")
HEAD = {"X-Webhook-Event-Id": "e1", "X-Webhook-Id": "w1", "X-Webhook-Event": "SaleCreated", "X-Other": "kept"}


@pytest.fixture
def proxied(receiver):
    """`proxied(to=...)` puts a proxy before the receiver; its URL. `.found` has what it recorded, `.said` its words."""
    started = []

    def start(to=None, headers=HEADERS, add=None):
        listening = listen("127.0.0.1", 0)
        proxy = RecordingProxy(
            listening, to=to or receiver.url, headers=headers, add=add or start.found.append, say=start.said.append
        )
        thread = threading.Thread(target=proxy.serve)
        thread.start()
        started.append((proxy, thread, listening))
        return url_of(listening)

    start.found, start.said = [], []
    yield start
    for proxy, thread, listening in started:
        proxy.stop()
        thread.join()
        listening.close()


def posts(url, body=b'{"saleId":7}', headers=HEAD, **more):
    with httpx.Client(trust_env=False) as client:
        return client.post(url, content=body, headers=headers, **more)


def test_a_delivery_comes_as_it_was_sent(proxied, receiver):
    """Body byte for byte, headers, and the receiver's own path and token; the vendor gets the receiver's answer."""
    receiver.respond = lambda _: answer(418, b"short and stout")
    got = posts(f"{proxied()}/anywhere")
    (call,) = receiver.gets(1)
    assert (418, b"short and stout") == (got.status_code, got.content)
    assert (b'{"saleId":7}', "kept", "e1") == (call.body, call.headers["x-other"], call.event_id)
    assert "POST /hook?token=abc HTTP/1.1" == call.line
    assert f"127.0.0.1:{receiver.port}" == call.headers["host"]


def test_without_a_path_each_delivery_keeps_its_own(proxied, receiver):
    """So one proxy serves a receiver with a URL for each type."""
    posts(f"{proxied(to=f'http://127.0.0.1:{receiver.port}')}/sales?token=t")
    assert "POST /sales?token=t HTTP/1.1" == receiver.gets(1)[0].line


def recorded(proxied):
    """Return the record once it is there: it comes after the answer."""
    for thread in threading.enumerate():
        if thread.name.startswith("Thread-") and "process_request_thread" in thread.name:
            thread.join(5)
    return proxied.found


def test_a_delivery_is_recorded_with_its_answer(proxied, receiver):
    receiver.respond = lambda _: answer(500, b"oops")
    posts(proxied())
    (event,) = recorded(proxied)
    assert ("SaleCreated", "w1", "e1", {"saleId": 7}) == (
        event.event,
        event.webhook_id,
        event.webhook_event_id,
        event.body,
    )
    assert (500, False, "oops") == tuple(event.runs[0][name] for name in ("statusCode", "success", "answer"))
    assert event.time.endswith("+00:00")


def test_a_body_that_is_no_json_is_recorded_as_text(proxied):
    posts(proxied(), body=b"{broken")
    assert [(None, "{broken")] == [(event.body, event.text) for event in recorded(proxied)]


def test_a_type_without_a_header_is_the_one_that_is_named(proxied):
    """The vendor's header for it is open."""
    url = proxied(headers=HeadersOf("X-Webhook-Event-Id", "X-Webhook-Id", "X-Webhook-Event", event="SaleCreated"))
    posts(url, headers={})
    assert ["SaleCreated"] == [event.event for event in recorded(proxied)]


def test_a_receiver_that_is_not_there_is_a_502(proxied):
    """And no status in the record: nobody answered."""
    got = posts(proxied(to="http://127.0.0.1:1/hook"))
    assert (502, "the receiver: Connection refused") == (got.status_code, got.text)
    assert [(None, "Connection refused")] == [
        (event.runs[0]["statusCode"], event.runs[0]["status"]) for event in recorded(proxied)
    ]


def test_a_full_disk_ends_the_recording_and_no_delivery(proxied, receiver):
    """It is said once."""

    def full(_):
        raise Unusable("day.jsonl: 7 events are in the record, then: No space left on device")

    url = proxied(add=full)
    assert [200] * 3 == [posts(url).status_code for _ in range(3)]
    recorded(proxied)
    assert 3 == len(receiver.calls)
    assert ["the recording has ended, and deliveries are still forwarded: "] == [
        said.partition("day")[0] for said in proxied.said
    ]


def test_a_body_in_chunks_comes_whole(proxied, receiver):
    """The receiver gets it with its length."""
    posts(proxied(), body=iter([b'{"sale', b'Id":7}']))
    assert b'{"saleId":7}' == receiver.gets(1)[0].body


@pytest.mark.parametrize(
    "head", ["Content-Length: 99999999999", "Content-Length: x", "Transfer-Encoding: chunked\r\n\r\nzz"]
)
def test_a_body_without_an_end_is_refused(proxied, receiver, head):
    url = proxied()
    with closing(socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])))) as link:
        link.sendall(f"POST / HTTP/1.1\r\nHost: a\r\n{head}\r\n\r\n".encode())
        assert b" 400 " in link.recv(100)
    assert [] == receiver.calls


def test_many_at_once_are_recorded_each_in_a_line(proxied, receiver):
    """Ten threads, one record."""
    url = proxied()
    threads = [threading.Thread(target=posts, args=[url, json.dumps({"saleId": n}).encode()]) for n in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(range(10)) == {event.body["saleId"] for event in recorded(proxied)}
