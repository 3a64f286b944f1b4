from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from frontsim.client.control import DeliveryReport, LeasedDelivery
from frontsim.client.errors import UnexpectedAnswer
from frontsim.domain.delivery_request import BARE, DeliveryShape
from frontsim.domain.model import Outcome
from frontsim.load.teardown import LeasedCleanEvents


class CleanEventSetup(SimpleNamespace):
    """Leases one event after another, and a receiver that answers them with these codes, one after another."""

    def __init__(self, *codes: int, key: str = "webhookEventId", shape: DeliveryShape = BARE) -> None:
        super().__init__(
            simulator=SimpleNamespace(lease=self._lease),
            api=SimpleNamespace(get_event=self._entry),
            selection=SimpleNamespace(entity=lambda event, payload: (event, payload)),
            load=SimpleNamespace(options=SimpleNamespace(observe_key=key), shape=shape),
        )
        self._codes = list(codes)
        self._sent = 0

    def deliver(self, deliveries: Sequence[LeasedDelivery]) -> list[DeliveryReport]:
        return [DeliveryReport(each, Outcome.ANSWERED, self._codes[int(each.webhook_event_id)]) for each in deliveries]

    def _lease(self, mix: Any, **_: Any) -> list[LeasedDelivery]:
        assert {"SaleCreated": 1} == mix
        if self._sent == len(self._codes):
            return []
        self._sent += 1
        return [LeasedDelivery("7", "w", f"{self._sent - 1}", "SaleCreated", 1, False, "http://r/", {}, b"", 0.0)]

    def _entry(self, webhook_id: str, webhook_event_id: str) -> Any:
        code = self._codes[int(webhook_event_id)]
        return SimpleNamespace(status_code=code, status="", outcome=f"{code} in words", payload={"id": webhook_id})


def events(setup: CleanEventSetup) -> LeasedCleanEvents:
    return LeasedCleanEvents(setup, "SaleCreated")  # type: ignore[arg-type]


def test_a_resend_is_a_new_event() -> None:
    """A lease cannot name an event: a receiver that refused the first may take the next."""
    sender = events(CleanEventSetup(503, 200))
    refused = sender.send(1)[0]
    taken = sender.resend(refused)
    assert (False, "503 in words") == (refused.acknowledged, refused.result)
    assert (True, "1") == (taken.acknowledged, taken.webhook_event_id)


@pytest.mark.parametrize(("key", "entity"), [("webhookEventId", None), ("business", ("SaleCreated", {"id": "w"}))])
def test_what_an_event_is_about_is_read_only_for_the_business_key(key: str, entity: object) -> None:
    """By event id nothing more is needed."""
    sender = events(CleanEventSetup(200, key=key))
    assert entity == sender.facts(sender.send(1)[0])[0].entity


def test_without_a_delivery_nothing_is_known() -> None:
    """The webhook is gone: that is an error of the setup, not a refusal by the receiver."""
    with pytest.raises(UnexpectedAnswer, match="a delivery of SaleCreated"):
        events(CleanEventSetup()).send(1)


def test_what_an_event_is_about_is_read_in_the_shape_of_its_delivery() -> None:
    """A field that the shape replaces has the shape's value."""
    sender = events(CleanEventSetup(200, key="business", shape=DeliveryShape(fields={"id": "webhookEventId"})))
    assert ("SaleCreated", {"id": "0"}) == sender.facts(sender.send(1)[0])[0].entity
