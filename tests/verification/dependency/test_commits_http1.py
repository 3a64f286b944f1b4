"""HTTP: the first answer to a call that changes something; a whole session is in test_commits."""

import pytest

from frontsim.verification.dependency.commits import Http1Commits, begins_http1

DONE, FAILED, CONTINUE = (f"HTTP/1.1 {code}\r\n".encode() for code in (201, 503, 100))


@pytest.mark.parametrize(
    ("method", "answer", "is_commit"),
    [(b"POST", DONE, True), (b"PUT", DONE, True), (b"GET", DONE, False), (b"POST", FAILED, False)],
)
def test_a_change_that_was_made_is_a_commit(method, answer, is_commit):
    commits = Http1Commits()
    commits.sent(method + b" /orders HTTP/1.1\r\nContent-Length: 3\r\n\r\n")
    commits.sent(b"GET")  # its body
    assert is_commit is commits.answered(answer)


def test_only_the_start_of_an_answer_counts():
    commits = Http1Commits()
    commits.sent(b"POST /orders HTTP/1.1\r\n")
    assert [False, True, False] == [commits.answered(each) for each in (CONTINUE, DONE, DONE)]


@pytest.mark.parametrize(("data", "begins"), [(b"POST /a HTTP/1.1\r\n", True), (b"PRI * HTTP/2.0\r\n\r\n", False)])
def test_a_request_is_known(data, begins):
    assert begins is begins_http1(data)
