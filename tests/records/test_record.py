"""The record's format: what is written is read again, and what cannot be read is refused by its line."""

import stat
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontsim.errors import BadInput, Unusable
from frontsim.records import record as record_module
from frontsim.records.record import Instants, RecordedEvent, RecordHead, RecordReader, RecordWriter, without_secrets
from tests.support.disk import small_disk

HEAD = RecordHead("api")
SALE = RecordedEvent(
    event="SaleCreated",
    webhook_id="w",
    webhook_event_id="e",
    time="2026-08-01T10:12:06.313",
    body={"saleId": 7},
    head={"Content-Type": "application/json"},
    runs=[{"run": 1}],
)


def written(file, *events, head=HEAD):
    with RecordWriter(file, head) as writer:
        for event in events:
            writer.add(event)
    return file


def read(file, **more):
    with RecordReader(file) as reader:
        return list(reader.events(**more))


def test_what_is_written_is_read(tmp_path):
    """Each event with the line where it stands."""
    assert [replace(SALE, line=2), replace(SALE, line=3)] == read(written(tmp_path / "r", SALE, SALE))


def test_a_body_that_is_no_json_is_kept_as_text(tmp_path):
    (found,) = read(written(tmp_path / "r", replace(SALE, body=None, text="{broken")))
    assert "{broken" == found.text


@given(st.recursive(st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(), st.lists, max_leaves=5))
def test_a_body_without_secrets_stays_as_it_is(body):
    """Any JSON; texts that look like a secret are the next test's."""
    event = replace(SALE, body=body)
    masked_too = "***" in orjson.dumps(without_secrets(event).as_json()).decode()
    assert masked_too or event == without_secrets(event)


def test_keys_and_tokens_are_masked(tmp_path):
    """In the head by the header's name; in texts by what stands before them."""
    head = {"Authorization": "Basic abc", "X-Api-Key": "k3y", "Ocp-Apim-Subscription-Key": "s3cret", "Host": "h"}
    event = replace(SALE, head=head, body={"url": "https://shop.example/hook?token=t0ken"}, text=None)
    text = written(tmp_path / "r", event).read_text()
    assert [] == [each for each in ("abc", "k3y", "s3cret", "t0ken") if each in text]
    assert '"Host":"h"' in text


def test_a_file_that_is_there_is_not_overwritten(tmp_path):
    (tmp_path / "r").write_text("mine")
    with pytest.raises(Unusable, match="name a new file with --out"):
        RecordWriter(tmp_path / "r", HEAD)
    assert "mine" == (tmp_path / "r").read_text()


def test_a_link_that_leads_nowhere_is_not_followed(tmp_path):
    """A stranger could have made it, to have the record written elsewhere."""
    (tmp_path / "r").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Unusable):
        RecordWriter(tmp_path / "r", HEAD)


def test_the_file_is_its_owners_alone(tmp_path):
    assert 0o600 == stat.S_IMODE(written(tmp_path / "r").stat().st_mode)


def test_a_full_disk_leaves_whole_lines(tmp_path):
    """Lines that were written before it was full can be read."""
    with small_disk(tmp_path / "small", "64k") as disk, RecordWriter(disk / "r", HEAD) as writer:

        def fills_it():
            for _ in range(100):
                writer.add(replace(SALE, body="x" * 3_000))

        with pytest.raises(Unusable, match=r"\d+ events are in the record, then: No space left"):
            fills_it()
        assert writer.events == len(read(disk / "r")) > 0


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"", "line 1: expected the first line of a record of this version, got an empty file"),
        (b"[]\n", "line 1: expected the first line of a record of this version, .*, got "),
        (b'{"frontsim": "record", "version": 2}\n', "line 1: expected a record of version 1, got 2"),
        (b'{"frontsim": "record", "version": 1, "from": "x"}\n', "line 1: from: expected one of api, log, proxy"),
        (b"\x1f\x8b\x08\n", "line 1: expected JSON"),
    ],
)
def test_another_first_line_is_refused(tmp_path, line, expected):
    """With what was expected, and what came."""
    (tmp_path / "r").write_bytes(line)
    with pytest.raises(BadInput, match=expected):
        RecordReader(tmp_path / "r")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b'{"event": "SaleCr', "expected a whole line with its end, got one that is cut off after 17 bytes"),
        (b"{\n", "expected JSON, got something else"),
        (b"7\n", "expected an event as an object, got 7"),
        (b"{}\n", "time: expected when it was raised, got nothing"),
        (b'{"time": "now", "body": 1}\n', "time: expected a date-time such as 2026-08-01T10:12:06.313, got 'now'"),
        (b'{"time": "2026-08-01", "runs": [7]}\n', "runs: expected an object for each run, got 7"),
        (b'{"time": "2026-08-01", "body": 1, "text": ""}\n', "expected either a body, or the text of one"),
        (b'{"time": "2026-08-01", "body": 1, "kind": ""}\n', "kind: expected one of event, webhookId"),
    ],
)
def test_a_line_that_cannot_be_read_is_refused_by_its_number(tmp_path, line, expected):
    """The events before it are read, and those behind it, from the next line on."""
    file = written(tmp_path / "r", SALE)
    with file.open("ab") as out:
        out.write(line)
    found = []
    with RecordReader(file) as reader, pytest.raises(BadInput, match=f"line 3: .*{expected}"):
        found += reader.events()
    assert [2] == [event.line for event in read_until_refused(file)]


def read_until_refused(file):
    with RecordReader(file) as reader:
        try:
            yield from reader.events()
        except BadInput:
            return


def test_reading_goes_on_behind_a_line_that_cannot_be_read(tmp_path):
    """`from_line` counts the lines of the file, the first of which is the head."""
    file = written(tmp_path / "r", SALE, SALE)
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join([*lines[:2], b"{broken\n", lines[2]]))
    assert [4] == [event.line for event in read(file, from_line=4)]


def test_a_line_without_end_takes_no_memory(tmp_path, monkeypatch):
    """A file of 2 GB may be one line: it is refused once it is longer than a line may be."""
    monkeypatch.setattr(record_module, "MOST_LINE_BYTES", 1 << 20)
    file = written(tmp_path / "r")
    with file.open("r+b") as out:
        out.truncate(2 << 30)  # a hole, which takes no room on the disk
    with RecordReader(file) as reader, pytest.raises(BadInput, match="line 2: expected a line of at most 1 MiB"):
        list(reader.events())


def test_autumns_hour_is_read_in_order():
    """02:30 comes twice; the second pass is the one that follows a later time."""
    instants = Instants(ZoneInfo("Europe/Oslo"))
    texts = ["2026-10-25T02:10:00", "2026-10-25T02:50:00", "2026-10-25T02:20:00", "2026-10-25T03:05:00"]
    hours = [(0, 10), (0, 50), (1, 20), (2, 5)]  # 02:10 +02:00 is 00:10 UTC, 02:20 +01:00 is 01:20 UTC
    assert [datetime(2026, 10, 25, *hour, tzinfo=UTC) for hour in hours] == [instants.of(text) for text in texts]


def test_a_time_with_an_offset_is_an_instant():
    assert datetime(2026, 8, 1, 8, tzinfo=UTC) == Instants(ZoneInfo("Europe/Oslo")).of("2026-08-01T10:00:00+02:00")
