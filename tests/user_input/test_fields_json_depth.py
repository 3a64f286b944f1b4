import orjson
import pytest

from frontsim.user_input.fields import MOST_LEVELS, is_too_deep, most_values


@pytest.mark.parametrize(("levels", "too_deep"), [(1, False), (MOST_LEVELS, False), (300, True), (1000, True)])
@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_what_could_not_be_written_again(levels: int, too_deep: bool, opening: bytes, closing: bytes) -> None:
    """A value that is read is stored, answered and sent: it must be writable."""
    body = opening * levels + b"1" + closing * levels
    assert too_deep == is_too_deep(body, orjson.loads(body))


def test_many_brackets_side_by_side() -> None:
    """Length is no depth."""
    body = b"[" + b",".join([b"[]"] * 5000) + b"]"
    assert not is_too_deep(body, orjson.loads(body))


@pytest.mark.parametrize("text", ["1", "[]", "[[], [1], {}]", '{"a": 1, "b": [2, {"c": 3}]}', '"a, b"'])
def test_the_number_of_values(text: str) -> None:
    """Never fewer than there are."""

    def count(value: object) -> int:
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        return 1 + sum(map(count, inner))

    assert count(orjson.loads(text)) <= most_values(text.encode())
