"""A plan refuses numbers out of range, and says which part of a body leaves."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontsim.delivery.send_plan import WHOLE, Barrier, Ending, SendPlan, held, partial_body


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"body_bytes": -1}, "body_bytes: expected 0 or more, got -1"),
        ({"body_share": -0.5}, "body_share: expected 0 to 1, got -0.5"),
        ({"body_share": 1.5}, "body_share: expected 0 to 1, got 1.5"),
        ({"body_share": float("nan")}, "body_share: expected 0 to 1, got nan"),
        ({"body_bytes": 1, "body_share": 0.5}, "expected body_bytes or body_share, got both"),
        ({"head_rate": 0}, "head_rate: expected more than 0 bytes per second, got 0"),
        ({"body_rate": -1}, "body_rate: expected more than 0 bytes per second, got -1"),
        ({"after_s": -1}, "after_s: expected 0 or more seconds, got -1"),
    ],
)
def test_numbers_out_of_range_are_refused(fields: dict[str, Any], message: str) -> None:
    """A number out of range is refused, and the field, the range and the number are said."""
    with pytest.raises(ValueError, match="expected") as caught:
        SendPlan(**fields)
    assert message == str(caught.value)


def test_a_part_is_half_a_body_unless_it_is_asked_for() -> None:
    """After it the connection is closed; a part of nothing is nothing, and a whole share still lacks the last byte."""
    assert SendPlan(body_share=0.5, ending=Ending.CLOSE) == partial_body()
    assert SendPlan(body_bytes=3, ending=Ending.CLOSE) == partial_body(body_bytes=3)
    assert (b"", b"", b"01") == (
        partial_body(share=1).part_of(b""),
        partial_body(body_bytes=9).part_of(b""),
        partial_body(share=1).part_of(b"012"),
    )
    cuts = [plan.cuts_body for plan in (WHOLE, SendPlan(body_bytes=0), SendPlan(body_share=0.0))]
    assert [False, True, True] == cuts


def test_a_plan_is_held_by_its_own_barrier() -> None:
    """No time passes before the end of any other plan."""
    barrier = Barrier(2)
    assert (barrier, 0.0) == (held(barrier).barrier, WHOLE.after_s)


@given(st.binary(max_size=40), st.integers(0, 50), st.floats(0, 1))
def test_a_part_of_a_body_is_never_the_whole(body: bytes, count: int, share: float) -> None:
    """A part begins the body, is as long as was asked, and lacks at least its last byte."""
    for part, asked in (
        (partial_body(body_bytes=count).part_of(body), count),
        (partial_body(share=share).part_of(body), int(share * len(body))),
    ):
        assert body.startswith(part)
        assert max(0, min(asked, len(body) - 1)) == len(part)


def test_the_whole_is_the_whole() -> None:
    """Without a limit all of a body leaves."""
    assert WHOLE.part_of(b"abc") == b"abc"
