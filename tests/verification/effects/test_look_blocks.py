"""Of rows that were read before, only what has changed is read; whatever changes, all of it is shown."""

import gc
from unittest.mock import patch

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontsim.client.bounded import TooMuch
from frontsim.verification.effects import bounded, look
from frontsim.verification.effects.look import Blocks, line_blocks, look_at, row_blocks

ROWS = st.lists(st.integers(0, 6), max_size=12)


@given(st.lists(ROWS, min_size=1, max_size=5))
def test_a_look_shows_its_rows_whatever_the_last_one_was(looks):
    with patch.object(look, "_ROWS", 2), patch.object(look, "_FURTHER_ROWS", 3):
        shown = Blocks()
        for rows in looks:
            shown = row_blocks(rows, shown)
            assert rows == list(shown)
            assert len(rows) == len(shown)


OLD = [{"id": f"e{number}", "state": "new"} for number in range(10_000)]


@pytest.mark.parametrize(
    ("now", "least"),
    [
        (OLD, 10_000),
        ([*OLD, {"id": "new"}], 10_000),
        ([{"id": "new"}, {"id": "newer"}, *OLD], 10_000),
        (OLD[3:], 9_800),
        ([*OLD[:500], {"id": "e500", "state": "paid"}, *OLD[501:], {"id": "new"}], 9_800),
        (OLD[::-1], 0),
    ],
)
def test_what_is_unchanged_is_read_once(now, least):
    """A row that has changed in place is noticed; newest first is as good as newest last."""
    before = look_at(row_blocks(OLD, Blocks()), "id")
    shown = row_blocks(OLD, Blocks())
    before, after = look_at(shown, "id"), look_at(row_blocks(now, shown), "id")
    assert [each["id"] for each in now] == [effect.key for effect in after]
    assert [each.get("state") for each in now] == [effect.value.get("state") for effect in after]
    old = {id(block) for block in before.blocks}
    assert least <= sum(len(block.identities) for block in after.blocks if id(block) in old)


LINES = st.lists(st.text(alphabet='a"{}[]1:, \r\x85\u2028', max_size=5) | st.just('{"id":"e"}'), max_size=12)


def naive(text):
    """What the lines of a command say: JSON where a line is an object or a list, a text otherwise."""
    found = []
    for line in filter(None, (line.strip(b" \r") for line in text.replace(b"\r", b"\n").split(b"\n"))):
        try:
            found.append(orjson.loads(line) if line[:1] in b"{[" else line.decode())
        except orjson.JSONDecodeError:
            found.append(line.decode())
    return found


@pytest.mark.slow
@given(st.lists(LINES, min_size=1, max_size=5), st.sampled_from(["", "\n"]))
def test_a_look_shows_its_lines_whatever_the_last_one_was(looks, last):
    """Only a line feed ends a line, because JSON may hold what Unicode takes for the end of one."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("_BYTES", 8), ("_FURTHER_BYTES", 20), ("_SIGN", 4)):
            patch.setattr(look, name, value)
        shown = Blocks()
        for lines in looks:
            text = ("\n".join(lines) + last).encode()
            shown = line_blocks(text, shown)
            assert naive(text) == list(shown)
            assert len(naive(text)) == len(shown)


MANY = [orjson.dumps(each) for each in OLD]


@pytest.mark.parametrize(
    ("now", "least"),
    [
        (MANY, 10_000),
        ([*MANY, b"new"], 10_000),
        ([b"new", b"newer", *MANY], 10_000),
        (MANY[3:], 5_000),  # a block is 64 KiB
        (MANY[::-1], 0),
    ],
)
@pytest.mark.parametrize("keeps", [True, False])
def test_of_lines_that_are_unchanged_the_effects_are_the_same(now, least, keeps):
    """Their values are kept, or are read again from the text."""
    shown = line_blocks(b"\n".join([*MANY, b""]), Blocks(), keeps=keeps)
    before, after = look_at(shown, "id"), look_at(line_blocks(b"\n".join([*now, b""]), shown), "id")
    assert [orjson.loads(each)["id"] if b"{" in each else each.decode() for each in now] == [each.key for each in after]
    old = {id(block) for block in before.blocks}
    assert least <= sum(len(block.identities) for block in after.blocks if id(block) in old)


def test_lines_of_a_past_are_counted_and_those_of_a_run_are_weighed(monkeypatch):
    """Each value takes some hundred bytes of memory, however short it is."""
    monkeypatch.setattr(bounded, "MOST_VALUES", 1_000)
    monkeypatch.setattr(look, "MOST_ROWS", 2_000)
    monkeypatch.setattr(look, "_BYTES", 1_024)
    past = line_blocks(b"[1,2]\n" * 1_500, Blocks(), keeps=False)
    assert 1_500 == len(line_blocks(b"[1,2]\n" * 1_500, past))
    with pytest.raises(TooMuch, match="1,000 values"):
        line_blocks(b"[1,2]\n" * 1_500 + b"[1,3]\n" * 500, past)
    with pytest.raises(TooMuch, match="1,000 values"):
        line_blocks(b"[" * 1_001, Blocks(), keeps=False)
    with pytest.raises(TooMuch, match="2,000 effects"):
        line_blocks(b"x\n" * 2_001, Blocks(), keeps=False)


def test_a_look_is_freed_with_its_last_reader():
    """Not by the garbage collector, which comes late: 64 MiB a look."""
    gc.collect()
    gc.disable()
    try:
        look_at(line_blocks(b'{"id":"e"}\n', Blocks()), "id")
        assert 0 == gc.collect()
    finally:
        gc.enable()


def test_effects_of_a_block_are_the_same_for_every_scenario():
    """Of each key; values that came in no blocks make a look of one block."""
    (block,) = row_blocks([{"id": "A", "n": 1}], Blocks()).blocks
    assert block.effects("id") is block.effects("id")
    assert ["A"] == [each.key for each in block.effects("id").effects]
    assert [None] == [each.key for each in block.effects("business").effects]
    assert [["A", "7", None]] == [[each.key for each in some.effects] for some in look_at(["A", 7, {}], "id").blocks]
