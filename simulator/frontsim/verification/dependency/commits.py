"""Whether bytes between a receiver and its dependency are the answer to a commit, in the protocols that are known.

The first bytes tell the protocol. In another, or where a connection is encrypted, nothing is known of commits:
`is_readable` is then False.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from frontsim.verification.dependency.amqp import AmqpCommits, begins_amqp
from frontsim.verification.dependency.http1 import Http1Commits, begins_http1
from frontsim.verification.dependency.mariadb import MariadbCommits, begins_mariadb
from frontsim.verification.dependency.messages import NotThisProtocol
from frontsim.verification.dependency.postgresql import PostgresqlCommits, begins_postgresql
from frontsim.verification.dependency.redis import RedisCommits, begins_redis


class CommitReader(Protocol):
    """Follows one connection of one protocol. Both methods may raise NotThisProtocol."""

    def sent(self, data: bytes) -> bool:
        """Take in bytes from the receiver: whether they are a commit that has no answer."""

    def answered(self, data: bytes) -> bool:
        """Take in bytes from the dependency: whether they hold the answer to a commit."""


_BY_CLIENT: Sequence[tuple[Callable[[bytes], bool], type[CommitReader]]] = (
    (begins_postgresql, PostgresqlCommits),
    (begins_redis, RedisCommits),
    (begins_amqp, AmqpCommits),
    (begins_http1, Http1Commits),
)


class Commits:
    """One connection, of the protocol that its first bytes show."""

    def __init__(self) -> None:
        self._reader: CommitReader | None = None
        self.is_readable = True

    def sent(self, data: bytes) -> bool:
        """Take in bytes from the receiver: whether they are a commit that has no answer."""
        if self._reader is None and self.is_readable:
            self._reader = next((kind() for begins, kind in _BY_CLIENT if begins(data)), None)
            self.is_readable = self._reader is not None
        return self._asked(self._reader.sent if self._reader else None, data)

    def answered(self, data: bytes) -> bool:
        """Take in bytes from the dependency: whether they hold the answer to a commit."""
        if self._reader is None and self.is_readable and begins_mariadb(data):
            self._reader = MariadbCommits()
            return False
        return self._asked(self._reader.answered if self._reader else None, data)

    def _asked(self, read: Callable[[bytes], bool] | None, data: bytes) -> bool:
        if read is None or not self.is_readable:
            return False
        try:
            return read(data)
        except (NotThisProtocol, IndexError, StopIteration):
            self.is_readable = False
            return False
