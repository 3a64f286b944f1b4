from collections.abc import Callable, Sequence
from typing import Any

import pytest

Event = tuple[str, dict[str, Any]]
Trading = Callable[[int], Sequence[Event]]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_sales_show_a_customer_as_he_was_last_updated(trading: Trading, seed: int) -> None:
    """Name, phone and e-mail of a sale are those of the newest event about its customer; none who was deleted buys."""
    newest: dict[int, dict[str, Any]] = {}
    met = 0
    for event, body in trading(seed):
        if event in {"CustomerCreated", "CustomerUpdated"}:
            newest[body["customerId"]] = body
        elif event.startswith("Sale") and body["customer"] and body["customer"]["customerId"]:
            known = newest[body["customer"]["customerId"]]
            met += known["updatedDateTime"] is not None
            for field in ("email", "firstName", "lastName", "phone", "companyName"):
                assert known[field] == (body["customer"][field] or "")
            assert known["deleted"] is False
    assert met > 5


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_updates_build_on_each_other(trading: Trading, seed: int) -> None:
    """A field that an update does not change stays as in the event before; its moment is later."""
    newest: dict[int, dict[str, Any]] = {}
    for event, body in trading(seed):
        if event == "CustomerUpdated":
            before = newest[body["customerId"]]
            changed = {field for field in body if body[field] != before[field]}
            assert "updatedDateTime" in changed
            assert len(changed) <= 4 or body["deleted"]
        if event in {"CustomerCreated", "CustomerUpdated"}:
            newest[body["customerId"]] = body
