"""Text from outside as text that can neither colour a terminal nor move its cursor."""


def printable(text: str) -> str:
    r"""One line: each character that does not print is shown as its escape, such as `\n` and `\x1b`."""
    return text if text.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
