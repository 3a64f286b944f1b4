from frontsim.masking import printable, xml_text


def test_what_does_not_print_is_an_escape():
    """Colours, line breaks and what turns the writing round; letters of any language stay."""
    assert r"\x1b[31mred\n\u202eok" == printable("\x1b[31mred\n\u202eok")
    assert "Blå skjorte 日本" == printable("Blå skjorte 日本")


def test_what_xml_cannot_hold_becomes_a_question_mark() -> None:
    """Every character that it can hold stays: letters of any script, emoji, line ends."""
    kept = "æøå 漢字 \U0001f600 <&>\t\n"
    assert kept == xml_text(kept)
    assert "?????a?" == xml_text("\x00\x1b\r\ud800\ufffea\uffff")
