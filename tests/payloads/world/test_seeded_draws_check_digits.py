from hypothesis import given
from hypothesis import strategies as st

from frontsim.payloads.world.seeded_draws import gtin12, gtin13, organization_number


def test_known_codes() -> None:
    """Codes whose check digits anyone can look up."""
    assert gtin13("400638133393") == "4006381333931"
    assert gtin12("03600029145") == "036000291452"


@given(st.from_regex(r"\A[0-9]{12}\Z"))
def test_weights_of_one_and_three_add_up_to_tens(twelve: str) -> None:
    """The GS1 rule: the digits, weighted 1 and 3 in turn, add up to a multiple of ten."""
    code = gtin13(twelve)

    assert (13, 0) == (len(code), sum(int(digit) * (1, 3)[place % 2] for place, digit in enumerate(code)) % 10)


@given(st.integers(0, 10**12))
def test_norwegian_and_danish_numbers_are_multiples_of_eleven(serial: int) -> None:
    """Weighted, their digits add up to a multiple of 11."""
    norwegian, danish = organization_number("NO", serial), organization_number("DK", serial)

    assert (9, 8) == (len(norwegian), len(danish))
    assert sum(int(a) * b for a, b in zip(norwegian, (3, 2, 7, 6, 5, 4, 3, 2, 1), strict=True)) % 11 == 0
    assert sum(int(a) * b for a, b in zip(danish, (2, 7, 6, 5, 4, 3, 2, 1), strict=True)) % 11 == 0


@given(st.integers(0, 10**12))
def test_swedish_numbers_pass_luhn(serial: int) -> None:
    """Ten digits; doubled from the right, every second one, they add up to tens."""
    digits = [int(digit) for digit in organization_number("SE", serial)]
    doubled = [digit * 2 if place % 2 == 0 else digit for place, digit in enumerate(digits)]

    assert (10, 0) == (len(digits), sum(each // 10 + each % 10 for each in doubled) % 10)
