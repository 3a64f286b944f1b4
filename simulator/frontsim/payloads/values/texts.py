"""Free text as people write it: mostly none or plain, seldom text that breaks a careless receiver.

Long texts, quotes, backslashes, newlines, emoji, combining marks, right-to-left script, markup and what looks
like SQL or a template. All of it is valid JSON text, and a receiver must store it unchanged.
"""

_LONG = (
    "Kunden ringte og ba oss legge av varene til over helgen, fordi hun er på hytta uten dekning; "
    "hvis de ikke er hentet innen tirsdag kl. 18:00 skal de tilbake i hylla, og beløpet refunderes til samme kort. "
)

FREE_TEXTS: tuple[str, ...] = (
    "Gave \u2013 pakkes inn",
    "Hentes av sønnen",
    'Kunden sa: "bare ring på"',
    "Linje 1\nLinje 2\r\nLinje 3",
    "Tusen takk! 🎁🧦👍🏽",
    "Fönstret till höger, påskyltning",
    "Æresbevisning for lang og tro tjeneste: øl, pølser & ål",
    "C:\\kasse\\kvittering.txt\tkopi",
    "O'Hara & Sønn; DROP TABLE sale; --",
    '<b>Rabatt</b> & "spesialpris" <script>alert(1)</script>',
    "{{ customer.name }} %s %d ${total} {0}",
    "שלום · 東京 · Ελλάδα · naïve",
    "Cafe\u0301 a\u030a \u2013 sammensatte tegn",
    "  mellomrom foran og bak  ",
    "null",
    "0",
    _LONG.strip(),
    (_LONG * 12).strip(),
)
"""The texts, where there is one."""

_COLUMN_LENGTHS = (30, 50, 100, 255)
COLUMN_TEXTS: tuple[str, ...] = tuple(f"{(2 * _LONG)[:length].replace(' ', '-')}." for length in _COLUMN_LENGTHS)
"""Texts one character longer than columns often are, so that a cut is found."""

_EVERYDAY = (
    "Hentes i butikken",
    "Gave, pakkes inn",
    "Kunden ringer tilbake på fredag",
    "Betalt på forhånd",
    "Byttelapp følger med",
    "Ring ved ankomst",
    "Varen er sjekket og i orden",
    "Avtalt med butikksjefen i Tromsø",
)

COMMENTS: tuple[str | None, ...] = (*_EVERYDAY * 8, *FREE_TEXTS, "", *(None,) * 173)
"""One draw of a comment: null in 173 of 256, everyday text in 64, text that breaks careless receivers in 18."""
