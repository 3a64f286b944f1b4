"""Check digits: GTINs, and the company numbers of three countries."""


def gtin13(twelve: str) -> str:
    """Twelve digits and their GS1 check digit."""
    odd, even = sum(map(int, twelve[::2])), sum(map(int, twelve[1::2]))
    return f"{twelve}{-(odd + 3 * even) % 10}"


def gtin12(eleven: str) -> str:
    """Eleven digits and their GS1 check digit (the 12-digit form of the same code)."""
    return gtin13("0" + eleven)[1:]


def organization_number(country: str, serial: int) -> str:
    """A company number with a valid check digit: Norway 9 digits, Sweden 10, Denmark 8.

    `serial` picks one; where a serial has no valid check digit, the next one that has is taken.
    """
    return _MAKERS[country](serial)


def _norwegian(serial: int) -> str:
    return _modulo_11(f"{90_000_000 + serial % 9_999_900}", (3, 2, 7, 6, 5, 4, 3, 2))


def _danish(serial: int) -> str:
    return _modulo_11(f"{2_000_000 + serial % 1_999_900}", (2, 7, 6, 5, 4, 3, 2))


def _modulo_11(digits: str, weights: tuple[int, ...]) -> str:
    check = -sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True)) % 11
    return f"{digits}{check}" if check < 10 else _modulo_11(str(int(digits) + 1), weights)


def _swedish(serial: int) -> str:
    digits = f"556{serial % 1_000_000:06}"
    doubled = [int(digit) * (2 - place % 2) for place, digit in enumerate(digits)]
    return f"{digits}{-sum(each // 10 + each % 10 for each in doubled) % 10}"


_MAKERS = {"NO": _norwegian, "SE": _swedish, "DK": _danish}
