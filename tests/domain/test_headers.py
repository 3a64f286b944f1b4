"""The headers of a delivery."""

from uuid import UUID

from frontsim.domain.headers import HeaderNames
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
