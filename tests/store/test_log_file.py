"""A file has one owner, under whatever name; and what happens to it while it is used is seen."""

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from frontsim.errors import StoreFailed, Unusable
from frontsim.store.log_file import LogFile
from tests.store.shop import StoreDriver


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.db"


def test_a_second_owner_is_refused_under_any_name(path: Path) -> None:
    """Through a symbolic link, and through one to its folder; free again when the first lets go."""
    link, folder = path.with_name("link.db"), path.parent / "folder"
    with LogFile(path):
        link.symlink_to(path)
        folder.symlink_to(path.parent)
        for name in (path, link, folder / path.name):
            with pytest.raises(Unusable, match="in use by another frontsim"):
                LogFile(name)
    LogFile(link).close()


def test_nothing_lies_beside_the_file_that_could_be_removed(path: Path) -> None:
    """The lock is on the file itself."""
    with LogFile(path):
        assert [path] == list(path.parent.iterdir())


def test_a_file_with_two_names_is_refused(path: Path) -> None:
    """Each name would have a WAL of its own."""
    path.touch()
    path.with_name("other.db").hardlink_to(path)
    with pytest.raises(Unusable, match=r"2 names \(hard links\).*make a copy"):
        LogFile(path)


def test_what_is_no_file_is_refused_at_once(path: Path) -> None:
    """A FIFO would wait for its other end, for ever."""
    os.mkfifo(path)
    with pytest.raises(Unusable, match="expected a regular file"):
        LogFile(path)
    with pytest.raises(Unusable, match="Is a directory"):
        LogFile(path.parent)
    with pytest.raises(Unusable, match="expected a regular file"):
        LogFile(Path("/dev/null"))


def test_what_cannot_be_created_is_refused(path: Path) -> None:
    with pytest.raises(Unusable, match="No such file or directory"):
        LogFile(path / "nowhere.db")


def deletes(path: Path) -> None:
    path.unlink()


def replaces(path: Path) -> None:
    other = path.with_name("other")
    other.write_bytes(path.read_bytes())
    other.rename(path)


def truncates(path: Path) -> None:
    os.truncate(path, 0)


def moves(path: Path, to: Path) -> None:
    path.rename(to)


def damages(path: Path) -> None:
    """Everything behind the first page."""
    content = path.read_bytes()
    path.write_bytes(content[:8_192] + b"\xff" * (len(content) - 8_192))


HAPPENS = pytest.mark.parametrize(
    ("happens", "problem"),
    [(deletes, "deleted or moved away"), (replaces, "replaced by another file"), (truncates, "truncated")],
)
SUFFIXES = pytest.mark.parametrize("suffix", ["", "-wal"])


@HAPPENS
@SUFFIXES
def test_a_problem_is_seen(path: Path, happens: Callable[[Path], None], problem: str, suffix: str) -> None:
    """Of the file, and of its WAL."""
    with LogFile(path) as file:
        for each in (path, path.with_name("log.db-wal")):
            each.write_bytes(b"something")
        assert file.problem() is None
        happens(path.with_name(f"log.db{suffix}"))
        found = file.problem()
        assert found is not None
        assert f"log.db{suffix} was {problem}" in found


@pytest.mark.anyio
@HAPPENS
@SUFFIXES
async def test_nothing_is_accepted_that_would_be_gone(
    path: Path, happens: Callable[[Path], None], problem: str, suffix: str
) -> None:
    """The reason is given; nothing is handed out any more, and closing still ends."""
    async with StoreDriver(path) as shop:
        await shop.subscribes()
        await shop.sells()
        await shop.sent()
        assert shop.store.problem is None
        happens(path.with_name(f"log.db{suffix}"))
        with pytest.raises(StoreFailed, match=f"nothing of this was kept: log.db{suffix} was {problem}"):
            await shop.sells()
        assert problem in (shop.store.problem or "")
        assert shop.out.empty()


@pytest.mark.anyio
async def test_a_file_that_is_moved_away_and_back(path: Path) -> None:
    """It goes on: the file is the same."""
    away = path.with_name("away.db")
    async with StoreDriver(path) as shop:
        await shop.subscribes()
        moves(path, away)
        with pytest.raises(StoreFailed, match="deleted or moved away"):
            await shop.sells()
        moves(away, path)
        await shop.sells()
        assert shop.store.problem is None


@pytest.mark.anyio
async def test_a_file_that_is_deleted_during_a_commit(shop: StoreDriver) -> None:
    """SQLite's commit is gone with it; that is not known to be nothing."""
    await shop.subscribes()
    problems = iter([None, "log.db was deleted or moved away"])  # before and after
    shop.store._file.problem = lambda: next(problems, None)  # type: ignore[method-assign]
    with pytest.raises(StoreFailed, match=r"it is not known whether this was kept: log\.db was deleted"):
        await shop.sells()
    assert 1 == (await shop.reader.counts())["events"], "done a second time"


@pytest.mark.anyio
async def test_a_flush_that_fails(shop: StoreDriver) -> None:
    """SQLite may have written it all the same: it is not said that nothing was kept."""
    await shop.subscribes()
    connection = shop.store._db

    class Disk:
        def __getattr__(self, name: str) -> object:
            return getattr(connection, name)

        def execute(self, sql: str, *values: object) -> sqlite3.Cursor:
            if sql == "COMMIT":
                raise sqlite3.OperationalError("disk I/O error")
            return connection.execute(sql, *values)  # type: ignore[arg-type]

    shop.store._group_commit._db = Disk()  # type: ignore[assignment]
    with pytest.raises(StoreFailed, match=r"look at the log before you ask again: .* not known whether this was kept"):
        await shop.sells()
    assert "disk I/O error" == shop.store.problem
    shop.store._group_commit._db = connection
    await shop.sells()
    assert shop.store.problem is None


@pytest.mark.anyio
async def test_a_damaged_file(path: Path) -> None:
    """Reading is refused with a reason, and so is a start."""
    async with StoreDriver(path) as shop:
        webhook = await shop.subscribes()
        for _ in range(20):
            await shop.sells(50)
    async with StoreDriver(path) as shop:
        damages(path)
        with pytest.raises(StoreFailed, match="the log could not be read: database disk image is malformed"):
            await shop.lists(webhook.id)
    with pytest.raises(Unusable, match="as a log"):
        StoreDriver(path)
