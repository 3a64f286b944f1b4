"""Of a JSON list that was read before, only what has changed is parsed; whatever changes, all of it is shown."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontsim.verification.effects import bounded, look
from frontsim.verification.effects.look import Blocks, NotAList, json_blocks

TEXTS = st.text(alphabet='a"\\{}[], \n', max_size=6)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-20, 120) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)
ITEMS = st.lists(VALUES, max_size=12)


def written(values: list[object], comma: bytes = b",", blank: bytes = b"") -> bytes:
    return blank + b"[" + blank + comma.join(map(orjson.dumps, values)) + blank + b"]" + blank


@pytest.mark.slow
@given(
    st.lists(ITEMS, min_size=1, max_size=4), st.sampled_from([b",", b", ", b"\n,\t"]), st.sampled_from([b"", b" \n"])
)
def test_a_look_shows_what_the_text_says_whatever_the_last_one_was(looks, comma, blank):
    """With blocks of some bytes, of which each list has several."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("_BYTES", 8), ("_FURTHER_BYTES", 20), ("_SIGN", 4)):
            patch.setattr(look, name, value)
        shown: Blocks[bytes] = Blocks()
        for values in looks:
            body = written(values, comma, blank)
            shown = json_blocks(body, shown)
            assert orjson.loads(body) == list(shown)
            assert len(values) == len(shown)


@st.composite
def successive(draw: st.DrawFn) -> list[list[object]]:
    """Looks of which each has much of the last one: as it was, at another place, or inside a new value."""
    looks: list[list[object]] = [draw(ITEMS)]
    for _ in range(draw(st.integers(1, 4))):
        last, now = looks[-1], list[object]()
        for part in draw(st.lists(st.sampled_from(["all", "some", "inside", "new"]), max_size=5)):
            begin, end = sorted((draw(st.integers(0, 12)), draw(st.integers(0, 12))))
            some = last[begin:end]
            now += {"all": last, "some": some, "inside": [{"a": some}], "new": draw(ITEMS)}[part]
        looks.append(now)
    return looks


@pytest.mark.slow
@given(successive(), st.sampled_from([b",", b", "]), st.integers(2, 40), st.integers(2, 200))
def test_a_look_shows_what_the_text_says_if_much_of_the_last_one_moved(looks, comma, size, further):
    """A block that is only found inside a value leaves nothing that was read on the way to it."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("_BYTES", size), ("_FURTHER_BYTES", further), ("_SIGN", 4)):
            patch.setattr(look, name, value)
        shown: Blocks[bytes] = Blocks()
        for values in looks:
            shown = json_blocks(written(values, comma), shown)
            assert values == list(shown)
            assert len(values) == len(shown)


def test_a_value_of_the_last_look_inside_a_new_one_is_no_effect():
    """Nothing is shown twice when more than one block had been cut before it."""
    last = {"n": 7}
    before = json_blocks(written([*OLD, last]), json_blocks(written(OLD), Blocks()))
    assert 1 == before.blocks[-1].number
    now = [*OLD, *sales(*range(9_000, 12_000)), {"lines": [{"n": 6}, last, {"n": 8}]}, *sales(13_000)]
    assert now == list(json_blocks(written(now), before))


@pytest.mark.slow
@given(ITEMS, st.integers(0, 40), st.sampled_from([b"", b",", b"]", b"[", b"x", b'"', b"1", b"}"]))
def test_a_text_that_is_no_json_is_refused_whatever_the_last_one_was(values, place, other):
    """Or it is JSON by chance, and read as such."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(look, "_BYTES", 8)
        body = written(values)
        broken = body[:place] + other + body[place + 1 :]
        try:
            expected = orjson.loads(broken)
        except orjson.JSONDecodeError:
            expected = None
        try:
            found = list(json_blocks(broken, json_blocks(body, Blocks())))
        except (orjson.JSONDecodeError, NotAList):
            found = None
        assert found == (expected if isinstance(expected, list) else None)


def sales(*numbers: int, lines: int = 3, **changes: object) -> list[object]:
    """Sales with lines: between those, too, there is a comma between brackets."""
    return [{"saleId": number, "lines": [{"rowId": each} for each in range(lines)], **changes} for number in numbers]


OLD = sales(*range(8_000))  # some 600 kB


def shared(body: bytes, before: Blocks[bytes]) -> float:
    """The part of the text that is in blocks of the last look."""
    old = {id(block) for block in before.blocks}
    return sum(len(block.raw) for block in json_blocks(body, before).blocks if id(block) in old) / len(body)


@pytest.mark.parametrize(
    ("now", "least"),
    [
        (OLD, 0.99),
        ([*OLD, *sales(9_000)], 0.99),
        ([*sales(9_000, 9_001), *OLD], 0.99),  # the newest first
        (OLD[5:], 0.8),
        ([*OLD[:4_000], *sales(9_000), *OLD[4_000:]], 0.8),
        ([*OLD[:4_000], *sales(4_000, current=False), *OLD[4_001:], *sales(9_000)], 0.8),  # an old one has changed
        ([*OLD[:100], *sales(100, n=1), *OLD[101:7_000], *sales(7_000, n=1), *OLD[7_001:]], 0.6),
        (OLD[::-1], 0.0),
    ],
)
def test_what_is_unchanged_is_in_the_blocks_of_the_last_look(now, least):
    before = json_blocks(written(OLD), Blocks())
    body = written(now)
    assert least <= shared(body, before) <= 1.0
    assert now == list(json_blocks(body, before))


@pytest.mark.slow
def test_the_blocks_of_a_large_list_are_small():
    """Cut between the sales, and not between their lines; also where texts hold brackets, or values are no objects."""
    for values in (OLD, sales(*range(8_000), note="}"), list(range(100_000)), [[1, [2], [3]]] * 30_000):
        sizes = [len(block.raw) for block in json_blocks(written(values), Blocks()).blocks]
        assert max(sizes) < 3 * 64 * 1024, sizes


def test_a_large_value_is_in_a_block_that_ends_behind_it():
    """Whatever commas it holds."""
    values = [*OLD[:1_000], *sales(9_000, lines=15_000), *OLD[1_000:]]
    numbers = [block.number for block in json_blocks(written(values), Blocks()).blocks]
    assert len(numbers) > 5
    assert len(values) == sum(numbers)


def test_what_was_there_before_may_be_kept_as_text_alone():
    """It is read each time, and the same."""
    shown = json_blocks(written(OLD), Blocks(), keeps=False)
    assert shown.blocks[0].values is not shown.blocks[0].values
    assert OLD == list(shown)
    assert 0 == sum(block.weight for block in shown.blocks)


def test_too_many_values(monkeypatch):
    """In one effect, or in all that are kept; of effects there may be as many as of rows."""
    monkeypatch.setattr(bounded, "MOST_VALUES", 1_000)
    with pytest.raises(bounded.TooMuch, match="1,000 values"):
        json_blocks(written([[1] * 1_001]), Blocks())
    monkeypatch.setattr(bounded, "MOST_VALUES", 20_000)
    assert 8_000 == len(json_blocks(written(OLD), Blocks(), keeps=False))
    with pytest.raises(bounded.TooMuch, match="20,000 values"):
        json_blocks(written(OLD), Blocks())
    monkeypatch.setattr(look, "MOST_ROWS", 7_999)
    with pytest.raises(bounded.TooMuch, match="7,999 effects"):
        json_blocks(written(OLD), Blocks(), keeps=False)
