import pytest

from frontsim.subjects.inbound import RULES, EntityState, ReceivedEvent, state_of


def event(event_type, payload):
    return ReceivedEvent("id", "webhook", event_type, payload, b"")


@pytest.mark.parametrize(
    ("event_type", "payload", "state"),
    [
        ("CustomerCreated", {"customerId": 7, "createdDateTime": "a"}, EntityState("customer:7", "a", 0)),
        (
            "CustomerUpdated",
            {"customerId": 7, "createdDateTime": "a", "updatedDateTime": "b"},
            EntityState("customer:7", "b", 0),
        ),
        ("OmniChannelOrderFulfilled", {"orderId": 7, "updatedDateTime": 5}, EntityState("order:7", "", 0)),
        (
            "StockMovementCreated",
            {"stockId": 1, "sku": "S", "gtin": None, "createdDateTime": "a", "movementId": 9},
            EntityState("stock:1:S:None", "a", 9),
        ),
        ("StockMovementCreated", {"movementId": "9"}, None),
        ("CustomerUpdated", {"customerId": None}, None),
        ("SaleCreated", {"saleId": 7}, None),
    ],
)
def test_state_of(event_type, payload, state):
    """Customers, orders and stock levels have a state; other events have none, nor has one without an id."""
    assert state == state_of(event_type, event(event_type, payload))


def test_every_rule_is_of_a_known_type(known_types):
    """No rule is for a type that the catalogue does not have."""
    assert set() == RULES.keys() - known_types
