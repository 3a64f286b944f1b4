import dataclasses

import pytest

from frontsim.client.models import AnsweredRun, RunRequest, SentEvent
from frontsim.report.exchange import Exchange, ReceivedAnswer, SentRequest
from frontsim.verification.effects.classes import Class
from frontsim.verification.judge.evidence import exchange_of, payload_in, telling_run
from tests.verification.judge.histories import event

CHANGING = ("null-optional",)


def run(number, status_code, answer="", fault="", head=""):
    return AnsweredRun(number, fault, "a status", status_code, answer, head)


def of(class_, *runs):
    found = telling_run(runs, class_, changing=CHANGING)
    return found and found.run


def test_a_refusal_is_shown_by_the_last_answer_that_refuses():
    """A later acknowledgement explains no refusal."""
    assert 2 == of(Class.REJECTED, run(1, 500), run(2, 400), run(3, 200))
    assert 3 == of(Class.CRASHED, run(3, 200))


def test_what_the_effects_accuse_is_shown_by_the_last_acknowledgement():
    """The answer to a resend that was swallowed may say why."""
    assert 2 == of(Class.BURNED, run(1, 500), run(2, 200))
    assert 1 == of(Class.LOST, run(1, 500), run(2, None))


def test_an_answer_that_a_fault_made_up_is_none():
    """`answer` was never sent. A body that was changed on the way got an answer of the receiver's own."""
    assert None is of(Class.REJECTED, run(1, 503, fault="answer"))
    assert 1 == of(Class.REJECTED, run(1, 400, fault="null-optional"), run(2, 503, fault="answer"))


EVENT = SentEvent("http://shop/hook", {"X-A": "1"}, "{}", ())


def test_the_request_and_the_answer_are_as_the_log_has_them():
    """Nothing is cut or masked here; a header that comes twice keeps both values."""
    request = RunRequest("POST /hook HTTP/1.1\nHost: shop\nX-A: 2", '{"a": null}', 11)
    found = exchange_of(EVENT, run(1, 422, "no sku", "null-optional", "Allow: GET\nX-B: 1\nX-B: a: b"), request)
    sent = SentRequest("http://shop/hook", {"Host": "shop", "X-A": "2"}, '{"a": null}', 11, "null-optional", "POST")
    assert sent == found.request
    assert ReceivedAnswer(1, 422, "a status", "no sku", {"Allow": "GET", "X-B": "1, a: b"}) == found.answer


def test_a_large_body_is_whole():
    """A run shows its first 64 KiB; the event has the rest, unless a fault changed it."""
    large, cut = dataclasses.replace(EVENT, body="x" * 9), RunRequest("POST / HTTP/1.1", "x" * 5, 9)
    assert "x" * 9 == exchange_of(large, run(1, 400), cut).request.body
    assert "x" * 5 == exchange_of(large, run(1, 400, fault="huge"), cut).request.body


def test_an_event_without_a_telling_run_has_its_usual_request():
    """It was never answered."""
    assert Exchange(SentRequest("http://shop/hook", {"X-A": "1"}, "{}", 2), None) == exchange_of(EVENT, None, None)


@pytest.mark.parametrize(("code", "is_refusal"), [(199, True), (200, False), (299, False), (300, True)])
def test_only_a_2xx_is_an_acknowledgement(code, is_refusal):
    """A refusal is shown rather than a later 204 where the answer is the reason, and the other way round."""
    acknowledged, refused = run(2, 204), run(2, 404)
    assert (1 if is_refusal else 2) == of(Class.CRASHED, run(1, code), refused if not is_refusal else acknowledged)
    assert (2 if is_refusal else 1) == of(Class.BURNED, run(1, code), acknowledged if is_refusal else refused)


def test_a_request_that_the_log_no_longer_has_is_the_usual_one():
    """And without a run there is none to show, whatever request is there."""
    request = RunRequest("PUT / HTTP/1.1", "[]", 2)
    for found in (exchange_of(EVENT, run(1, 400), None), exchange_of(EVENT, None, request)):
        assert ("POST", "{}", "", None) == (
            found.request.method,
            found.request.body,
            found.request.changed_by,
            found.answer,
        )
        assert ("", False) == (found.provenance, found.is_guess)


def test_a_run_without_an_answer_shows_its_request_alone():
    """It was sent as the log has it; a line without a colon is no header."""
    found = exchange_of(EVENT, run(1, None), RunRequest("PUT / HTTP/1.1\nnonsense\nHost: shop", "[1]", 3))
    assert Exchange(SentRequest("http://shop/hook", {"Host": "shop"}, "[1]", 3, method="PUT"), None) == found


def test_an_answer_may_have_no_headers():
    """The log keeps them of a refusal alone."""
    assert {} == ReceivedAnswer(1, 200, "OK", "").headers


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ('{"saleId": 1, "customer": null}', {"saleId": 1, "customer": None}),
        ('{"event": "SaleCreated", "data": {"saleId": 1, "customer": null}}', {"saleId": 1, "customer": None}),
        ('{"event": "SaleCreated"}', None),
        ("[1]", None),
        ('{"saleId": 1, "cust', None),
    ],
)
def test_the_payload_is_found_in_a_body_of_any_shape(body, found):
    sale = event(payload={"saleId": 1, "customer": "Kari"})
    assert found == payload_in(Exchange(SentRequest("http://shop", {}, body, len(body)), None), sale)
