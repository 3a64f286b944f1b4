"""Strings that fulfil their facts.

Candidates are tried from the most plausible to the plainest. When the schema compiles, a validator of the string's
keywords checks samples of each, so a drawn string seldom needs a second try.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import permutations

from frontsim.payloads.schema.drawing.draw_context import DrawContext, Producer, checked_on_samples
from frontsim.payloads.schema.drawing.formats import CONTENTS, EXTREMES, FORMATS, Text
from frontsim.payloads.schema.drawing.names import SENTENCES, WORDS, Hint, text_for
from frontsim.payloads.schema.drawing.patterns import texts_of
from frontsim.payloads.schema.drawing.shape import Shape, one_of
from frontsim.payloads.schema.reading.facts import SchemaFacts, accepts_leaf
from frontsim.schemas.read import Contradiction

_DIGIT = re.compile(r"\d")
_SHORT = 20
"""The length of a few plain words; a longer text consists of sentences."""


def strings(facts: SchemaFacts, hint: Hint, path: str) -> Shape:
    """The shape of the strings that fulfil the facts.

    Raises:
        Contradiction: no candidate was accepted; it names the strictest keyword.
    """
    accepts = accepts_leaf(facts)
    keyword = _strictest(facts)
    for text in _candidates(facts, hint):
        if callable(text):
            guard = checked_on_samples(text, accepts, keyword, path)
            if guard is not None:
                return Shape(guard)
        else:
            accepted = tuple(item for item in text if accepts(item))
            if accepted:
                return one_of(accepted)
    raise Contradiction(keyword, f"{path}/{keyword}", f"we found no text that fulfils {facts.leaf[:4]!r} at once")


def _strictest(facts: SchemaFacts) -> str:
    keywords = [keyword for fragment in facts.leaf for keyword in fragment]
    return next((key for key in ("pattern", "format", "not") if key in keywords), "minLength")


def _candidates(facts: SchemaFacts, hint: Hint) -> Iterator[Text]:
    named = text_for(hint)
    known = FORMATS.get(facts.format_ or "")
    patterns = [str(item["pattern"]) for item in facts.leaf if "pattern" in item]
    examples = [item for item in facts.examples if isinstance(item, str) and item]
    least, most = facts.lengths
    if facts.content & CONTENTS.keys():
        yield CONTENTS[min(facts.content & CONTENTS.keys(), key=list(CONTENTS).index)]
    if named is not None:
        yield named
    if known is not None:
        yield known
    if examples and not patterns:
        yield _like(examples)
    yield from _by_patterns(patterns, least, most)
    extremes = EXTREMES.get(facts.format_ or "")
    if extremes is not None:
        yield from extremes(least, most)
    if not patterns and facts.format_ is None and least <= _SHORT:
        yield WORDS
    yield _to_length(_producer(named or known or (SENTENCES if least > _SHORT else WORDS)), least, most)
    yield examples
    yield ("", "a", "1", "A1", "x-1", " ", "æ", "zz")


def _by_patterns(patterns: Sequence[str], least: int, most: int) -> Iterator[Text]:
    """Texts of each pattern, shorter ones first, then those of two patterns in a row."""
    for pattern in patterns:
        for stretch in (4, 20, max(80, least)):
            for produce in texts_of(pattern, stretch=stretch):
                yield produce
                yield _to_length(produce, least, most)
    for first, second in permutations([text for pattern in patterns for text in texts_of(pattern)], 2):
        yield _joined(first, second)


def _joined(first: Producer, second: Producer) -> Producer:
    return lambda context: f"{first(context)}{second(context)}"


def _producer(text: Text) -> Producer:
    return text if callable(text) else lambda context: context.pick(text)


def _like(examples: list[str]) -> Producer:
    """An example with other digits."""
    return lambda context: _DIGIT.sub(lambda _digit: str(1 + context.below(9)), context.pick(examples))


def _to_length(produce: Producer, least: int, most: int) -> Producer:
    def draw(context: DrawContext) -> str:
        text: str = produce(context)
        while len(text) < least:
            context.spend("minLength", "#")
            text += context.pick(WORDS) if least < 200 else f" {context.pick(WORDS)}" * (1 + (least - len(text)) // 8)
        short = text[:most].strip()
        return short if len(short) >= least else text[:most]

    return draw
