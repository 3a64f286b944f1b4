import pytest

from frontsim.subjects.reference import Receiver, Variant, by_name


def test_a_name_belongs_to_one_receiver() -> None:
    first, second = [Variant(name, Receiver, "It is right.") for name in ("first", "second")]
    assert {"first": first, "second": second} == by_name(first, second)
    with pytest.raises(ValueError, match="got first twice"):
        by_name(first, second, first)
