"""All effects at one moment, in blocks that are parsed only when they change, and what was booked before.

look 1    [ block a ][ block b ]
    look 2    [ block a ][ block c ][ block d ]     b has changed into c, and d is new

A block holds consecutive effects. It is the same object in every look, for as long as nothing in it changes. So a
baseline of many thousand effects costs later looks no more than the number of its blocks.

the last look    [ a b c ][ d e f ][ g ]
    this one         [ a b c ][ d E f ][ g ][ h i ]     one block was replaced, and one is new

Values are compared as they came, so a row that changed in place is always noticed. Lists may grow at either end. A list
without an order has no block in common with the last look, and is read as a whole.

[{..},{..},{..},{..},{..},{..}]
     └─ a block ──┘ └─ a block ──┘     each some 64 KiB of text, cut between two values

A command's output is cut between two lines. Nothing in a JSON text marks the commas between the values of the list from
those inside them. So a cut is a guess, and the parser decides: text from the beginning of a value to a guess is parsed
as a list, which only succeeds if the guess is the end of a value.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from functools import partial
from hashlib import blake2b
from itertools import chain, islice
from typing import Any, Generic, TypeVar

import orjson

from frontsim.client.bounded import TooMuch
from frontsim.user_input.fields import most_values
from frontsim.verification.effects import bounded, content
from frontsim.verification.effects.bounded import MOST_ROWS
from frontsim.verification.effects.correlate import BUSINESS
from frontsim.verification.effects.history import Effect

Identity = str | bytes
"""By what two effects are the same: the key as a text, or a hash of the content of an effect without a key."""


def identity_of(effect: Effect) -> Identity:
    """By its key, because an effect may change after it was booked; by its content where it has none."""
    if effect.key is not None:
        return effect.key
    content = orjson.dumps(effect.value, default=str, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    return blake2b(content, digest_size=16).digest()


class EffectBlock:
    """Consecutive effects of a look.

    Args:
        identities: of its effects, in their order.
        read: gives the effects.
        keeps: it keeps what `read` gave. Otherwise it reads again each time: of the many effects that were there before
            a run, few are ever asked for.
    """

    __slots__ = ("_effects", "_keeps", "_read", "identities")

    def __init__(
        self, identities: Iterable[Identity], read: Callable[[], tuple[Effect, ...]], *, keeps: bool = True
    ) -> None:
        self.identities = tuple(identities)
        self._read = read
        self._keeps = keeps
        self._effects: tuple[Effect, ...] | None = None

    @classmethod
    def of(cls, effects: Iterable[Effect]) -> "EffectBlock":
        """A block of these."""
        these = tuple(effects)
        return cls(map(identity_of, these), lambda: these)

    @property
    def effects(self) -> tuple[Effect, ...]:
        if self._effects is not None:
            return self._effects
        effects = self._read()
        if self._keeps:
            self._effects = effects
        return effects


class Look(Sequence[Effect]):
    """All effects at one moment, in the observer's order."""

    def __init__(self, blocks: Iterable[EffectBlock] = ()) -> None:
        self.blocks = tuple(blocks)

    @classmethod
    def of(cls, effects: Iterable[Effect]) -> "Look":
        """A look that shows these; itself if it is one."""
        return effects if isinstance(effects, Look) else cls([EffectBlock.of(effects)])

    def __len__(self) -> int:
        return sum(len(block.identities) for block in self.blocks)

    def __iter__(self) -> Iterator[Effect]:
        return chain.from_iterable(block.effects for block in self.blocks)

    def __getitem__(self, place: Any) -> Any:  # an effect, or of a slice some
        return tuple(self)[place]


_ENOUGH_ROWS = 20
"""Rows that a column must tell apart to be taken for what each row is about."""


class Baseline:
    """The effects before a scenario, to be left out of later looks.

    It also remembers what each later look has shown, because an observer whose list shrinks proves no loss.

    A block of the baseline that every look has shown is *stable*: none of its effects is new or gone, so it is passed
    over as a whole. The effects of all other blocks count one by one. A block that a look does not show any more
    becomes one of those.
    """

    def __init__(self, before: Look | None = None) -> None:
        self._stable: dict[int, EffectBlock] = {id(block): block for block in (before or Look()).blocks}
        self._counts: Counter[Identity] = Counter()
        """How often each effect outside the stable blocks was there at the beginning."""
        self._shown: Counter[str | None] = Counter()
        """The most that one look has shown of each key outside the stable blocks; effects without a key count under
        None."""
        self._values: dict[str, Any] = {}
        """The values that each of those keys showed in its newest look; keys that are gone keep their last."""

    @classmethod
    def of(cls, before: Iterable[Effect]) -> "Baseline":
        """The baseline of these effects."""
        return cls(Look.of(before))

    def new_in(self, now: Iterable[Effect]) -> tuple[Effect, ...]:
        """The effects beyond those of the baseline."""
        look = Look.of(now)
        self._let_go(look)
        left = dict(self._counts)
        new = []
        shown: Counter[str | None] = Counter()
        for identity, effect in self._counted(look):
            shown[effect.key] += 1
            if effect.key is not None:
                self._values[effect.key] = effect.value
            if left.get(identity, 0):
                left[identity] -= 1
            else:
                new.append(effect)
        self._shown.update(shown - self._shown)
        return tuple(new)

    def gone_from(self, now: Iterable[Effect], *, replaced: AbstractSet[str] = frozenset()) -> int:
        """How many effects an earlier look has shown that are gone now, by their keys.

        An effect without a key may change after it was booked, so only the number of those is compared. Those in
        whose place a table of newest states shows a newer one are not gone: `replaced`, and others by their columns.
        """
        look = Look.of(now)
        self._let_go(look)
        gone = self._shown - Counter(effect.key for _, effect in self._counted(look))
        keys = {key for key in gone if key is not None and key not in replaced}
        left = keys - replaced_rows({key: self._values.get(key) for key in keys}, look) if keys else keys
        return gone[None] + sum(gone[key] for key in left)

    def _let_go(self, look: Look) -> None:
        """From now on, count the effects of stable blocks that this look does not show; all before have shown them."""
        here = {id(block) for block in look.blocks}
        for place in [place for place in self._stable if place not in here]:
            block = self._stable.pop(place)
            self._counts.update(block.identities)
            self._shown.update(effect.key for effect in block.effects)
            self._values.update({effect.key: effect.value for effect in block.effects if effect.key is not None})

    def _counted(self, look: Look) -> Iterator[tuple[Identity, Effect]]:
        for block in look.blocks:
            if id(block) not in self._stable:
                yield from zip(block.identities, block.effects, strict=True)


def replaced_rows(gone: Mapping[str, Any], now: Iterable[Effect]) -> set[str]:
    """The keys of rows that are gone and in whose place another row is shown: one with the same value in a column.

    Only a column that tells all rows apart says so: a customer's number, and not a store's. In a few rows, any column
    may tell them apart by chance.
    """
    rows = [effect.value for effect in now if isinstance(effect.value, Mapping)]
    found: set[str] = set()
    for name in {name for row in rows for name in row}:
        values = Counter(str(row[name]) for row in rows if row.get(name) not in (None, ""))
        if len(values) >= _ENOUGH_ROWS and values.total() == len(values):
            found.update(key for key, row in gone.items() if isinstance(row, Mapping) and str(row.get(name)) in values)
    return found


_ROWS = 128
"""Rows in a block."""
_FURTHER_ROWS = 2 * _ROWS
"""How many rows further on a block may be than it was, beside those that have been added."""

Raw = TypeVar("Raw")


class Block(Generic[Raw]):
    """Consecutive values.

    Args:
        raw: the values as they came.
        read: makes the values of it.
        number: how many values there are.
        keeps: it keeps the values; otherwise it reads them again each time.
        values: where they have been read already.
        weight: of what it keeps, as its maker counts it.
    """

    __slots__ = ("_effects", "_keeps", "_read", "_values", "number", "raw", "weight")

    def __init__(
        self,
        raw: Raw,
        read: Callable[[Raw], Sequence[Any]],
        number: int,
        *,
        keeps: bool = True,
        values: Sequence[Any] | None = None,
        weight: int = 0,
    ) -> None:
        self.raw = raw
        self.weight = weight if keeps else 0
        self.number = number
        self._read = read
        self._keeps = keeps
        self._values = values if keeps else None
        self._effects: dict[str, EffectBlock] = {}

    @property
    def values(self) -> Sequence[Any]:
        if self._values is not None:
            return self._values
        values = self._read(self.raw)
        if self._keeps:
            self._values = values
        return values

    def effects(self, key: str) -> EffectBlock:
        """Its values as effects, each with the text at `key` (`business` reads no key): always the same object."""
        if key in self._effects:
            return self._effects[key]
        identities = map(identity_of, as_effects(self.values, key))
        read: Callable[[], Sequence[Any]]  # does not know the block: a cycle is freed late
        read = partial(tuple, self.values) if self._keeps else partial(self._read, self.raw)
        made = EffectBlock(identities, lambda: as_effects(read(), key), keeps=self._keeps)
        return self._effects.setdefault(key, made)  # another scenario may have been quicker


class Blocks(Sequence[Any], Generic[Raw]):
    """All values of a look, in blocks."""

    def __init__(self, blocks: Iterable[Block[Raw]] = ()) -> None:
        self.blocks = tuple(blocks)

    def __len__(self) -> int:
        return sum(block.number for block in self.blocks)

    def __iter__(self) -> Iterator[Any]:
        return chain.from_iterable(block.values for block in self.blocks)

    def __getitem__(self, place: Any) -> Any:  # a value, or of a slice some
        return list(self)[place]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]  # as of a list


def as_effects(values: Iterable[Any], key: str) -> tuple[Effect, ...]:
    """The values as effects."""
    return tuple(Effect(_key(value, key), value) for value in values)


def look_at(shown: Sequence[Any], key: str) -> Look:
    """Reads what an observer has shown as effects; see `Block.effects`."""
    if isinstance(shown, Blocks):
        return Look(block.effects(key) for block in shown.blocks)
    return Look([EffectBlock.of(as_effects(shown, key))])


def row_blocks(rows: Sequence[Any], before: Blocks[Sequence[Any]]) -> Blocks[Sequence[Any]]:
    """The rows in blocks, those of the last look where they are unchanged."""
    found: list[Block[Sequence[Any]]] = []
    window = max(0, len(rows) - len(before)) + _FURTHER_ROWS
    place = 0
    for block in before.blocks:
        at = _place_of_rows(block.raw, rows, place, window)
        if at >= 0:
            found += [*_cut_rows(rows[place:at]), block]
            place = at + block.number
    return Blocks([*found, *_cut_rows(rows[place:])])


def _place_of_rows(wanted: Sequence[Any], rows: Sequence[Any], place: int, window: int) -> int:
    """Where those rows are, from a place on; -1 if they are not there."""
    end = place + window + len(wanted)
    while True:
        if rows[place : place + len(wanted)] == wanted:
            return place
        try:
            place = rows.index(wanted[0], place + 1, end)
        except ValueError:
            return -1


def _cut_rows(rows: Sequence[Any]) -> Iterator[Block[Sequence[Any]]]:
    for place in range(0, len(rows), _ROWS):
        part = rows[place : place + _ROWS]
        yield Block(part, list, len(part))


def _key(value: Any, key: str) -> str | None:
    if key == BUSINESS:
        return None
    return content.normalised(content.find(value, key) if isinstance(value, dict) else value)


_BYTES = 64 * 1024
"""Of a block, about."""
_FURTHER_BYTES = 2 * _BYTES
"""How many bytes further on a block may be than it was, beside those that have been added."""
_SIGN = 200
"""Bytes by which a block is looked for."""
_GUESSES, _PARSED_GUESSES = 20_000, 4
_BLANK = b" \t\n\r"


def line_blocks(text: bytes, before: Blocks[bytes], *, keeps: bool = True) -> Blocks[bytes]:
    """The values of lines, each JSON or a text, in blocks: see `json_blocks`. Raises TooMuch."""
    found: list[Block[bytes]] = []
    window = max(0, len(text) - sum(len(block.raw) for block in before.blocks)) + _FURTHER_BYTES
    place = 0
    for block in before.blocks:
        at = _place_of_text(block.raw, text, place, place + window)
        if at >= 0 and _are_whole(text, at, at + len(block.raw)):
            found += [*_cut_lines(text, place, at, keeps=keeps), block]
            place = at + len(block.raw)
    return _small_enough(Blocks([*found, *_cut_lines(text, place, len(text), keeps=keeps)]))


def _are_whole(text: bytes, begin: int, end: int) -> bool:
    """Whether the text between two places is whole lines."""
    return text[max(0, begin - 1) : begin] in (b"", b"\n") and (end == len(text) or text[end - 1 : end] == b"\n")


def _cut_lines(text: bytes, place: int, end: int, *, keeps: bool) -> Iterator[Block[bytes]]:
    while place < end:
        cut = text.find(b"\n", min(place + _BYTES, end) - 1, end) + 1 or end
        part = text[place:cut]
        weight = most_values(part) + part.count(b"\n")
        _check_values(weight)
        number = sum(1 for line in part.splitlines() if line.strip())
        yield Block(part, _values_of_lines, number, keeps=keeps, weight=weight)
        place = cut


def _values_of_lines(text: bytes) -> Sequence[Any]:
    return [_value_of_line(line) for each in text.splitlines() if (line := each.strip())]


def _value_of_line(line: bytes) -> Any:
    if line[:1] in (b"{", b"["):
        with suppress(orjson.JSONDecodeError):
            return orjson.loads(line)
    return content.parsed(line.decode(errors="replace"))  # JSON too, if some bytes are no UTF-8


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
        TooMuch: it has too many values.
    """
    begin, end = _BEGIN.match(body), len(body.rstrip(_BLANK)) - 1
    if not begin or body[end : end + 1] != b"]":
        raise NotAList(type(orjson.loads(body)).__name__)
    found: list[Block[bytes]] = []
    window = max(0, len(body) - sum(len(block.raw) for block in before.blocks)) + _FURTHER_BYTES
    place: int | None = begin.end()
    for block in before.blocks:
        at = -1 if place is None else _place_of_text(block.raw, body, place, place + window)
        if place is None or at < 0 or not _goes_on(body, at + len(block.raw), end):
            continue
        if at > place:
            try:
                found += [*_cut_text(body, place, _end_before(body, at), keeps=keeps)]  # all or none of them
            except orjson.JSONDecodeError:  # it only looks like the block: it is inside a value
                break
        found.append(block)
        place = _next_value(body, at + len(block.raw))
    if place is not None and not (place >= end and not found):
        found += _cut_text(body, place, end, keeps=keeps)
    return _small_enough(Blocks(found))


class NotAList(Exception):
    """The JSON is of another type."""


def _place_of_text(text: bytes, body: bytes, place: int, until: int) -> int:
    """Where that text is, from a place on; -1 if it is not there."""
    while place >= 0 and not body.startswith(text, place):
        place = body.find(text[:_SIGN], place + 1, until + _SIGN)
    return place


def _goes_on(body: bytes, place: int, end: int) -> bool:
    """A value ends at a place: a comma follows, or the end of the list. A number may have more digits."""
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


def _cut_text(body: bytes, place: int, end: int, *, keeps: bool) -> Iterator[Block[bytes]]:
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
        raise TooMuch(f"more than {MOST_ROWS:,} effects")
    _check_values(sum(block.weight for block in blocks.blocks))
    return blocks


def _check_values(number: int) -> None:
    if number > bounded.MOST_VALUES:
        raise TooMuch(f"more than {bounded.MOST_VALUES:,} values")
