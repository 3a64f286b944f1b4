"""Whether an effect that carries the payload carries the one that was sent: pure, and slow to accuse.

Only what both sides show is compared. A receiver may leave fields out, keep numbers as text, or write date-times with
more digits or a zone: none of that is corruption. A changed text or number and a shorter list are.
"""

import unicodedata
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from frontsim.verification.facts import lookup

_CARRIERS = ("payload", "body", "data")


def embedded_payload(effect: Any) -> Any:
    """The copy of the payload inside an effect, None without one; a text when the copy is no whole JSON."""
    if not isinstance(effect, Mapping):
        return None
    for name in _CARRIERS:
        copy = lookup.parsed(effect.get(name))
        if isinstance(copy, dict | list) or (isinstance(copy, str) and copy[:1] in ("{", "[")):
            return copy
    return None


def first_difference(sent: Any, kept: Any, path: str = "") -> str:
    """The first path where `kept` differs from `sent`, with both values; "" when it does not."""
    kept = lookup.parsed(kept) if isinstance(sent, dict | list) else kept
    if isinstance(sent, dict | list) and isinstance(kept, str):
        return f"{path or 'payload'}: sent whole JSON, kept {len(kept)} characters that are not: {_shown(kept[-40:])}"
    if isinstance(sent, dict) and isinstance(kept, dict):
        for name in sent.keys() & kept.keys():
            found = first_difference(sent[name], kept[name], f"{path}.{name}" if path else name)
            if found:
                return found
        return ""
    if isinstance(sent, list) and isinstance(kept, list):
        return _list_difference(sent, kept, path)
    return "" if _same(sent, kept) else f"{path or 'payload'}: sent {_shown(sent)}, kept {_shown(kept)}"


def _list_difference(sent: list[Any], kept: list[Any], path: str) -> str:
    if len(sent) != len(kept):
        return f"{path or 'payload'}: sent {len(sent)} entries, kept {len(kept)}"
    for number, (before, after) in enumerate(zip(sent, kept, strict=True)):
        found = first_difference(before, after, f"{path}[{number}]")
        if found:
            return found
    return ""


def _same(sent: Any, kept: Any) -> bool:
    if sent == kept or sent is None or kept is None:
        return True
    if isinstance(sent, str) and isinstance(kept, str):
        return _plain(sent) == _plain(kept) or _same_moment(sent, kept)
    if isinstance(sent, bool) or isinstance(kept, bool):
        return True  # 1, "true" and "Y" all keep a flag
    if isinstance(sent, int | float) and isinstance(kept, int | float | str):
        number = _number(kept)
        return number is None or abs(number - Decimal(str(sent))) < Decimal("0.000001")
    return True


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip()


def _same_moment(sent: str, kept: str) -> bool:
    """Both are date-times that agree to the second, or only one of them has a zone."""
    try:
        one, other = datetime.fromisoformat(sent), datetime.fromisoformat(kept)
    except ValueError:
        return False
    if (one.tzinfo is None) != (other.tzinfo is None):
        return True
    return abs((one - other).total_seconds()) < 1


def _number(value: int | float | str) -> Decimal | None:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:80]}..."
