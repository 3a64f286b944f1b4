import asyncio
import sqlite3

import pytest

from frontsim.errors import Unusable
from frontsim.subjects import inbound
from frontsim.subjects.bookings import Bookings


@pytest.fixture
def bookings(tmp_path):
    opened = Bookings(tmp_path / "receiver.db")
    yield opened
    opened.close()


@pytest.mark.anyio
async def test_one_commit_for_all_who_ask_in_one_turn(bookings):
    """Group commit: twenty pieces of work, one transaction, a result for each."""
    begun = []
    bookings._db.set_trace_callback(
        lambda statement: begun.append(statement) if statement.startswith("BEGIN") else None
    )
    results = await asyncio.gather(
        *(bookings.transact(lambda db, n=n: inbound.take(db, str(n % 10))) for n in range(20))
    )
    assert [True] * 10 + [False] * 10 == results
    assert 1 == len(begun)


@pytest.mark.anyio
async def test_what_fails_undoes_only_itself(bookings):
    """Work that raises gets its error; the others of its group are committed."""

    def fail(db):
        inbound.take(db, "bad")
        raise RuntimeError("its own fault")

    results = await asyncio.gather(
        bookings.transact(lambda db: inbound.take(db, "good")),
        bookings.transact(fail),
        bookings.transact(lambda db: db.execute("INSERT INTO nowhere VALUES (1)")),
        return_exceptions=True,
    )
    assert [True, RuntimeError, sqlite3.OperationalError] == [results[0], type(results[1]), type(results[2])]
    assert [("good",)] == bookings.read("SELECT key FROM keys")


@pytest.mark.anyio
async def test_no_future_is_done_before_the_commit(bookings):
    """When the future has its result, another connection can read what was done."""
    await bookings.transact(lambda db: inbound.take(db, "a"))
    assert [("a",)] == bookings.read("SELECT key FROM keys")


@pytest.mark.anyio
async def test_who_gave_up_does_not_disturb(bookings):
    """A cancelled future is left alone; its group gets its results."""
    gone, stays = (bookings.transact(lambda db, key=key: inbound.take(db, key)) for key in "ab")
    gone.cancel()
    assert await stays


def test_one_process_a_file(bookings):
    """A second receiver on the same file is refused: SQLite before 3.51.3 can lose commits with two writers."""
    with pytest.raises(Unusable, match="expected a file that no other receiver uses"):
        Bookings(bookings.file)


def test_refuses_what_is_not_its_own(tmp_path):
    """Another program's database, a file that is none, a folder that is not there: one clear line, nothing changed."""
    foreign = tmp_path / "foreign.db"
    connection = sqlite3.connect(foreign)
    connection.execute("CREATE TABLE orders (id)")
    connection.close()
    before = foreign.read_bytes()
    with pytest.raises(Unusable, match="tables of something else"):
        Bookings(foreign)
    assert before == foreign.read_bytes()

    text = tmp_path / "text.db"
    text.write_text("This is no database. " * 100)
    with pytest.raises(Unusable, match="not a database"):
        Bookings(text)
    with pytest.raises(Unusable, match="No such file or directory"):
        Bookings(tmp_path / "nowhere" / "receiver.db")
    with pytest.raises(Unusable, match="Is a directory"):
        Bookings(tmp_path)
