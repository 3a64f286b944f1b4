"""Text from outside that does no harm where it is shown: on a terminal, or in an XML document."""


def printable(text: str) -> str:
    r"""One line: each character that does not print is shown as its escape, such as `\n` and `\x1b`."""
    return text if text.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def xml_text(text: str) -> str:
    """The text without the characters that no XML document may hold, each a `?`: ElementTree would write them."""
    return "".join(each if each in "\t\n" or _is_xml(each) else "?" for each in text)


def _is_xml(character: str) -> bool:
    return character >= " " and character not in "\ufffe\uffff" and not "\ud800" <= character <= "\udfff"
