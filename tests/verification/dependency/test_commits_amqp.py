"""AMQP 0-9-1: confirms and acknowledgements; a whole session is in test_commits."""

import pytest

from frontsim.verification.dependency.commits import AmqpCommits, NotThisProtocol


def method(class_id, method_id, arguments=b""):
    body = class_id.to_bytes(2, "big") + method_id.to_bytes(2, "big") + arguments
    return b"\x01\x00\x01" + len(body).to_bytes(4, "big") + body + b"\xce"


ACK, NACK, PUBLISH, COMMITTED = method(60, 80, 9 * b"\0"), method(60, 120), method(60, 40), method(90, 21)


def opened():
    commits = AmqpCommits()
    commits.sent(b"AMQP\x00\x00\x09\x01")
    return commits


@pytest.mark.parametrize(("frame", "is_commit"), [(ACK, True), (COMMITTED, True), (NACK, False), (PUBLISH, False)])
def test_a_broker_confirms(frame, is_commit):
    assert is_commit is opened().answered(frame)


@pytest.mark.parametrize(("frame", "is_commit"), [(ACK, True), (NACK, False), (PUBLISH, False)])
def test_a_consumer_acknowledges(frame, is_commit):
    assert is_commit is opened().sent(frame)


def test_a_frame_of_content_is_no_method():
    assert not opened().answered(b"\x03" + ACK[1:])


def test_another_kind_of_frame_is_another_protocol():
    with pytest.raises(NotThisProtocol):
        opened().answered(b"\x09" + ACK[1:])
