"""Files that we make: folders for temporary files, and files that a stranger can neither plant nor read.

A temporary folder holds a file whose lock the system drops when we end, however that happens. So a later start, or the
guard of `hosting.children`, removes the folders of processes that were killed, and no others.
"""

import fcntl
import os
import shutil
import stat
import tempfile
from contextlib import suppress
from pathlib import Path
from types import TracebackType

OURS_ALONE = 0o600
"""The mode of databases, payloads, records and state, which hold what secrets protect."""
_LOCK = ".frontsim-lock"


class TemporaryFolder:
    """A folder of our own, empty at first; `remove` or the end of the `with` block deletes it.

    Args:
        kind: a word in its name, for people who look for what fills their disk.
    """

    _removed_left = False

    def __init__(self, kind: str) -> None:
        if not TemporaryFolder._removed_left:
            TemporaryFolder._removed_left = True
            remove_left_folders()
        while True:
            self._root = Path(tempfile.mkdtemp(prefix=f"frontsim-{kind}-"))
            self._lock = (self._root / _LOCK).open("w")
            with suppress(OSError):  # a file system without locks: the folder is then left if we are killed
                fcntl.flock(self._lock, fcntl.LOCK_EX)
            if (self._root / _LOCK).exists():  # else a start beside us took it for one that was left
                break
            self._lock.close()
        self.path = self._root / "files"
        self.path.mkdir()

    def __enter__(self) -> Path:
        return self.path

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.remove()

    def remove(self) -> None:
        """Delete it with all that it holds."""
        shutil.rmtree(self._root, ignore_errors=True)
        self._lock.close()


def remove_left_folders() -> None:
    """Delete the temporary folders of processes of this user that were killed."""
    for lock_file in Path(tempfile.gettempdir()).glob(f"frontsim-*/{_LOCK}"):
        with suppress(OSError):  # another start removes it at this moment, or a process has the lock
            folder = lock_file.parent.lstat()
            if not stat.S_ISDIR(folder.st_mode) or folder.st_uid != os.getuid():
                continue
            with os.fdopen(os.open(lock_file, os.O_RDWR | os.O_NOFOLLOW)) as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(lock_file.parent, ignore_errors=True)
