"""Receivers that assume a shape are verified with that shape, and cannot be judged with another."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from frontsim.errors import Unusable
from frontsim.verdicts import Verdict
from frontsim.verification.request import Request
from tests.verification.laboratory import QUICK, play
from tests.verification.whole_runs.shaped_receivers import ShapedEvent, event_field, open_receiver, typed, url_only

pytestmark = pytest.mark.slow

SCENARIOS = ("lost-response", "resend-delivered", "duplicate-race", "short-outage")


@pytest.mark.parametrize(
    ("read", "shape", "path", "key"),
    [
        (typed, "typed", "/hook", "webhookEventId"),
        (event_field, "event", "/hook", "business"),
        (url_only, "bare", "/hook/{event}", "business"),
    ],
)
def test_a_receiver_is_verified_with_its_shape(
    read: Callable[[str, Mapping[str, Any]], ShapedEvent], shape: str, path: str, key: str
):
    """Also in content, where a field of the shape has replaced the payload's own (the type of a movement)."""
    with open_receiver(read) as receiver:
        request = Request(
            f"{receiver.url}{path}",
            observe_url=f"{receiver.url}/effects",
            observe_key=key,
            events=["SaleCreated", "StockMovementCreated"],
            limits=QUICK,
            delivery_shape=shape,
        )
        played = play(request, *SCENARIOS)
    assert dict.fromkeys(SCENARIOS, Verdict.VERIFIED) == {
        each.scenario.name: each.judgement.verdict for each in played
    }, [each.judgement for each in played]


def test_a_receiver_in_another_shape_is_not_judged():
    """It takes not even a clean event: unknown, never violated."""
    with open_receiver(typed) as receiver:
        request = Request(f"{receiver.url}/hook", observe_url=f"{receiver.url}/effects", limits=QUICK)
        [played] = play(request, "steady")
    assert Verdict.UNKNOWN is played.judgement.verdict
    assert "422" in played.judgement.reason


def test_a_shape_that_cannot_be_read_is_refused_before_anything_is_sent(tmp_path: Path):
    """The text names the file."""
    with open_receiver(typed) as receiver:
        request = Request(f"{receiver.url}/hook", delivery_shape=str(tmp_path / "none.toml"), limits=QUICK)
        with pytest.raises(Unusable, match=r"none\.toml"):
            play(request, "steady")
