"""JSON values of every kind, small enough to meet each other: what schemas are made of, and what they describe."""

from hypothesis import strategies as st

NAMES = st.sampled_from(["a", "b", "id", "email", "price", "x-1", "æ"])
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-50, 50)
    | st.sampled_from([0.5, -1.25, 3.0, 3.5, 1e6, 0.1])
    | st.text("abcÆ1 -", max_size=6)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)
SIZES = st.integers(0, 4)
