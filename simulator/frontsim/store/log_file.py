"""Owns a log's file: one simulator per file, under whatever name, for as long as it is the same file.

Exactly one read-write connection may exist per file, because SQLite before 3.51.3 can lose commits with two in WAL
mode. The lock is an flock on the file itself, not on a second file beside it, so it holds whatever path leads to the
file, and nothing is left behind that could be removed. The system drops it when the process ends, however it ends.
(SQLite's own locks are of another kind, and do not meet it.)

A file with several hard links is refused: SQLite names the WAL by the path, so after a crash the log opened by another
name would miss what is in the WAL of the first. Symbolic links are followed before SQLite sees the path.
"""

import fcntl
import os
import stat
from pathlib import Path
from typing import Self

from frontsim.errors import Unusable

_Identity = tuple[int, int]
"""Device and inode."""


class LogFile:
    """A locked file; closing it releases the lock.

    Close it after every connection to the file: when a process closes any descriptor of a file, the system drops all
    locks that SQLite holds on it in that process.

    Args:
        path: created if there is no file.

    Raises:
        Unusable: it is not a regular file, it cannot be written, or another simulator has it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self._wal = self.path.with_name(f"{self.path.name}-wal")
        try:
            self._descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise Unusable(f"cannot write the log {path}: {error.strerror}") from error
        try:
            self._identity = self._lock(path)
        except BaseException:
            self.close()
            raise
        self._size = 0
        self._wal_identity: _Identity | None = None
        self._wal_size = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        os.close(self._descriptor)

    def _lock(self, path: Path) -> _Identity:
        opened = os.fstat(self._descriptor)
        if not stat.S_ISREG(opened.st_mode):
            raise Unusable(f"expected a regular file as the log, got {path}: give another --db")
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            text = f"the log {path} is in use by another frontsim: stop that one, or give this one its own --db"
            raise Unusable(text) from error
        if opened.st_nlink > 1:
            raise Unusable(
                f"the log {path} has {opened.st_nlink} names (hard links), and what a crash left in the WAL of one is "
                "missed under another: make a copy, and give that as --db"
            )
        found = self.path.stat()
        return found.st_dev, found.st_ino

    def problem(self) -> str | None:
        """Why what is committed now would be gone at the next start; None if it would not.

        The file and its WAL must be the same as before, and neither may have become shorter: SQLite shortens neither
        while we have it. To look takes two system calls.
        """
        try:
            found = self.path.stat()
            if (found.st_dev, found.st_ino) != self._identity:
                return f"{self.path.name} was replaced by another file"
            if found.st_size < self._size:
                return f"{self.path.name} was truncated"
            self._size = found.st_size
            return self._problem_of_wal()
        except FileNotFoundError:
            return f"{self.path.name} was deleted or moved away"
        except OSError as error:
            return f"{self.path.name} cannot be found: {error.strerror}"

    def _problem_of_wal(self) -> str | None:
        try:
            found = self._wal.stat()
        except FileNotFoundError:
            return None if self._wal_identity is None else f"{self._wal.name} was deleted or moved away"
        if self._wal_identity not in (None, (found.st_dev, found.st_ino)):
            return f"{self._wal.name} was replaced by another file"
        if found.st_size < self._wal_size:
            return f"{self._wal.name} was truncated"
        self._wal_identity, self._wal_size = (found.st_dev, found.st_ino), found.st_size
        return None
