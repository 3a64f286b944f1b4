"""The concurrency limit by itself: which delivery is sent when."""

from uuid import UUID

from frontsim.delivery.dispatcher import ConcurrencyLimit
from frontsim.domain.model import Delivery, Trigger


class Sending:
    """A concurrency limit, and what was sent, in turn."""

    def __init__(self, slots: int) -> None:
        self.sent: list[int] = []
        self.at_once: set[int] = set()
        self.limit = ConcurrencyLimit(slots, self.sends)

    def sends(self, delivery: Delivery) -> None:
        self.sent.append(delivery.run_id)
        if delivery.run_id in self.at_once:
            self.limit.release(delivery)

    def arrive(self, *numbers: int, destination: int = 1, urgent: bool = False) -> None:
        self.limit.enqueue([delivery(number, destination) for number in numbers], urgent=urgent)
        self.limit.fill([destination])

    def is_over(self, number: int) -> None:
        self.limit.release(delivery(number))


def delivery(number: int, destination: int = 1) -> Delivery:
    return Delivery(
        number, number, 1, destination, Trigger.ORIGINAL, str(UUID(int=1)), str(UUID(int=number)), "SaleCreated",
        "http://shop.example/", b"{}",
    )  # fmt: skip


def test_at_most_that_many_at_once_in_turn() -> None:
    """The next is sent when one is over, whichever that is."""
    sending = Sending(2)
    sending.arrive(1, 2, 3, 4, 5)
    assert [1, 2] == sending.sent
    sending.is_over(2)
    assert [1, 2, 3] == sending.sent
    sending.is_over(1)
    sending.is_over(3)
    assert [1, 2, 3, 4, 5] == sending.sent


def test_a_destination_waits_for_no_other() -> None:
    """Each has slots of its own."""
    sending = Sending(1)
    sending.arrive(1, 2)
    sending.arrive(3, 4, destination=2)
    assert [1, 3] == sending.sent


def test_what_is_urgent_goes_first() -> None:
    """Urgent deliveries go before all others, and in turn among themselves."""
    sending = Sending(1)
    sending.arrive(1, 2)
    sending.arrive(3, urgent=True)
    sending.arrive(4, urgent=True)
    for number in (1, 3, 4):
        sending.is_over(number)
    assert [1, 3, 4, 2] == sending.sent


def test_what_is_over_at_once_holds_nothing_up() -> None:
    """Thousands that end within `send` end one after the other, not one inside the other."""
    sending = Sending(1)
    sending.at_once.update(range(5_000))
    sending.arrive(*range(5_001))
    assert list(range(5_001)) == sending.sent


def test_a_copy_is_sent_without_a_slot_and_counts() -> None:
    """It does not wait; the next waits until enough are over for a slot to be free."""
    sending = Sending(1)
    sending.arrive(1, 2)
    sending.limit.occupy(delivery(9))
    sending.is_over(1)
    assert [1] == sending.sent
    sending.is_over(9)
    assert [1, 2] == sending.sent


def test_what_has_no_slot_frees_none() -> None:
    """Nor does the same delivery a second time."""
    sending = Sending(1)
    sending.arrive(1, 2, 3)
    sending.is_over(7)
    sending.is_over(1)
    sending.is_over(1)
    assert [1, 2] == sending.sent


def test_a_new_beginning() -> None:
    """Waiting deliveries are given back; those under way when all was forgotten hold no slot."""
    sending = Sending(1)
    sending.arrive(1, 2)
    sending.arrive(3, urgent=True)
    assert [3, 2] == [item.run_id for item in sending.limit.clear()]
    sending.arrive(4, 5)
    assert [1, 4] == sending.sent
    sending.is_over(1)
    assert [1, 4] == sending.sent
    sending.is_over(4)
    assert [1, 4, 5] == sending.sent


def test_pausing_and_dropping() -> None:
    """Nothing is sent until `resume`; what was dropped is not sent then."""
    sending = Sending(1)
    sending.arrive(1, 2, 3)
    sending.limit.pause()
    sending.is_over(1)
    sending.limit.drop(before=3)
    assert [1] == sending.sent
    sending.limit.resume()
    assert [1, 3] == sending.sent
