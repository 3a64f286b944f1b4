"""An answer is the same however its bytes are cut into pieces, and nothing that comes is too much."""

from itertools import pairwise

import httptools
import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontsim.delivery.answer import (
    BESIDE_LIMIT,
    BODY_LIMIT,
    LINES_LIMIT,
    OVERHEAD_LIMIT,
    AnswerReader,
    BadAnswer,
)
from frontsim.domain.model import ANSWER_BODY_KEPT, ANSWER_HEAD_KEPT

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
    return reader.whole, reader.status_code, reader.head, reader.body, reader.reusable


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
        (b"HTTP/1.1 200 OK\r\nContent-Length: 4055\r\n\r\n" + b"x" * 4055, True),  # 4 KiB in all
        (b"HTTP/1.1 200 OK\r\nContent-Length: 4055\r\n\r\n" + b"x" * 4056, False),
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


OK_CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def test_a_head_of_64_kib_is_read_and_one_byte_more_is_not() -> None:
    """Of its body 4 KiB are kept."""
    line = b"HTTP/1.1 200 OK\r\nX: "
    end = b"\r\nContent-Length: 5000\r\n\r\n"
    fits = line + b"x" * (OVERHEAD_LIMIT - len(line) - len(end)) + end
    reader = AnswerReader()
    reader.feed(fits)
    assert reader.feed(b"y" * 5000)
    assert b"y" * ANSWER_BODY_KEPT == reader.body
    for pieces in ([line + b"x" + fits[len(line) :]], [line, b"x", fits[len(line) :]]):
        reader = AnswerReader()
        with pytest.raises(BadAnswer, match="a head of more than 65536 bytes"):
            [reader.feed(piece) for piece in pieces]


@pytest.mark.parametrize(
    ("start", "more", "most"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 10_000, BODY_LIMIT),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n", b"x" * 10_000, BODY_LIMIT),
        (OK_CHUNKED, b"2710\r\n" + b"x" * 10_000 + b"\r\n", BODY_LIMIT),
        (OK_CHUNKED, b"1\r\nx\r\n", LINES_LIMIT * 6),
        (OK_CHUNKED + b"1;x=", b"x" * 10_000, BESIDE_LIMIT),
        (OK_CHUNKED, b"1;x=" + b"x" * 10_000 + b"\r\nx\r\n", BESIDE_LIMIT),
        (OK_CHUNKED + b"0\r\nT: ", b"x" * 10_000, BESIDE_LIMIT),
        (OK_CHUNKED + b"0\r\n", b"T: x\r\n", LINES_LIMIT * 6),
        (OK_CHUNKED, b"0" * 10_000, BESIDE_LIMIT),
    ],
    ids=[
        "without a length", "a long length", "chunks", "one-byte chunks", "an extension", "extensions", "a trailer",
        "trailers", "a chunk size",
    ],
)  # fmt: skip
def test_what_goes_on_after_a_whole_head_is_cut_off(start: bytes, more: bytes, most: int) -> None:
    """The status counts, the connection is not used again, and little is read beyond the limit."""
    reader = AnswerReader()
    fed = len(start)
    reader.feed(start)
    while not reader.feed(more):
        fed += len(more)
        assert fed < most + 20_000
    assert (200, False) == (reader.status_code, reader.reusable)


@pytest.mark.parametrize(
    "more", [b"A:\r\n", b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 x\r\n\r\n"], ids=["headers", "1xx answers"]
)
def test_too_many_lines_before_the_end_of_the_head_are_no_answer(more: bytes) -> None:
    """There is no status yet that could count."""
    start = b"" if more.startswith(b"HTTP") else b"HTTP/1.1 200 OK\r\n"
    with pytest.raises(BadAnswer, match="a head of more than 400 lines"):
        AnswerReader().feed(start + more * LINES_LIMIT)


def test_little_is_parsed_of_what_follows_a_long_body() -> None:
    """A body is read in large pieces, but not what a hostile receiver sends behind it: each line would call Python."""
    reader, headers = AnswerReader(), 0

    def count(name: bytes, value: bytes) -> None:
        nonlocal headers
        headers += 1
        AnswerReader.on_header(reader, name, value)

    reader.on_header = count  # type: ignore[method-assign]
    reader._parser = httptools.HttpResponseParser(reader)
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 50000\r\n\r\n" + b"x" * 50_000
    assert reader.feed(answer + b"HTTP/1.1 200 OK\r\n" + b"A:\r\n" * 50_000)
    assert (200, False) == (reader.status_code, reader.reusable)
    assert headers < 2_000


def test_the_lines_of_a_body_do_not_count() -> None:
    """A page of many lines is read whole, and its connection may be used again."""
    body = b"\n" * 100_000
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    for size in (len(answer), 1_000):
        reader = AnswerReader()
        for start in range(0, len(answer), size):
            reader.feed(answer[start : start + size])
        assert (True, True, 200) == (reader.whole, reader.reusable, reader.status_code)


def test_the_headers_of_a_refusal_are_kept() -> None:
    """They tell why. Those of a 2xx and of an answer before the last are not kept, nor more than 2 KiB."""
    moved = b"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 308 X\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n"
    assert b"Location: /b\nContent-Length: 0" == read([moved])[2]
    assert b"Location: /b\nContent-Length: 0" == read([moved])[2]  # short answers are known by their bytes
    assert b"" == read([b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"])[2]
    long = b"HTTP/1.1 400 X\r\nA: %b\r\nContent-Length: 0\r\n\r\n" % (b"x" * 9_000)
    assert ANSWER_HEAD_KEPT == len(read([long])[2])  # type: ignore[arg-type]
