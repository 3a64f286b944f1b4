"""MariaDB's OK packets; whole sessions are in test_commits."""

import pytest

from frontsim.verification.dependency.commits import MariadbCommits, begins_mariadb

IDLE, IN_TRANSACTION = b"\x02\x00", b"\x03\x00"


def packet(number, body):
    return len(body).to_bytes(3, "little") + bytes([number]) + body


def ok(rows, status):
    size = b"" if rows < 251 else b"\xfc"
    return packet(1, b"\x00" + size + rows.to_bytes(2 if size else 1, "little") + b"\x00" + status + b"\x00\x00")


def logged_in():
    commits = MariadbCommits()
    commits.sent(packet(1, b"\x00" * 32))
    commits.answered(packet(2, b"\x00\x00\x00" + IDLE + b"\x00\x00"))
    return commits


def query(text):
    return packet(0, b"\x03" + text)


@pytest.mark.parametrize(
    ("talk", "is_commit"),
    [
        ([(query(b"INSERT"), ok(1, IDLE))], True),
        ([(query(b"INSERT"), ok(300, IDLE))], True),
        ([(query(b"INSERT IGNORE"), ok(0, IDLE))], False),
        ([(query(b"INSERT"), ok(1, IN_TRANSACTION)), (query(b"COMMIT"), ok(0, IDLE))], True),
        ([(query(b"INSERT"), ok(1, IN_TRANSACTION)), (query(b"rollback"), ok(0, IDLE))], False),
        (
            [
                (query(b"INSERT"), ok(1, IN_TRANSACTION)),
                (query(b"ROLLBACK TO s"), ok(0, IN_TRANSACTION)),
                (query(b"COMMIT"), ok(0, IDLE)),
            ],
            True,
        ),
        ([(packet(0, b"\x16INSERT"), packet(1, b"\x00\x01\x00\x00\x00\x00\x00\x00"))], False),
        ([(packet(0, b"\x17\x01\x00\x00\x00"), ok(1, IDLE))], True),
        ([(query(b"SELECT 1"), packet(1, b"\x01"))], False),
        ([(packet(0, b"\x0e"), ok(0, IDLE))], False),
    ],
)
def test_only_the_last_answer_of_a_commit_counts(talk, is_commit):
    """Neither PREPARE's answer, which begins as an OK does, nor a ping's tells of one."""
    commits = logged_in()
    told = []
    for request, answer in talk:
        commits.sent(request)
        told.append(commits.answered(answer))
    assert [*[False] * (len(talk) - 1), is_commit] == told


@pytest.mark.parametrize(("data", "begins"), [(b"\x5d\x00\x00\x00\x0a11.8", True), (b"\x5d\x00\x00\x00\x09", False)])
def test_a_greeting_is_known(data, begins):
    assert begins is begins_mariadb(data)
