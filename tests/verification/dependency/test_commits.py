"""Commits are told in recorded sessions of real servers and their usual clients.

A recording has a line for each piece: `>` from the client, `<` from the server, in base64.
"""

import base64
from pathlib import Path

import pytest

from frontsim.verification.dependency.commits import Commits

RECORDED = Path(__file__).parent / "recorded"


def pieces(name):
    lines = (RECORDED / f"{name}.txt").read_text().splitlines()
    return [(line[0], base64.b64decode(line[2:])) for line in lines]


def found(pieces):
    """The numbers of the pieces that tell of a commit, and whether the session could be read to its end."""
    commits = Commits()
    told = [
        number
        for number, (side, data) in enumerate(pieces)
        if (commits.sent(data) if side == ">" else commits.answered(data))
    ]
    return told, commits.is_readable


@pytest.mark.parametrize(
    ("name", "count", "why"),
    [
        ("postgresql-extended", 9, "one insert and eight prepared ones; not the reads, the repeat and the rollback"),
        ("postgresql-autocommit", 1, "one insert; not the delete of nothing and the insert that fails"),
        ("postgresql-simple", 2, "two transactions, the second rolled back to a savepoint in between"),
        ("mariadb-transactions", 1, "one insert; not the read, the repeat and the rollback"),
        ("mariadb-autocommit", 2, "one insert, and one transaction of two statements"),
        ("redis", 4, "SETNX, RPUSH, EXEC, a script; not the repeats and the reads"),
        ("amqp", 4, "two confirms, a consumer's acknowledgement, the end of a transaction"),
        ("http1", 2, "two POSTs; not the GET and the POST that was answered 503"),
    ],
)
def test_commits_are_recognised(name, count, why):
    told, is_readable = found(pieces(name))
    assert (count, True) == (len(told), is_readable), why


@pytest.mark.parametrize("name", sorted({path.stem for path in RECORDED.glob("*.txt")} - {"http1"}))
def test_pieces_may_be_cut_anywhere_after_the_first_bytes(name):
    """TCP keeps no boundaries: a commit is told once, in whatever pieces its answer comes."""
    whole = pieces(name)
    first = {side: next(number for number, piece in enumerate(whole) if piece[0] == side) for side in "<>"}
    cut = [
        (side, part)
        for number, (side, data) in enumerate(whole)
        for part in ([data] if number in first.values() else [data[:3], data[3:7], data[7:]])
        if part
    ]
    assert len(found(whole)[0]) == len(found(cut)[0])


def test_the_answer_to_a_commit_is_its_own_piece():
    """The answer to the second insert's commit is cut, and nothing before it."""
    session = pieces("postgresql-simple")
    first, _ = found(session)[0]
    side, data = session[first]
    assert "<" == side
    assert b"COMMIT" in data


@pytest.mark.parametrize(
    ("name", "session"),
    [
        ("tls", [(">", b"\x16\x03\x01\x02\x00\x01"), ("<", b"\x16\x03\x03")]),
        ("postgresql with tls", [(">", b"\x00\x00\x00\x08\x04\xd2\x16\x2f"), ("<", b"S"), (">", b"\x16\x03\x01")]),
        ("an unknown protocol", [(">", b"\x3a\x00\x00\x00\x01"), ("<", b"\x3a\x00\x00\x00")]),
        ("broken redis", [(">", b"*1\r\n$x\r\n")]),
        ("broken amqp", [(">", b"AMQP\0\0\x09\x01"), ("<", b"HTTP/1.1 400 Bad Request\r\n")]),
        ("mariadb with tls", [("<", b"\x4a\x00\x00\x00\x0a8.0"), (">", b"\x20\x00\x00\x01\x85\xae" + 30 * b"\xff")]),
    ],
)
def test_what_cannot_be_read_tells_of_no_commit(name, session):
    assert ([], False) == found(session), name
