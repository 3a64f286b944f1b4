import pytest

from frontsim.verification.effects.content import is_international, is_masked


@pytest.mark.parametrize(
    ("sent", "kept", "hides"),
    [
        ("Kari", "***", True),
        ("kari@shop.no", "k***@shop.no", True),
        ("912345678", "*12345678", True),
        ("Kari", "[REDACTED]", True),
        ("Kari", "anonymized", True),
        ("Kari", "xxxx", True),
        ("Kari", "##", True),
        ("Kari", "#", False),
        ("Kari", "xxx", False),
        ("Kari", "unmasked", False),
        ("5 * 3", "5 *", False),
    ],
)
def test_a_mask(sent, kept, hides):
    """Stars in a text that was sent with stars hide nothing."""
    assert hides is is_masked(sent, kept)


@pytest.mark.parametrize(
    ("sent", "kept", "is_so"),
    [
        ("764547048", "+46764547048", True),
        ("0764 547-048", "+46 764547048", True),
        ("764547048", "0046764547048", True),
        ("764547048", "+358764547048", True),
        ("764547048", "+3581764547048", False),
        ("764547048", "46764547048", False),
        ("764547048", "+0764547048", False),
        ("764547048", "+4676454704", False),
        ("764547048", "764547048", False),
        ("+47764547048", "+46+47764547048", False),
        ("000", "+46", False),
        ("764547048", "+46", False),
        ("Kari 912", "+47912", False),
        ("Kari", "+47", False),
    ],
)
def test_a_phone_number_with_its_country(sent, kept, is_so):
    assert is_so is is_international(sent, kept)
