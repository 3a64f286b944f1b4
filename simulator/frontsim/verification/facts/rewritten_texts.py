"""Texts that a receiver writes in a form of its own on purpose: masks, and phone numbers with their country. Pure."""

import re

_MASK = re.compile(r"[*\u2022\u2588]+|#{2,}|x{4,}|\b(?:redacted|masked|anonymi[sz]ed)\b", re.IGNORECASE)
_PHONE = re.compile(r"[\d\s()/.-]+")
_COUNTRY = re.compile(r"(?:\+|00)[1-9]\d{0,2}")
_NO_DIGIT = re.compile(r"\D+")


def digits(text: str) -> str:
    """The digits of a text alone."""
    return _NO_DIGIT.sub("", text)


def is_masked(sent: str, kept: str) -> bool:
    """Whether a text hides what was sent, as journals hide personal data: `***`, `k***@shop.no`, `[redacted]`."""
    return bool(_MASK.search(kept)) and not _MASK.search(sent)


def is_international(sent: str, kept: str) -> bool:
    """Whether a phone number got its country in front, and may have lost the zeros for a call within it."""
    national = digits(sent).lstrip("0")
    compact = kept.replace(" ", "")
    country = compact.removesuffix(national)
    return bool(_PHONE.fullmatch(sent) and country != compact and _COUNTRY.fullmatch(country))
