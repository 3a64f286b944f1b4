"""The class of one event, rule by rule."""

import pytest

from frontsim.domain.model import Outcome, Trigger
from frontsim.verification.effects.classes import (
    GOOD,
    MEANING,
    USUAL_CAUSE,
    Class,
    class_by_answers,
    class_by_effects,
    class_without_effects,
    describe_run,
)
from frontsim.verification.effects.history import EventFact, Expect, Run


def run(answer, *, number=1, faulted=False, mutated=False):
    """A run: a status, None for no answer, or "not sent"; the second and later ones are resends."""
    code = answer if isinstance(answer, int) else None
    outcome = Outcome.ANSWERED if code else Outcome.NOT_SENT if answer == "not sent" else Outcome.UNKNOWN
    trigger = Trigger.RESEND if number > 1 else Trigger.ORIGINAL
    return Run(number, trigger, outcome, "Words", code, 0, faulted=faulted, mutated=mutated)


def runs(*answers, **marks):
    return tuple(run(answer, number=number, **marks) for number, answer in enumerate(answers, 1))


def event(*made, expect=Expect.ONCE):
    return EventFact("w", "e", "SaleCreated", tuple(made), expect=expect)


def by_effects(fact, effects, least=1, most=1):
    found = class_by_effects(fact, effects=effects, least=least, most=most)
    return found.class_, found.reason


def test_the_classes_have_the_names_that_users_rely_on():
    """They stand in the JSON, and in CI scripts that look for them."""
    names = "ok recovered lost lost-after-ack burned duplicated unexpected corrupt stale rejected crashed unsettled"
    assert set(names.split()) <= set(map(str, Class))
    assert {"ok", "recovered"} == set(map(str, GOOD))


def test_each_class_is_explained():
    """In a sentence; and each that accuses tells what usually causes it."""
    assert (set(Class), True) == (set(MEANING), all(MEANING.values()))
    assert (set(Class) - GOOD, True) == (set(USUAL_CAUSE), all(USUAL_CAUSE.values()))


@pytest.mark.parametrize(
    ("answers", "effects", "class_", "reason"),
    [
        ((200,), 1, Class.OK, ""),
        ((500, 200), 1, Class.RECOVERED, ""),
        ((None, 200), 1, Class.RECOVERED, ""),
        ((200, 500), 1, Class.REJECTED, "booked, yet expected a 2xx in 2 runs without a fault, got 500 Words"),
        ((200, None), 1, Class.OK, ""),
        ((200,), 2, Class.DUPLICATED, "expected one effect, got 2 effects"),
        ((500,), 2, Class.DUPLICATED, "expected one effect, got 2 effects"),
        ((200,), 0, Class.LOST_AFTER_ACK, "expected one effect after it was answered 200 Words, got none"),
        ((500, 200), 0, Class.BURNED, "expected one effect after the resend was answered 200 Words, got none"),
        (
            ("not sent", 200),
            0,
            Class.BURNED,
            "expected one effect after the resend was answered 200 Words, got none; no earlier run had reached the "
            "receiver",
        ),
        (
            ("not sent", None, 200),
            0,
            Class.BURNED,
            "expected one effect after the resend was answered 200 Words, got none",
        ),
        ((200, 200), 0, Class.LOST_AFTER_ACK, "expected one effect after it was answered 200 Words, got none"),
        ((400,), 0, Class.REJECTED, "expected a 2xx in 1 run without a fault, got 400 Words"),
        ((400, 404), 0, Class.REJECTED, "expected a 2xx in 2 runs without a fault, got 404 Words"),
        ((400, None), 0, Class.LOST, "expected a 2xx in 2 runs without a fault, got no answer (Words)"),
        ((None,), 1, Class.REJECTED, "booked, yet expected a 2xx in 1 run without a fault, got no answer (Words)"),
    ],
)
def test_the_class_by_effects(answers, effects, class_, reason):
    assert (class_, reason) == by_effects(event(*runs(*answers)), effects)


def test_several_effects_may_be_right():
    """Two webhooks, two effects; one too few and one too many."""
    fact = event(run(200))
    assert Class.OK is by_effects(fact, 2, 1, 2)[0]
    assert (Class.DUPLICATED, "expected 2 effects, got 3 effects") == by_effects(fact, 3, 1, 2)
    assert (Class.DUPLICATED, "expected no effect, got one effect") == by_effects(fact, 1, 0, 0)
    assert Class.OK is by_effects(fact, 0, 0, 1)[0]


def test_what_was_never_tried_without_a_fault_proves_nothing():
    """Neither with nor without an effect. A refusal under a fault is none, and the last run counts."""
    for effects in (0, 1):
        class_, reason = by_effects(event(*runs(500, None, faulted=True)), effects)
        assert (Class.UNSETTLED, True) == (class_, "no run was made without a fault" in reason)
    assert Class.OK is by_effects(event(run(200), run(500, number=2, faulted=True)), 1)[0]


def test_an_event_that_may_be_refused_is_well_without_an_effect():
    """One effect is right, too; two are not."""
    fact = event(run(400), expect=Expect.EITHER)
    assert [Class.OK, Class.OK, Class.DUPLICATED] == [by_effects(fact, number, 0, 1)[0] for number in (0, 1, 2)]


@pytest.mark.parametrize(
    ("answers", "found"),
    [
        ((200,), (Class.LOST_AFTER_ACK, "expected a 4xx for a broken body, got 200 Words: it will never be resent")),
        ((500, 500, 200), (Class.LOST_AFTER_ACK, "expected a 4xx for a broken body, got 200 Words: it will never be")),
        ((400,), None),
        ((500, 500), None),
        ((500, 500, 500), (Class.CRASHED, "expected a 4xx for a broken body in 3 runs, got 500 Words")),
        ((500, 502, 504), (Class.CRASHED, "expected a 4xx for a broken body in 3 runs, got 504 Words")),
        ((500, 503, 500), None),
        ((500, 500, 500, 400), None),
        ((None, None, None), None),
        ((500, 500, None), None),
        ((500, 500, 500, None), (Class.CRASHED, "expected a 4xx for a broken body in 3 runs, got 500 Words")),
        ((499, 500, 500), None),
    ],
)
def test_a_broken_body_must_be_refused(answers, found):
    """A 4xx costs nothing; a 503 may be a busy receiver, and silence is not its answer."""
    got = class_by_answers(event(*runs(*answers, faulted=True), run(200, number=9), expect=Expect.REFUSED))
    assert (found and found[0]) == (got and got[0])
    assert not found or got[1].startswith(found[1])


@pytest.mark.parametrize(
    ("answers", "class_"),
    [
        ((500, 500, 500), Class.REJECTED),
        ((500, 500), None),
        ((500, 500, 499), None),
        ((200, 500, 500, 500), None),
        ((None, None, None), Class.CRASHED),
        ((500, 500, None), Class.CRASHED),
        ((None, 500, 500), Class.REJECTED),
        (("not sent", "not sent", "not sent"), None),
        ((500, 500, "not sent"), None),
    ],
)
def test_an_event_that_may_be_refused_must_be_answered(answers, class_):
    """Three 5xx or no answers at all; what was never sent says nothing."""
    last = "500 Words" if answers[-1] else "no answer (Words)"
    for marks in ({}, {"mutated": True}):
        got = class_by_answers(event(*runs(*answers, **marks), expect=Expect.EITHER))
        assert got == (class_ and (class_, f"expected an answer below 500 in 3 runs, got {last}"))
    assert None is class_by_answers(event(*runs(*answers, faulted=True), expect=Expect.EITHER))


def test_changed_runs_count_more_than_fair_ones():
    """Of an event that may be refused: its changed runs, where there are any."""
    broken, refused = (500, 500, 500), (400, 400, 400)
    fact = event(*runs(*broken), *runs(*refused, mutated=True), expect=Expect.EITHER)
    assert None is class_by_answers(fact)
    fact = event(*runs(*refused), *runs(*broken, mutated=True), expect=Expect.EITHER)
    assert Class.REJECTED is class_by_answers(fact)[0]


@pytest.mark.parametrize(
    ("answers", "found"),
    [
        ((500, 400, 422), (Class.REJECTED, "expected a 2xx in 3 runs with harmless changes, got 422 Words")),
        ((500, 400), None),
        ((500, 400, 200), None),
        ((500, 400, None), None),
    ],
)
def test_a_harmless_change_must_be_taken(answers, found):
    """Three refusals, and nothing but refusals."""
    assert found == class_by_answers(event(*runs(*answers, mutated=True), run(200, number=9)))


def test_without_a_look_at_effects_only_a_refusal_is_known():
    found = class_without_effects(event(*runs(500, 400)))
    assert (Class.REJECTED, "expected a 2xx in 2 runs without a fault, got 400 Words", "") == (
        found.class_,
        found.reason,
        found.without,
    )
    for fact in (
        event(*runs(500, 200)),
        event(*runs(500, None)),
        event(*runs(500, faulted=True)),
        event(*runs(400), expect=Expect.EITHER),
        event(),
    ):
        assert None is class_without_effects(fact)


def test_a_run_in_the_logs_words():
    assert ("404 Words", "no answer (Words)") == (describe_run(run(404)), describe_run(run(None)))
