"""Estimates what checks by a schema cost: how often it applies its parts, and patterns that backtrack.

jsonschema-rs holds the GIL while it checks, and Python's `re` while it matches, so that nothing can end either.

    allOf: [ten times $ref l11]  ->  l11: allOf [ten times $ref l10]  ->  ...       10 ** 12 steps for one value
    ^([a-z]+[._-]?)+@x$                                                              2 ** 40 steps for forty letters
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from frontsim.schemas.read import Document, NotASchema, Place, children

MOST_STEPS = 1_000_000
"""jsonschema-rs takes some 5 ms for as many; the bundled schemas have at most 137."""
_NOT_APPLIED = {"$defs", "definitions", "contentSchema"}


def costly(schema: Mapping[str, Any]) -> str:
    """Say why a schema is too costly to be used, "" if it is not."""
    try:
        document = Document(schema)
        steps = _steps(document, document.top, {})
    except NotASchema as error:
        return str(error)
    except RecursionError:
        return "it is nested too deep"
    return f"it applies its parts {steps:.0e} times to one value" if steps > MOST_STEPS else ""


def _steps(document: Document, place: Place, known: dict[object, int]) -> int:
    """How many schemas are applied to a value that has each part once; a part that contains itself counts once."""
    if not isinstance(place.schema, dict):
        return 1
    if place.key not in known:
        known[place.key] = 1
        parts = [document.child(place, *keys) for keys in children(place.schema) if keys[0] not in _NOT_APPLIED]
        known[place.key] = 1 + sum(_steps(document, part, known) for part in [*parts, *document.targets(place)])
    return known[place.key]


def backtracking_patterns(schema: object) -> Iterator[str]:
    """The patterns of a schema that Python's `re` may take for ever to match."""
    if isinstance(schema, dict):
        pattern, named = schema.get("pattern"), schema.get("patternProperties")
        names = list(named) if isinstance(named, dict) else []
        yield from (each for each in [pattern, *names] if isinstance(each, str) and _repeats_a_repeat(each))
    inner = schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ()
    for each in inner:
        yield from backtracking_patterns(each)


_TOKEN = re.compile(r"\{\d*,?\d*\}|\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|.", re.DOTALL)
_REPEAT, _QUANTIFIER = re.compile(r"[*+]|\{\d*,\d*\}"), re.compile(r"[*+?{]")
_LITERAL = re.compile(r"\\\W|[^\\\[\]().|^$*+?{}]")


def _repeats_a_repeat(pattern: str) -> bool:
    """Decide if a group that repeats something is itself repeated, without a character in it that ends each turn.

    A simple check: it knows `(a+b?)+` from `(a+-)+`, and takes `(a+a)+` for the second kind.
    """
    repeats, ends, chooses = [False], [False], [False]
    for token in _TOKEN.finditer(pattern):
        is_repeated = bool(_REPEAT.match(pattern, token.end()))
        if token[0] == "(":
            for flags in (repeats, ends, chooses):
                flags.append(False)
        elif token[0] == ")" and len(repeats) > 1:
            inner, has_end, has_choice = repeats.pop(), ends.pop(), chooses.pop()
            if inner and is_repeated and (has_choice or not has_end):
                return True
            repeats[-1] |= inner or is_repeated
        elif token[0] == "|":
            chooses[-1] = True
        else:
            repeats[-1] |= is_repeated
            ends[-1] |= bool(_LITERAL.fullmatch(token[0])) and not _QUANTIFIER.match(pattern, token.end())
    return False
