import orjson

from frontsim.verification.facts.classes import Class
from frontsim.verification.judge.checks import Verdict


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
