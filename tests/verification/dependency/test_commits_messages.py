"""Streams are split into messages, and memory stays bounded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontsim.clock import stopwatch
from frontsim.verification.dependency.commits import LONGEST, Messages, NotThisProtocol


def of_two(**others):
    return Messages(2, lambda header: int.from_bytes(header, "big"), **others)


@given(st.lists(st.binary(max_size=50), max_size=20), st.integers(1, 30))
def test_messages_come_as_they_were_sent(bodies, size):
    sent = [len(body).to_bytes(2, "big") + body for body in bodies]
    stream, reader = b"".join(sent), of_two()
    pieces = [stream[start : start + size] for start in range(0, len(stream), size)]
    assert sent == [message for piece in pieces for message in reader.feed(piece)]


def test_only_the_start_of_a_long_message_is_kept():
    reader = of_two(keep=10)
    stream = (60_000).to_bytes(2, "big") + 60_000 * b"x"
    assert [10] == [len(message) for message in reader.feed(stream)]


def test_a_length_that_cannot_be_is_another_protocol():
    with pytest.raises(NotThisProtocol):
        list(Messages(4, lambda _: LONGEST + 1).feed(b"abcd"))


def test_many_small_messages_take_time_in_proportion():
    """In one piece they take as long as in a thousand: nothing is copied for each message but itself."""
    stream = 100_000 * b"\0\4abcd"

    def took(size):
        reader, began = of_two(), stopwatch()
        count = sum(1 for start in range(0, len(stream), size) for _ in reader.feed(stream[start : start + size]))
        assert 100_000 == count
        return stopwatch() - began

    assert took(len(stream)) < 5 * took(600)
