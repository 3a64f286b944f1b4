"""A JSON list in blocks: of a list that was read before, only what has changed is parsed.

    [{..},{..},{..},{..},{..},{..}]
     └─ a block ──┘ └─ a block ──┘     each some 64 KiB of text, cut between two values

Nothing in a JSON text marks the commas between the values of the list from those inside them. So a cut is a guess, and
the parser decides: text from the beginning of a value to a guess is parsed as a list, which only succeeds if the guess
is the end of a value.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import orjson

from frontsim.user_input.json_depth import most_values
from frontsim.verification.observe import bounded
from frontsim.verification.observe.blocks import Block, Blocks
from frontsim.verification.observe.sql_rows import MOST_ROWS

_BYTES = 64 * 1024
"""Of a block, about."""
_FURTHER = 2 * _BYTES
"""How many bytes further on a block may be than it was, beside those that have been added."""
_SIGN = 200
"""Bytes by which a block is looked for."""
_GUESSES, _PARSED_GUESSES = 20_000, 4
_BLANK = b" \t\n\r"
_BEGIN = re.compile(rb"[ \t\n\r]*\[[ \t\n\r]*")
_NEXT = re.compile(rb"[ \t\n\r]*,[ \t\n\r]*")
_END = re.compile(rb"[ \t\n\r]*(?=\])")
_BETWEEN = {b"{": re.compile(rb"\}(?=[ \t\n\r]*,[ \t\n\r]*\{)"), b"[": re.compile(rb"\](?=[ \t\n\r]*,[ \t\n\r]*\[)")}
_ANYWHERE = re.compile(rb"(?=[ \t\n\r]*,)")


def json_blocks(body: bytes, before: Blocks[bytes], *, keeps: bool = True) -> Blocks[bytes]:
    """The values of a JSON list, in blocks: those of the last look where their text is unchanged.

    Args:
        body: the whole text.
        before: the last look.
        keeps: new blocks keep their values, and not only their text.

    Raises:
        orjson.JSONDecodeError: it is not JSON.
        NotAList: it is JSON of another type; the text names it.
        bounded.TooMuch: it has too many values.
    """
    begin, end = _BEGIN.match(body), len(body.rstrip(_BLANK)) - 1
    if not begin or body[end : end + 1] != b"]":
        raise NotAList(type(orjson.loads(body)).__name__)
    found: list[Block[bytes]] = []
    window = max(0, len(body) - sum(len(block.raw) for block in before.blocks)) + _FURTHER
    place: int | None = begin.end()
    for block in before.blocks:
        at = -1 if place is None else _place_of(block.raw, body, place, place + window)
        if place is None or at < 0 or not _goes_on(body, at + len(block.raw), end):
            continue
        if at > place:
            try:
                found += [*_cut(body, place, _end_before(body, at), keeps=keeps)]  # all or none of them
            except orjson.JSONDecodeError:  # it only looks like the block: it is inside a value
                break
        found.append(block)
        place = _next_value(body, at + len(block.raw))
    if place is not None and not (place >= end and not found):
        found += _cut(body, place, end, keeps=keeps)
    return _small_enough(Blocks(found))


class NotAList(Exception):
    """The JSON is of another type."""


def _place_of(text: bytes, body: bytes, place: int, until: int) -> int:
    """Where that text is, from a place on; -1 if it is not there."""
    while place >= 0 and not body.startswith(text, place):
        place = body.find(text[:_SIGN], place + 1, until + _SIGN)
    return place


def _goes_on(body: bytes, place: int, end: int) -> bool:
    """Whether a value ends at a place: a comma follows, or the end of the list. A number may have more digits."""
    last = _END.match(body, place)
    return _NEXT.match(body, place) is not None or (last is not None and last.end() == end)


def _next_value(body: bytes, place: int) -> int | None:
    """Where the next value begins, None at the end of the list."""
    comma = _NEXT.match(body, place)
    return comma.end() if comma else None


def _end_before(body: bytes, place: int) -> int:
    """Where the value ends that is before the one at a place."""
    comma = body.rfind(b",", 0, place)
    if comma < 0 or body[comma + 1 : place].strip(_BLANK):
        raise orjson.JSONDecodeError("expected a comma", "", 0)
    return comma


def _cut(body: bytes, place: int, end: int, *, keeps: bool) -> Iterator[Block[bytes]]:
    """Blocks of the values between two places. Raises orjson.JSONDecodeError."""
    while True:
        block, place = _block(body, place, end, keeps=keeps)
        yield block
        if place >= end:
            return
        comma = _NEXT.match(body, place)
        assert comma is not None  # a block ends before one
        place = comma.end()


def _block(body: bytes, place: int, end: int, *, keeps: bool) -> tuple[Block[bytes], int]:
    """A block from a place on, and where it ends."""
    if end - place > 2 * _BYTES:
        for guess in islice(_guesses(body, place, end), _PARSED_GUESSES):
            try:
                return _parsed(body[place:guess], keeps=keeps), guess
            except orjson.JSONDecodeError:  # it is inside a value
                continue
    return _parsed(body[place:end].rstrip(_BLANK), keeps=keeps), end


def _guesses(body: bytes, place: int, end: int) -> Iterator[int]:
    """Where a value may end, the likeliest first: where as many brackets are closed as were opened."""
    pattern = _BETWEEN.get(body[place : place + 1], _ANYWHERE)
    open_, counted = [0, 0], place
    unlikely: list[int] = []
    for found in islice(pattern.finditer(body, place + _BYTES, end), _GUESSES):
        guess = found.end()
        for kind, (opening, closing) in enumerate((b"{}", b"[]")):
            open_[kind] += body.count(opening, counted, guess) - body.count(closing, counted, guess)
        counted = guess
        if any(open_):
            unlikely += [guess] if len(unlikely) < _PARSED_GUESSES else []
        else:
            yield guess
    yield from unlikely  # a text holds brackets


def _parsed(text: bytes, *, keeps: bool) -> Block[bytes]:
    weight = most_values(text)
    _check_values(weight)
    values = _values(text)
    if not values:
        raise orjson.JSONDecodeError("expected a value", "", 0)
    return Block(text, _values, len(values), keeps=keeps, values=values, weight=weight)


def _values(text: bytes) -> Sequence[Any]:
    values: Sequence[Any] = orjson.loads(b"[%b]" % text)
    return values


def _small_enough(blocks: Blocks[bytes]) -> Blocks[bytes]:
    if len(blocks) > MOST_ROWS:
        raise bounded.TooMuch(f"more than {MOST_ROWS:,} effects")
    _check_values(sum(block.weight for block in blocks.blocks))
    return blocks


def _check_values(number: int) -> None:
    if number > bounded.MOST_VALUES:
        raise bounded.TooMuch(f"more than {bounded.MOST_VALUES:,} values")
