"""An answer is the same however its bytes are cut into pieces, and nothing that comes is too much."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontsim.delivery.answer import BODY_KEPT, FRAMING_LIMIT, HEAD_LIMIT, AnswerReader, BadAnswer

ANSWERS = [
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n12345",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nT: v\r\n\r\n",
    b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
    b"HTTP/1.1 304 Not Modified\r\n\r\n",
]


def read(pieces: list[bytes]) -> tuple[object, ...]:
    reader = AnswerReader()
    for piece in pieces:
        if reader.feed(piece):
            break
    return reader.whole, reader.status_code, reader.body, reader.reusable


@pytest.mark.parametrize("answer", ANSWERS)
@given(cuts=st.lists(st.integers(0, 120), max_size=8))
def test_cuts_change_nothing(answer: bytes, cuts: list[int]) -> None:
    """Read in pieces an answer is what it is read at once."""
    edges = [0, *sorted(min(cut, len(answer)) for cut in cuts), len(answer)]
    pieces = [answer[left:right] for left, right in pairwise(edges)]
    assert read([answer]) == read([piece for piece in pieces if piece])
    assert read([answer])[0] is True


@given(st.binary(max_size=300))
def test_any_bytes_are_an_answer_a_part_of_one_or_none(data: bytes) -> None:
    """Whatever comes: it is read, or refused as no answer; nothing else happens."""
    for start in (b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"):
        reader = AnswerReader()
        try:
            reader.feed(start + data)
        except BadAnswer:
            assert not reader.whole


@pytest.mark.parametrize(
    ("answer", "reusable"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", True),
        (b"HTTP/1.1 204 No Content\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", False),
        (b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\n", False),
    ],
)
def test_who_may_go_on(answer: bytes, reusable: bool) -> None:
    """HTTP/1.1 goes on unless it says close, HTTP/1.0 only if it says keep-alive; more than asked for ends it."""
    reader = AnswerReader()
    assert reader.feed(answer)
    assert reusable == reader.reusable


def test_a_reader_reads_one_answer_after_another() -> None:
    """After `expect` nothing of the answer before is left."""
    reader = AnswerReader()
    assert reader.feed(b"HTTP/1.1 500 Oops\r\nContent-Length: 3\r\n\r\nbad")
    reader.expect()
    assert (False, 0, b"") == (reader.whole, reader.status_code, reader.body)
    assert reader.feed(b"HTTP/1.1 204 No Content\r\n\r\n")
    assert (204, b"") == (reader.status_code, reader.body)


def test_the_end_of_the_connection_ends_an_answer_without_length_only() -> None:
    """The end completes an answer that has no length; it cuts one that has, and a head."""
    for data, whole in (
        (b"HTTP/1.1 200 OK\r\n\r\nall", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nsome", False),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", False),
        (b"HTTP/1.1 200 OK\r\n", False),
        (b"", False),
    ):
        reader = AnswerReader()
        if data:
            reader.feed(data)
        assert whole == reader.end(), data


@pytest.mark.parametrize(
    "start", [b"HTTP/0.9", b"HTTP/1.2", b"HTTP/2.0", b"RTSP/1.0", b"ICE/1.0", b"ICY", b"\r\nRTSP/1.0"]
)
def test_another_protocol_is_no_answer(start: bytes) -> None:
    """Only HTTP/1.0 and HTTP/1.1 are read, whatever else an answer begins as; also when it comes byte by byte."""
    answer = start + b" 200 OK\r\nContent-Length: 0\r\n\r\n"
    with pytest.raises(BadAnswer):
        AnswerReader().feed(answer)
    reader = AnswerReader()
    with pytest.raises(BadAnswer):
        [reader.feed(answer[at : at + 1]) for at in range(len(answer))]


def test_limits() -> None:
    """A head of 64 KiB is read, one byte more is not; trailers end at 1 MiB; of a body 4 KiB are kept."""
    line = b"HTTP/1.1 200 OK\r\nX: "
    end = b"\r\nContent-Length: 5000\r\n\r\n"
    fits = line + b"x" * (HEAD_LIMIT - len(line) - len(end)) + end
    reader = AnswerReader()
    reader.feed(fits)
    assert reader.feed(b"y" * 5000)
    assert b"y" * BODY_KEPT == reader.body
    with pytest.raises(BadAnswer, match="a head of more than 65536 bytes"):
        AnswerReader().feed(line + b"x" + fits[len(line) :])
    reader = AnswerReader()
    reader.feed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nT: ")
    with pytest.raises(BadAnswer, match="between two pieces of the body"):
        reader.feed(b"x" * (FRAMING_LIMIT + 1))
