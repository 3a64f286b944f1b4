"""Many payloads in one message: what comes out is what went in, however the bytes are cut."""

from hypothesis import given
from hypothesis import strategies as st

from frontsim.domain.model import Occurrence
from frontsim.payloads.making.worker import FrameReader, PayloadJob, framed, pack, read_job, unpack, write_job

STORES = st.none() | st.integers(-(2**31), 2**31 - 1)
MADE = st.lists(st.builds(Occurrence, st.sampled_from(["SaleCreated", "Own_Type"]), st.binary(), STORES))


@given(MADE)
def test_a_batch(made: list[Occurrence]):
    """Bodies byte for byte, and the store of each, or none."""
    [batch] = FrameReader().feed(pack(made))
    assert made == unpack([item.event for item in made], batch)


@given(
    st.lists(st.sampled_from(["SaleCreated", "Own_Type"])),
    st.integers(0, 2**62),
    STORES,
    st.none() | st.integers(-(2**40), 2**40),
)
def test_a_job(events: list[str], first: int, store_id: int | None, at: int | None):
    """A job is as it was asked for."""
    job = PayloadJob(events, first, store_id, at)
    [text] = FrameReader().feed(write_job(job))
    assert job == read_job(text)


@given(st.lists(st.binary(max_size=20), max_size=6), st.integers(1, 7))
def test_pieces(texts: list[bytes], size: int):
    """Each text comes once, as soon as its last byte is there."""
    stream = b"".join(map(framed, texts))
    frames = FrameReader()
    came = [text for start in range(0, len(stream), size) for text in frames.feed(stream[start : start + size])]
    assert texts == came
    assert [b"next"] == list(frames.feed(framed(b"next")))
