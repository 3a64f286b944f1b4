from types import SimpleNamespace

import orjson
import pytest

from frontsim.domain.model import Outcome, Trigger
from frontsim.verification.effects.classes import Class
from frontsim.verification.effects.history import EventFact, FaultFact, History, Run
from frontsim.verification.judge.checks import Verdict
from frontsim.verification.play.log import ExchangeSource, read_exchanges

ACKNOWLEDGED = Run(1, Trigger.ORIGINAL, Outcome.ANSWERED, "OK", 200, 0)


@pytest.mark.slow
def test_a_refusal_comes_with_what_was_sent_and_answered(shop, requested, play):
    """Read before the scenario's simulator is gone: the request byte for byte, and the receiver's own words."""
    refused = {}

    def answer(event_id):
        if not refused and shop.seen:  # the preflight's event was taken
            refused[event_id] = True
        return (400, b"\xff no sku \x1b[31m") if event_id in refused else 200

    shop.answers = answer
    (played,) = play(requested(shop.url, events=["SaleCreated"]), "steady")
    (finding,) = played.judgement.findings
    assert (Verdict.VIOLATED, Class.REJECTED) == (played.judgement.verdict, finding.class_)
    exchange = played.exchanges[finding.webhook_event_id]
    assert finding.webhook_event_id == exchange.request.headers["X-Webhook-Event-Id"]
    event = next(each for each in played.history.events if each.webhook_event_id == finding.webhook_event_id)
    assert event.payload == orjson.loads(exchange.request.body)
    assert (400, "\ufffd no sku \x1b[31m") == (exchange.answer.status_code, exchange.answer.body)
    assert len(event.runs) == exchange.answer.run


def refuses_null(field, status=400):
    """A receiver that refuses a null in a field."""

    def answer(body):
        is_null = orjson.loads(body).get(field, "") is None
        return (status, f"{field} is required".encode()) if is_null else 200

    return answer


@pytest.mark.slow
def test_a_refusal_of_a_null_that_no_source_shows_is_a_warning(shop, requested, play):
    """`saleGuid` is inferred: named with its provenance, and a finding with --strict alone."""
    shop.refuses = refuses_null("saleGuid")
    for strict, verdict in ((False, Verdict.VERIFIED), (True, Verdict.VIOLATED)):
        (played,) = play(requested(shop.url, events=["SaleCreated"], strict=strict), "evolution")
        assert verdict is played.judgement.verdict
        told = " ".join([*played.judgement.notes, *(each.provenance for each in played.exchanges.values())])
        assert "`saleGuid` null: inferred(medium)" in told
    (note,) = [each for each in play_notes(shop, requested, play) if each.startswith("warning: ")]
    assert "4 SaleCreated answered 400 Bad request at every try" in note


def play_notes(shop, requested, play):
    (played,) = play(requested(shop.url, events=["SaleCreated"]), "evolution")
    return played.judgement.notes


@pytest.mark.slow
def test_a_refusal_of_a_null_that_a_source_shows_is_a_finding(shop, requested, play):
    """Published: real life sends it."""
    shop.refuses = refuses_null("city", 500)
    (played,) = play(requested(shop.url, events=["CustomerCreated"]), "evolution")
    assert Verdict.VIOLATED is played.judgement.verdict
    assert {Class.REJECTED} == {each.class_ for each in played.judgement.findings}


@pytest.mark.slow
def test_a_refusal_of_a_typical_null_is_a_finding(shop, requested, play):
    """A typical payload has a null only where a source shows it: a sale without a known customer."""
    shop.refuses = refuses_null("customer")
    (played,) = play(requested(shop.url, events=["SaleCreated"]), "long-outage")
    assert Verdict.VIOLATED is played.judgement.verdict
    assert "`customer` null: " in next(iter(played.exchanges.values())).provenance


def books_no_return(shop):
    show = shop.shows

    def shows():
        status, effects = show()
        body = {each: orjson.loads(sent) for each, sent in shop.bodies.items()}
        kept = [each for each in orjson.loads(effects) if body[each["webhookEventId"]]["total"] > 0]
        return status, orjson.dumps(kept)

    shop.shows = shows


@pytest.mark.slow
def test_lost_events_show_what_they_have_in_common(shop, requested, play):
    """It answers 200 and books no return: the answers say nothing, the amounts do."""
    books_no_return(shop)
    (played,) = play(requested(shop.url, events=["SaleCreated"]), "unicode-and-decimals")
    (finding,) = played.judgement.findings
    told = played.exchanges[finding.webhook_event_id].provenance
    assert (Class.LOST_AFTER_ACK, True) == (finding.class_, "`total` is negative" in told)


@pytest.mark.parametrize(
    "broken", [{"marks": ((5, "receiver killed"),)}, {"faults": (FaultFact("dependency db: down", 1, 2),)}]
)
def test_what_events_share_that_a_kill_lost_is_chance(broken):
    """Events of two amounts, of which the kill hit one."""
    lost, *booked = (
        EventFact("w", each, "SaleCreated", (ACKNOWLEDGED,), payload={"total": number})
        for each, number in (("lost", -1), ("a", 1), ("b", 2), ("c", 3))
    )
    logged = SimpleNamespace(url="http://shop/hook", headers={}, body="{}", runs=[])
    selection = SimpleNamespace(schema=lambda _: {})
    source = ExchangeSource(SimpleNamespace(event=lambda _: logged), selection, map, "typical")
    for facts, is_told in (({}, True), (broken, False)):
        found = read_exchanges(source, History("x", (lost, *booked), **facts), {"lost": (Class.LOST_AFTER_ACK, "")})
        assert is_told == ("`total` is negative" in found["lost"].provenance)
