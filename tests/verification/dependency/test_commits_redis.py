"""Redis: replies are matched with commands in their order; whole sessions are in test_commits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontsim.clock import stopwatch
from frontsim.verification.dependency.commits import NotThisProtocol, RedisCommits, RespReader, begins_redis


def command(*words):
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)


@pytest.mark.parametrize(
    ("words", "reply", "is_commit"),
    [
        ((b"SETNX", b"id", b"1"), b":1\r\n", True),
        ((b"SETNX", b"id", b"1"), b":0\r\n", False),
        ((b"SET", b"id", b"1", b"NX"), b"$-1\r\n", False),
        ((b"set", b"id", b"1"), b"+OK\r\n", True),
        ((b"SET", b"id", b"1"), b"-READONLY no\r\n", False),
        ((b"GET", b"id"), b"$1\r\n1\r\n", False),
        ((b"HGETALL", b"id"), b"%1\r\n+a\r\n+b\r\n", False),
        ((b"BRPOP", b"jobs", b"1"), b"*2\r\n$4\r\njobs\r\n$1\r\na\r\n", False),
        ((b"XADD", b"s", b"*", b"a", b"1"), b"$3\r\n1-1\r\n", True),
    ],
)
def test_a_change_is_a_commit(words, reply, is_commit):
    commits = RedisCommits()
    commits.sent(command(*words))
    assert is_commit is commits.answered(reply)


def test_in_a_pipeline_each_reply_is_to_its_own_command():
    commits = RedisCommits()
    commits.sent(command(b"GET", b"a") + command(b"SET", b"a", b"1") + command(b"GET", b"a"))
    assert [False, True, False] == [commits.answered(each) for each in (b"$-1\r\n", b"+OK\r\n", b"$1\r\n1\r\n")]


def test_of_a_transaction_only_exec_is_a_commit():
    commits = RedisCommits()
    commits.sent(command(b"MULTI") + command(b"SET", b"a", b"1") + command(b"EXEC"))
    replies = [b"+OK\r\n", b"+QUEUED\r\n", b"*1\r\n+OK\r\n"]
    assert [False, False, True] == [commits.answered(each) for each in replies]


def test_a_push_is_no_reply():
    commits = RedisCommits()
    commits.sent(command(b"SET", b"a", b"1"))
    assert [False, True] == [commits.answered(b">2\r\n+invalidate\r\n$-1\r\n"), commits.answered(b"+OK\r\n")]


TEXTS = st.binary(max_size=8).map(lambda text: b"$%d\r\n%s\r\n" % (len(text), text))
VALUES = st.recursive(
    TEXTS | st.sampled_from([b"+OK\r\n", b":12\r\n", b"$-1\r\n", b"*-1\r\n", b"*0\r\n", b"_\r\n"]),
    lambda inner: st.lists(inner, max_size=3).map(lambda items: b"*%d\r\n" % len(items) + b"".join(items)),
)


@pytest.mark.slow
@given(st.lists(VALUES, max_size=6), st.integers(1, 9))
def test_values_are_separated_in_any_pieces(values, size):
    stream, reader = b"".join(values), RespReader()
    pieces = [stream[start : start + size] for start in range(0, len(stream), size)]
    found = [words[0] for piece in pieces for words in reader.feed(piece)]
    assert [value.partition(b"\r\n")[0] for value in values] == found


@pytest.mark.parametrize(("data", "begins"), [(b"*2\r\n$3\r\nGET\r\n", True), (b"PING\r\n", False), (b"*x\r\n", False)])
def test_a_first_command_is_known(data, begins):
    assert begins is begins_redis(data)


@pytest.mark.parametrize(
    "stream", [50_000 * b"*1\r\n+a\r\n", b"*400000\r\n" + 100_000 * b":1\r\n", 60_000 * b"$1\r\na\r\n"]
)
def test_many_small_values_take_time_in_proportion(stream):
    """In one piece they take as long as in a thousand."""

    def took(size):
        reader, began = RespReader(), stopwatch()
        for start in range(0, len(stream), size):
            list(reader.feed(stream[start : start + size]))
        return stopwatch() - began

    assert took(len(stream)) < 5 * took(600)


def test_a_line_that_comes_byte_by_byte_takes_time_in_proportion():
    def took(length):
        reader, began = RespReader(), stopwatch()
        for _ in range(length):
            list(reader.feed(b"x"))
        return stopwatch() - began

    assert took(60_000) < 60 * took(6_000)


@pytest.mark.parametrize(
    "data", [b"*" + 5_000 * b"9" + b"\r\n", b"$" + 5_000 * b"1" + b"\r\n", 1_001 * b"*1\r\n", b"+" + 65_536 * b"x"]
)
def test_what_no_server_sends_is_another_protocol(data):
    """Python refuses to read such a number, and an array in a thousand others would fill the memory."""
    with pytest.raises(NotThisProtocol):
        list(RespReader().feed(data))


@given(st.lists(st.sampled_from([b"\r", b"\n", b"+", b"a", b"*1", b"$1", b"\r\n"]), max_size=30), st.integers(1, 5))
def test_pieces_change_nothing(parts, size):
    """A line's end may come in two."""
    stream, whole, pieces = b"".join(parts), RespReader(), RespReader()

    def read(reader, *feeds):
        found = []
        try:
            for each in feeds:
                found += reader.feed(each)
        except NotThisProtocol:
            found.append("refused")
        return found

    assert read(whole, stream) == read(pieces, *(stream[start : start + size] for start in range(0, len(stream), size)))
