"""Files that we make: those that a user names, which no stranger may have planted, and folders for temporary files.

A link is followed if the user or the system made it, and if it does not lie in a folder that all may write to. In such
a folder, a file that is there already must be the user's own. A device, a pipe and a descriptor of ours (/dev/stdout,
/dev/fd/3) are written as they are.

A temporary folder holds a file whose lock the system drops when we end, however that happens. So a later start, or the
guard of `hosting.children`, removes the folders of processes that were killed, and no others.
"""

import errno
import fcntl
import os
import re
import shutil
import stat
import tempfile
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO

OURS_ALONE = 0o600
"""The mode of databases, payloads, records and state, which hold what secrets protect."""
_FLAGS = {"wb": os.O_TRUNC, "ab": os.O_APPEND, "xb": os.O_EXCL}
_MOST_LINKS = 40
_DESCRIPTOR = re.compile(r"(?:/dev|/proc/self|/proc/\d+)/fd/(\d+)|/dev/(stdin|stdout|stderr)")
_LOCK = ".frontsim-lock"


def opened(file: Path, mode: str, *, private: bool = False) -> IO[bytes]:
    """Open a file to write it.

    Args:
        file: a path that a user chose.
        mode: `wb`, `ab` or `xb`.
        private: only the user may read it, if it is new; else the umask decides.

    Raises:
        OSError: it cannot be written, or a stranger may have planted it.
    """
    if descriptor := _DESCRIPTOR.fullmatch(str(file)):
        number = descriptor[1] or ("stdin", "stdout", "stderr").index(descriptor[2])
        return os.fdopen(os.dup(int(number)), "wb")
    flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | _FLAGS[mode]
    return os.fdopen(os.open(unplanted(file), flags, OURS_ALONE if private else 0o666), mode)


def unplanted(file: Path) -> Path:
    """The file that a path leads to, which need not exist.

    Raises:
        PermissionError: a stranger may have planted it or a link on the way to it.
    """
    if _DESCRIPTOR.fullmatch(str(file)):
        return file
    place = file.absolute()
    for _ in range(_MOST_LINKS):
        link = next((each for each in (*reversed(place.parents), place) if each.is_symlink()), None)
        if link is None:
            break
        if link.lstat().st_uid not in _trusted() or _all_may_write(link.parent):
            raise PermissionError(errno.EPERM, f"a link that another user may have made, {link}", str(file))
        place = Path(os.path.normpath(link.parent / link.readlink() / place.relative_to(link)))
    if _all_may_write(place.parent) and place.is_file() and place.stat().st_uid not in _trusted():
        raise PermissionError(errno.EPERM, "a file of another user in a folder that all may write to", str(file))
    return place


def _trusted() -> set[int]:
    """The owners whose links are followed: the system and the user."""
    return {0, os.getuid()}


def _all_may_write(folder: Path) -> bool:
    return bool(folder.stat().st_mode & stat.S_IWOTH)


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
            try:
                self._root = Path(tempfile.mkdtemp(prefix=f"frontsim-{kind}-"))
            except FileNotFoundError as error:  # tempfile looked in all its places, and says so at length
                raise PermissionError(errno.EACCES, "no folder for temporary files", "$TMPDIR") from error
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
