from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from frontsim.client.control import LeasedDelivery
from frontsim.load.teardown import LeasedResends, resend_failed

ADDRESSES = ("a", "b", "c")


def delivery(event_id: str) -> LeasedDelivery:
    return LeasedDelivery("7", "w", event_id, "SaleCreated", 2, True, "http://receiver/", {}, b"{}", 0.0)


class ResendSetup(SimpleNamespace):
    """A simulator with three failed events and a receiver that takes `each_round` of them a round."""

    def __init__(self, *, each_round: int, status_code: int | None, end_timeout: float = 20.0) -> None:
        self.failed = list(ADDRESSES)
        self.rounds = 0
        self._each_round = each_round
        entry = SimpleNamespace(webhook_id="w", status_code=status_code)
        super().__init__(
            webhooks={"w": "SaleCreated"},
            epoch=None,
            api=SimpleNamespace(
                list_events=lambda *_, **__: [
                    SimpleNamespace(**vars(entry), webhook_event_id=each) for each in self.failed
                ]
            ),
            simulator=SimpleNamespace(lease_resends=lambda **_: [delivery(each) for each in self.failed]),
            load=SimpleNamespace(options=SimpleNamespace(end_timeout=end_timeout)),
        )

    def deliver(self, deliveries: Sequence[LeasedDelivery]) -> list[Any]:
        self.rounds += 1
        self.failed = self.failed[self._each_round :]
        return list(deliveries)


def test_it_resends_until_nothing_is_failed() -> None:
    """One is taken in each round, so three rounds are enough, and the job is finished."""
    setup = ResendSetup(each_round=1, status_code=503)
    assert not resend_failed(setup)  # type: ignore[arg-type]
    assert ([], 3) == (setup.failed, setup.rounds)


def test_a_refusal_of_the_requests_themselves_ends_it() -> None:
    """Five rounds of 422 are enough: no later try will change the answer."""
    setup = ResendSetup(each_round=0, status_code=422)
    assert not resend_failed(setup)  # type: ignore[arg-type]
    assert 5 == setup.rounds


def test_time_that_is_over_while_events_are_taken_leaves_it_unfinished() -> None:
    """Events that are left then accuse no receiver."""
    assert resend_failed(ResendSetup(each_round=1, status_code=503, end_timeout=0.0))  # type: ignore[arg-type]


@pytest.mark.parametrize(("status_code", "for_good"), [(422, True), (429, False), (500, False), (None, False)])
def test_what_is_due_is_what_the_log_lists_as_failed(status_code: int | None, for_good: bool) -> None:
    """By webhook and event id, and with whether the receiver refused all of it for good."""
    due = LeasedResends(ResendSetup(each_round=0, status_code=status_code)).due()  # type: ignore[arg-type]
    assert ([("w", each) for each in ADDRESSES], for_good) == (due.events, due.is_refused_for_good)
