import orjson
import pytest

from frontsim.verdicts import Verdict
from frontsim.verification.effects.classes import Class
from frontsim.verification.judge.checks import Finding
from frontsim.verification.played import accused_by
from tests.verification.laboratory import ending


def test_an_event_is_accused_of_the_first_thing_that_was_found():
    """Its exchange is read once, for what the report tells first."""
    found = [
        Finding(Class.LOST, clause="c", event="SaleCreated", webhook_event_id=each, detail=f"{each} {place}")
        for place, each in enumerate("aba")
    ]
    assert {"a": (Class.LOST, "a 0"), "b": (Class.LOST, "b 1")} == accused_by(found)


def upper_ids(payload):
    return {
        name: value.upper() if name.endswith("Id") and isinstance(value, str) else value
        for name, value in payload.items()
    }


def sorted_lines(payload):
    lines = {name: sorted(value, key=repr) for name, value in payload.items() if isinstance(value, list)}
    return {**payload, **lines}


def cents(payload):
    return {name: round(value * 100) if name in ("total", "vatTotal") else value for name, value in payload.items()}


def flat(payload):
    """Keys of its own: `sale_total` instead of `total`."""
    return {f"{name}_flat": str(value)[:5] for name, value in payload.items()}


@pytest.fixture
def keeps(shop):
    """Lets the shop show each payload as `rewrite` keeps it."""

    def set_rewrite(rewrite):
        def shown(each):
            return {**each, "payload": rewrite(orjson.loads(shop.bodies[each["webhookEventId"]]))}

        shop.shows = lambda: (200, orjson.dumps(list(map(shown, shop.effects))))

    return set_rewrite


@pytest.mark.slow
@pytest.mark.parametrize("rewrite", [upper_ids, sorted_lines, cents, flat])
def test_a_payload_that_is_rewritten_without_a_loss_is_right(shop, requested, play, keeps, rewrite):
    """Upper case, another order, cents, its own keys: the receiver's data, and not the vendor's payload cut."""
    keeps(rewrite)
    (played,) = play(requested(shop.url, events=["SaleCreated", "StockMovementCreated"]), "steady")
    assert ending(played) == (Verdict.VERIFIED, [])


@pytest.mark.slow
def test_a_payload_that_loses_something_is_corrupt(shop, requested, play, keeps):
    """The same receiver, with amounts cut to whole numbers."""
    keeps(lambda payload: {**payload, "total": int(payload["total"])} if "total" in payload else payload)
    (played,) = play(requested(shop.url), "unicode-and-decimals")
    assert Verdict.VIOLATED is played.judgement.verdict
    assert {Class.CORRUPT} == {each.class_ for each in played.judgement.findings}
