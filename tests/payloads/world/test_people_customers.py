from collections.abc import Callable, Sequence
from typing import Any

Bodies = Callable[[str], Sequence[dict[str, Any]]]


def test_an_update_is_of_a_customer_who_was_created(bodies: Bodies) -> None:
    """The same person, registered in the same store; something about the person changed, later."""
    created, updated = bodies("CustomerCreated"), bodies("CustomerUpdated")
    for before, after in zip(created, updated, strict=True):
        for field in ("customerId", "customerGuid", "registeredStoreId", "createdDateTime", "isEmployee"):
            assert before[field] == after[field]
        assert before["createdDateTime"] < after["updatedDateTime"]
        assert before != after


def test_a_deleted_customer_is_blank(bodies: Bodies) -> None:
    """A deletion under GDPR leaves the id and blanks the person (inferred); no customer is created deleted."""
    deleted = [each for each in bodies("CustomerUpdated") if each["deleted"]]

    assert deleted
    for customer in deleted:
        assert {""} == {customer[field] for field in ("email", "firstName", "lastName", "phone")}
        assert customer["cardNo"] is None
        assert (False, False) == (customer["agreedSendEmail"], customer["agreedSendSMS"])
    assert not any(each["deleted"] for each in bodies("CustomerCreated"))


def test_a_customer_is_written_as_in_the_vendors_example(bodies: Bodies) -> None:
    """Country code in lower case, calling code without a plus, gender f or m, unset address fields empty."""
    customers = bodies("CustomerCreated")

    assert {"no", "se", "dk"} == {each["countryCode"] for each in customers}
    assert {"47", "46", "45"} == {each["phoneCountryPrefix"] for each in customers}
    assert {"f", "m"} == {each["gender"] for each in customers}
    assert any(each["address1"] == "" for each in customers)


def test_the_customer_of_a_sale_is_one_who_was_created(bodies: Bodies) -> None:
    """Sales and orders draw from customers 0 to 399, as CustomerCreated of that number shows them."""
    details = {each["customerId"]: each for each in bodies("CustomerCreated")[:300]}
    met = 0
    for sale in bodies("SaleCreated")[:300]:
        customer = sale["customer"]
        if customer is not None and customer["customerId"] in details:
            created = details[customer["customerId"]]
            met += 1
            assert (created["email"], created["lastName"]) == (customer["email"], customer["lastName"])
    assert met > 30
