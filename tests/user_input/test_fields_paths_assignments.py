"""Values written as `path=value`."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontsim.errors import BadInput
from frontsim.user_input.fields import read_assignments

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


def read(*texts):
    return read_assignments(texts)


@pytest.mark.slow
@given(JSON)
def test_json_is_read_as_what_it_is(value):
    """Any JSON value can be written."""
    assert {"a": value} == read(f"a={orjson.dumps(value).decode()}")


@given(st.text())
def test_anything_else_is_a_text(text):
    """A value that is no JSON is the text as written, also with `=` in it."""
    assert {"a.b": f"~{text}=1"} == read(f"a.b=~{text}=1")


@given(st.text())
def test_nothing_breaks_it(text):
    """Whatever is written is read, or refused."""
    try:
        read(text)
    except BadInput as error:
        assert str(error).startswith("expected ")  # noqa: PT017 - both ends are right


def test_names_come_once():
    """A name that comes twice is a slip of the pen."""
    with pytest.raises(BadInput, match="'a' twice"):
        read("a=1", " a =2")
