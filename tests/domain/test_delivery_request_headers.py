"""The headers of a delivery."""

from dataclasses import replace
from uuid import UUID

from frontsim.domain.delivery_request import HeaderNames
from frontsim.domain.model import Delivery, Trigger

NAMES = HeaderNames("X-Webhook-Event-Id", "X-Webhook-Id", "X-Webhook-Event")
DELIVERY = Delivery(1, 1, 1, 1, Trigger.ORIGINAL, str(UUID(int=1)), str(UUID(int=2)), "SaleCreated", "http://a", b"{}")


def test_the_headers():
    """Which event, which webhook, which type, and that it is JSON."""
    assert {
        "Content-Type": "application/json; charset=utf-8",
        "X-Webhook-Event-Id": "00000000-0000-0000-0000-000000000002",
        "X-Webhook-Id": "00000000-0000-0000-0000-000000000001",
        "X-Webhook-Event": "SaleCreated",
    } == NAMES.of(DELIVERY)


def test_the_lines():
    """The same as bytes, each line ended."""
    lines = NAMES.lines(DELIVERY, event="Other", content_type="text/plain")
    assert (
        b"Content-Type: text/plain\r\n"
        b"X-Webhook-Event-Id: 00000000-0000-0000-0000-000000000002\r\n"
        b"X-Webhook-Id: 00000000-0000-0000-0000-000000000001\r\n"
        b"X-Webhook-Event: Other\r\n"
    ) == lines


def test_one_request_has_one_authorization():
    """A user in the webhook's URL is Basic authentication, and the header of a shape gives way to it."""
    names = replace(NAMES, fixed={"authorization": "Bearer a", "X-A": "1"})
    plain = DELIVERY._replace(url="http://shop/hook?mail=a@b")
    user = DELIVERY._replace(url="http://ann:b@shop/hook")
    assert ("Bearer a", "1") == (names.of(plain)["authorization"], names.of(plain)["X-A"])
    assert ("authorization" not in names.of(user), "1") == (True, names.of(user)["X-A"])
    for _ in range(2):  # the second time from the cache
        assert b"Bearer a" in names.lines(plain)
        assert b"Bearer" not in names.lines(user)
        assert b"X-A: 1\r\n" in names.lines(user)


def test_a_reader_sees_no_secret():
    """The values of fixed headers, and what is known as a secret by its name."""
    names = replace(NAMES, fixed={"Shop-Pass": "hunter2"})
    head = "POST / HTTP/1.1\nHost: shop\nAuthorization: Basic hunter2\nshop-pass: hunter2\nX-B: 1"
    assert "POST / HTTP/1.1\nHost: shop\nAuthorization: Basic ***\nshop-pass: ***\nX-B: 1" == names.hidden(head)
