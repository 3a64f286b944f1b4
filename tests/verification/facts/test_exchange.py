from frontsim.client.models import AnsweredRun, SentEvent
from frontsim.verification.facts.classes import Class
from frontsim.verification.facts.exchange import ReceivedAnswer, exchange_of

CHANGING = ("null-optional",)


def run(number, status_code, answer="", fault=""):
    return AnsweredRun(number, fault, "a status", status_code, answer)


def of(class_, *runs):
    found = exchange_of(SentEvent("http://shop/hook", {"X-A": "1"}, "{}", runs), class_, changing=CHANGING)
    return (found.answer.run if found.answer else None), found.request.changed_by


def test_a_refusal_is_shown_by_the_last_answer_that_refuses():
    """What was acknowledged later explains no refusal."""
    assert (2, "") == of(Class.REJECTED, run(1, 500), run(2, 400), run(3, 200))
    assert (3, "") == of(Class.CRASHED, run(3, 200))


def test_what_the_effects_accuse_is_shown_by_the_last_acknowledgement():
    """The answer to a resend that was swallowed may say why."""
    assert (2, "") == of(Class.BURNED, run(1, 500), run(2, 200))
    assert (1, "") == of(Class.LOST, run(1, 500), run(2, None))


def test_an_answer_that_a_fault_made_up_is_none():
    """`answer` was never sent. A body that was changed on the way got an answer of the receiver's own."""
    assert (None, "") == of(Class.REJECTED, run(1, 503, fault="answer"))
    assert (1, "null-optional") == of(Class.REJECTED, run(1, 400, fault="null-optional"), run(2, 503, fault="answer"))


def test_the_request_and_the_answer_are_as_the_log_has_them():
    """Nothing is cut or masked here."""
    detail = SentEvent("http://shop/hook", {"X-A": "1"}, "{}", (run(1, 422, "no sku"),))
    found = exchange_of(detail, Class.REJECTED, changing=CHANGING)
    assert ("POST", "http://shop/hook", {"X-A": "1"}, "{}") == (
        found.request.method,
        found.request.url,
        found.request.headers,
        found.request.body,
    )
    assert ReceivedAnswer(1, 422, "a status", "no sku") == found.answer
