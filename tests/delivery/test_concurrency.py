"""Lanes by themselves: who leaves when."""

from uuid import UUID

from frontsim.delivery.concurrency import Lanes
from frontsim.domain.model import Delivery, Trigger


class Harbour:
    """Lanes, and who has left through them, in turn."""

    def __init__(self, width: int) -> None:
        self.left: list[int] = []
        self.at_once: set[int] = set()
        self.lanes = Lanes(width, self.leaves)

    def leaves(self, delivery: Delivery) -> None:
        self.left.append(delivery.run_id)
        if delivery.run_id in self.at_once:
            self.lanes.free(delivery)

    def come(self, *numbers: int, destination: int = 1, urgent: bool = False) -> None:
        for number in numbers:
            self.lanes.join(delivery(number, destination), urgent=urgent)
        self.lanes.move([destination])

    def is_over(self, number: int) -> None:
        self.lanes.free(delivery(number))


def delivery(number: int, destination: int = 1) -> Delivery:
    return Delivery(
        number, number, 1, destination, Trigger.ORIGINAL, str(UUID(int=1)), str(UUID(int=number)), "SaleCreated",
        "http://shop.example/", b"{}",
    )  # fmt: skip


def test_so_many_at_once_and_in_turn() -> None:
    """The next leaves when one is over, whichever that is."""
    harbour = Harbour(2)
    harbour.come(1, 2, 3, 4, 5)
    assert [1, 2] == harbour.left
    harbour.is_over(2)
    assert [1, 2, 3] == harbour.left
    harbour.is_over(1)
    harbour.is_over(3)
    assert [1, 2, 3, 4, 5] == harbour.left


def test_a_destination_waits_for_no_other() -> None:
    """Each has lanes of its own."""
    harbour = Harbour(1)
    harbour.come(1, 2)
    harbour.come(3, 4, destination=2)
    assert [1, 3] == harbour.left


def test_what_is_urgent_goes_first() -> None:
    """Before all that waits and is not, and in turn among themselves."""
    harbour = Harbour(1)
    harbour.come(1, 2)
    harbour.come(3, urgent=True)
    harbour.come(4, urgent=True)
    for number in (1, 3, 4):
        harbour.is_over(number)
    assert [1, 3, 4, 2] == harbour.left


def test_what_is_over_at_once_holds_nothing_up() -> None:
    """Thousands that are never sent end one after the other, not one inside the other."""
    harbour = Harbour(1)
    harbour.at_once.update(range(5_000))
    harbour.come(*range(5_001))
    assert list(range(5_001)) == harbour.left


def test_a_copy_leaves_beside_the_lanes_and_counts() -> None:
    """It waits for nobody; the next waits until so many are over that a lane is free."""
    harbour = Harbour(1)
    harbour.come(1, 2)
    harbour.lanes.take(delivery(9))
    harbour.is_over(1)
    assert [1] == harbour.left
    harbour.is_over(9)
    assert [1, 2] == harbour.left


def test_what_has_no_lane_frees_none() -> None:
    """Nor does the same delivery a second time."""
    harbour = Harbour(1)
    harbour.come(1, 2, 3)
    harbour.is_over(7)
    harbour.is_over(1)
    harbour.is_over(1)
    assert [1, 2] == harbour.left


def test_a_new_beginning() -> None:
    """What waited is given back; what was on its way when all was forgotten takes nobody's lane."""
    harbour = Harbour(1)
    harbour.come(1, 2)
    harbour.come(3, urgent=True)
    assert [3, 2] == [item.run_id for item in harbour.lanes.clear()]
    harbour.come(4, 5)
    assert [1, 4] == harbour.left
    harbour.is_over(1)
    assert [1, 4] == harbour.left
    harbour.is_over(4)
    assert [1, 4, 5] == harbour.left


def test_holding_and_dropping() -> None:
    """Nobody leaves until it goes on; what is dropped does not leave then."""
    harbour = Harbour(1)
    harbour.come(1, 2, 3)
    harbour.lanes.hold()
    harbour.is_over(1)
    harbour.lanes.drop(before=3)
    assert [1] == harbour.left
    harbour.lanes.go_on()
    assert [1, 3] == harbour.left
