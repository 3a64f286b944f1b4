"""Store ids as the vendor's API takes them."""

import pytest

from frontsim.domain.model import Occurrence, with_known_store


@pytest.mark.parametrize(
    ("store_id", "known"),
    [(7, 7), (None, None), (2**31 - 1, 2**31 - 1), (2**31, None), (-(2**31), -(2**31)), (2**63, None)],
)
def test_stores(store_id: int | None, known: int | None):
    """A number that no 32 bits hold is no store."""
    assert Occurrence("SaleCreated", b"{}", known) == with_known_store(Occurrence("SaleCreated", b"{}", store_id))
