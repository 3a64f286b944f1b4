"""Money in whole hundredths (oere), so that sums are right to the cent.

Amounts turn into JSON numbers at the very end: 19999 is written 199.99.
"""

Ore = int
"""Hundredths of a currency's unit."""


def amount(ore: Ore) -> float:
    """The JSON number of an amount: the nearest double, which prints with at most two decimals."""
    return ore / 100


def share(ore: Ore, percent: int) -> Ore:
    """So many percent of an amount, halves rounded away from zero."""
    return (ore * percent + 50) // 100 if ore >= 0 else -((-ore * percent + 50) // 100)


def vat_in(gross: Ore, percent: int) -> Ore:
    """The VAT inside a gross amount: gross - gross / (1 + rate), halves rounded away from zero.

    `vat_in(19999, 25)` is 4000: 40.00 of 199.99 (published, as an example). The sign follows the amount.
    """
    if gross < 0:
        return -vat_in(-gross, percent)
    whole = 100 + percent
    return (2 * gross * percent + whole) // (2 * whole)


def rounded_to(ore: Ore, step: Ore) -> Ore:
    """An amount as coins can pay it: the nearest multiple of the smallest coin, halves away from zero."""
    if ore < 0:
        return -rounded_to(-ore, step)
    return (ore + step // 2) // step * step


def fraction(part: Ore, whole: Ore) -> float:
    """A share as the vendor writes it: 0.2 is 20 %, to four decimals; 0 of nothing."""
    return round(part / whole, 4) if whole else 0.0
