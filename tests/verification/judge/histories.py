"""Histories made by hand, and what the judge says of them."""

from itertools import count

from hypothesis import strategies as st

from frontsim.domain.model import Outcome, Trigger
from frontsim.verification.effects.history import Effect, EventFact, History, Observation, Run
from frontsim.verification.judge import checks
from frontsim.verification.judge.checks import judge

CONTRACT = checks.receiver_contract()


ids = count()


def run(code=200, *, number=1, resend=False, faulted=False, mutated=False, sent=True):
    outcome = Outcome.ANSWERED if code else Outcome.UNKNOWN if sent else Outcome.NOT_SENT
    trigger = Trigger.RESEND if resend else Trigger.ORIGINAL
    return Run(number, trigger, outcome, "some phrase", code, at_ms=number * 10, faulted=faulted, mutated=mutated)


def event(*runs, name=None, **others):
    name = name or f"event-{next(ids)}"
    return EventFact("webhook-1", name, others.pop("type", "SaleCreated"), runs or (run(),), **others)


def booked(*events, times=1, **value):
    return [
        Effect(each.webhook_event_id, {"id": each.webhook_event_id, **value}) for each in events for _ in range(times)
    ]


def history(*events, effects=(), **others):
    return History("steady", events, observer="a list", final=Observation(1000, tuple(effects)), **others)


def verdict_on(*events, effects=(), **others):
    return judge(history(*events, effects=effects, **others), CONTRACT)


def failed_then(code, **others):
    return event(run(None, faulted=True, sent=False), run(code, number=2, resend=True), **others)


@st.composite
def lives(draw):
    """Draw the life of a right receiver: broken runs of every kind, and a sound resend whenever the log asks."""
    runs = []
    for number in range(1, draw(st.integers(1, 4))):
        code = draw(st.sampled_from([None, None, 500, 503, 429]))
        runs.append(run(code, number=number, resend=number > 1, faulted=True, sent=draw(st.booleans())))
    flaky = draw(st.integers(0, 2))
    for _ in range(flaky):  # it may fail by itself, as long as a later resend is taken
        runs.append(run(503, number=len(runs) + 1, resend=bool(runs)))
    runs.append(run(draw(st.sampled_from([200, 201, 202, 204])), number=len(runs) + 1, resend=bool(runs)))
    for _ in range(draw(st.integers(0, 2))):
        runs.append(run(200, number=len(runs) + 1, resend=True))
    return tuple(runs)
