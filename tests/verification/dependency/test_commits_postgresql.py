"""PostgreSQL's answers; whole sessions are in test_commits."""

import pytest

from frontsim.verification.dependency.commits import NotThisProtocol, PostgresqlCommits, begins_postgresql


def message(kind, body):
    return kind + (len(body) + 4).to_bytes(4, "big") + body


def done(tag):
    return message(b"C", tag + b"\0")


READY, IN_TRANSACTION, FAILED = (message(b"Z", each) for each in (b"I", b"T", b"E"))
ERROR = message(b"E", b"SERROR\0")


@pytest.mark.parametrize(
    ("answers", "is_commit"),
    [
        ([done(b"INSERT 0 1") + IN_TRANSACTION, done(b"COMMIT") + READY], True),
        ([done(b"INSERT 0 1") + READY], True),
        ([done(b"INSERT 0 0") + READY], False),
        ([done(b"SELECT 1") + IN_TRANSACTION, done(b"COMMIT") + READY], False),
        ([done(b"UPDATE 3") + IN_TRANSACTION, done(b"ROLLBACK") + READY], False),
        ([done(b"UPDATE 3") + IN_TRANSACTION, ERROR + FAILED, done(b"ROLLBACK") + READY], False),
        ([done(b"INSERT 0 1") + ERROR + READY], False),
        ([done(b"INSERT 0 1") + IN_TRANSACTION, done(b"ROLLBACK") + IN_TRANSACTION, done(b"COMMIT") + READY], True),
        ([done(b"CALL") + READY], True),
    ],
)
def test_only_the_last_answer_of_a_commit_counts(answers, is_commit):
    commits = PostgresqlCommits()
    assert [*[False] * (len(answers) - 1), is_commit] == [commits.answered(each) for each in answers]


def test_a_refused_encryption_goes_on_in_the_clear():
    commits = PostgresqlCommits()
    commits.sent(b"\x00\x00\x00\x08\x04\xd2\x16\x2f")
    assert commits.answered(b"N" + done(b"INSERT 0 1") + READY)


def test_an_encrypted_connection_cannot_be_read():
    commits = PostgresqlCommits()
    commits.sent(b"\x00\x00\x00\x08\x04\xd2\x16\x2f")
    with pytest.raises(NotThisProtocol):
        commits.answered(b"S")


@pytest.mark.parametrize(
    ("data", "begins"),
    [
        (b"\x00\x00\x00\x21\x00\x03\x00\x00user\0", True),
        (b"\x00\x00\x00\x21\x00\x03\x00\x02user\0", True),
        (b"GET / HTTP/1.1\r\n", False),
        (b"\x00", False),
    ],
)
def test_a_startup_is_known(data, begins):
    assert begins is begins_postgresql(data)
