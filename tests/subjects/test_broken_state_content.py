"""Each of these changes one thing of a payload; all else of it stays."""

import orjson
import pytest

from frontsim.subjects.broken_state import (
    CutsCents,
    CutsTexts,
    DropsNonAscii,
    ReturnsAsSales,
    RoundsDecimals,
    TruncatesLargeBodies,
)
from frontsim.subjects.reference import Receiver
from tests.subjects.pure import event, made


@pytest.mark.parametrize(
    ("kind", "sent", "kept"),
    [
        (DropsNonAscii, {"name": "Bjørn Åsen"}, {"name": "Bjrn sen"}),
        (RoundsDecimals, {"lines": [{"price": 99.6, "count": 2}]}, {"lines": [{"price": 100, "count": 2}]}),
        (CutsCents, {"price": 19.99, "total": 20.5}, {"price": 19.98, "total": 20.5}),
        (ReturnsAsSales, {"total": -3.5, "lines": [-1], "paid": True}, {"total": 3.5, "lines": [1], "paid": True}),
        (
            CutsTexts,
            {"lastName": "n" * 30, "comment": "c" * 300, "number": 1},
            {"lastName": "n" * 24, "comment": "c" * 255, "number": 1},
        ),
        (TruncatesLargeBodies, {"comment": "short"}, {"comment": "short"}),
    ],
)
def test_what_is_kept(kind: type[Receiver], sent: dict[str, object], kept: dict[str, object]) -> None:
    assert kept == orjson.loads(made(kind).kept_payload(event(sent)))


def test_a_long_payload_is_cut_and_is_no_json_any_more() -> None:
    sent = event({"comment": "x" * 70_000})
    kept = orjson.loads(made(TruncatesLargeBodies).kept_payload(sent))
    assert sent.body[:65_535].decode() == kept
