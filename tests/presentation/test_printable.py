from frontsim.presentation.printable import printable


def test_what_does_not_print_is_an_escape():
    """Colours, line breaks and what turns the writing round; letters of any language stay."""
    assert r"\x1b[31mred\n\u202eok" == printable("\x1b[31mred\n\u202eok")
    assert "Blå skjorte 日本" == printable("Blå skjorte 日本")
