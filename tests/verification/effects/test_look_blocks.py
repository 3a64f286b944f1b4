"""Of rows that were read before, only what has changed is read; whatever changes, all of it is shown."""

from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontsim.verification.effects import look
from frontsim.verification.effects.look import Blocks, look_at, row_blocks

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


def test_rows_are_made_values_once():
    """Lines of a command, for example."""
    calls = []

    def read(rows):
        calls.append(rows)
        return [row.upper() for row in rows]

    shown = row_blocks(["a", "b"], Blocks(), read)
    assert ["A", "B"] == list(shown) == list(shown)
    assert ["A", "B", "C"] == row_blocks(["a", "b", "c"], shown, read) == list(row_blocks(["a", "b", "c"], shown, read))
    assert "C" == row_blocks(["a", "b", "c"], shown, read)[-1]
    assert 1 == calls.count(["a", "b"])
    assert row_blocks(["a"], Blocks()) != ["b"]


def test_effects_of_a_block_are_the_same_for_every_scenario():
    """Of each key; values that came in no blocks make a look of one block."""
    (block,) = row_blocks([{"id": "A", "n": 1}], Blocks()).blocks
    assert block.effects("id") is block.effects("id")
    assert ["A"] == [each.key for each in block.effects("id").effects]
    assert [None] == [each.key for each in block.effects("business").effects]
    assert [["A", "7", None]] == [[each.key for each in some.effects] for some in look_at(["A", 7, {}], "id").blocks]
