"""Properties of the judge for every history, and for every history of a right receiver."""

import dataclasses
from collections import Counter

import orjson
from hypothesis import given
from hypothesis import strategies as st

from frontsim.domain.model import Outcome, Trigger
from frontsim.verdicts import Verdict
from frontsim.verification.effects.classes import GOOD, Class
from frontsim.verification.effects.correlate import BUSINESS
from frontsim.verification.effects.history import (
    ContentCheck,
    Effect,
    Entity,
    EventFact,
    Expect,
    History,
    Liveness,
    Observation,
    Run,
    StateRow,
)
from frontsim.verification.judge import checks
from frontsim.verification.judge.checks import judge

CONTRACT = checks.receiver_contract()
MISSING = {Class.LOST, Class.LOST_AFTER_ACK, Class.BURNED}
ANSWERS = st.sampled_from([200, 204, 400, 500, 503, None, "not sent"])


def run(number, answer, *, faulted):
    code = answer if isinstance(answer, int) else None
    outcome = Outcome.ANSWERED if code else Outcome.NOT_SENT if answer == "not sent" else Outcome.UNKNOWN
    trigger = Trigger.RESEND if number > 1 else Trigger.ORIGINAL
    return Run(number, trigger, outcome, "words", code, at_ms=number * 10, faulted=faulted)


def fact(number, runs, state):
    return EventFact("w", f"event-{number}", "CustomerUpdated", tuple(runs), state=state)


states = st.builds(StateRow, st.just("customerId"), st.sampled_from("78"), st.sampled_from(["10", "11", "12"]))


@st.composite
def histories(draw, states=states):
    """Events with any runs, and up to two effects each."""
    events, effects = [], []
    for number in range(draw(st.integers(1, 6))):
        answers = draw(st.lists(st.tuples(ANSWERS, st.booleans()), min_size=1, max_size=4))
        runs = [run(at, answer, faulted=faulted) for at, (answer, faulted) in enumerate(answers, 1)]
        events.append(fact(number, runs, draw(st.none() | states)))
        effects += [Effect(f"event-{number}")] * draw(st.integers(0, 2))
    return History("storm", tuple(events), observer="a list", final=Observation(9, tuple(effects)))


@st.composite
def right_histories(draw):
    """A receiver that books each event once, at the first run that reaches it, whatever became of the answer.

    The faults end, and the job resends until each event is acknowledged. A table keeps the newest state of each
    customer; events without a state are all kept.
    """
    keeps_newest = draw(st.booleans())
    events = []
    for number in range(draw(st.integers(1, 6))):
        broken = draw(st.lists(ANSWERS, max_size=4))
        runs = [run(at, answer, faulted=True) for at, answer in enumerate([*broken], 1)]
        runs.append(run(len(runs) + 1, 200, faulted=False))
        events.append(fact(number, runs, draw(st.none() | states)))
    shown = {}
    for event in events:
        row = event.state.row if keeps_newest and event.state else event.webhook_event_id
        if row not in shown or event.state.since >= shown[row].state.since:
            shown[row] = event
    effects = tuple(Effect(event.webhook_event_id) for event in shown.values())
    return History("storm", tuple(events), observer="a list", final=Observation(9, draw(st.permutations(effects))))


@st.composite
def right_runs(draw, expect):
    """The runs of one event: whatever breaks, the receiver answers as it must, and the job resends to the end."""
    number = draw(st.integers(0, 4))
    if expect is Expect.REFUSED:  # a broken body: a 4xx, no answer, or now and then that it is busy
        answers = draw(st.lists(st.sampled_from([400, 415, 422, 503, None, "not sent"]), min_size=1, max_size=4))
        return [*(run(at, each, faulted=True) for at, each in enumerate(answers, 1)), run(9, 200, faulted=False)]
    if expect is Expect.EITHER:  # a new type: taken or refused, and it breaks nothing
        return [run(1, draw(st.sampled_from([200, 202, 400, 404, 422])), faulted=False)]
    broken = [run(at, draw(ANSWERS), faulted=True) for at in range(1, number + 1)]
    busy = [
        dataclasses.replace(run(5 + at, 503, faulted=False), mutated=draw(st.booleans())) for at in range(number % 3)
    ]
    again = [run(20 + at, 200, faulted=False) for at in range(draw(st.integers(0, 2)))]
    return [*broken, *busy, run(9, draw(st.sampled_from([200, 201, 204])), faulted=False), *again]


@st.composite
def right_lives(draw):
    """Any scenario of a right receiver: broken bodies, new types, states of one thing, two webhooks, others' effects.

    It books each event once when a whole one arrives first, by id or by what it is about, with a copy of the payload or
    without. It may book what two webhooks report once for each, and of several states it shows which one counts.
    """
    by_id, keeps_copy, twice = draw(st.booleans()), draw(st.booleans()), draw(st.booleans())
    events, effects, early = [], [], []
    for number in range(draw(st.integers(1, 6))):
        expect = draw(st.sampled_from(Expect))
        entity = Entity("saleId", f"{number}")
        payload = {"saleId": number, "total": number / 8, "name": draw(st.sampled_from(["Anna", "Åse", "x" * 300]))}
        for webhook in ["w1", "w2"][: draw(st.integers(1, 2))]:
            runs = tuple(draw(right_runs(expect)))
            event_id = f"event-{number}-{webhook}"
            events.append(EventFact(webhook, event_id, "SaleCreated", runs, expect, entity, payload))
            refused = expect is Expect.EITHER and not events[-1].acknowledged
            if refused or (webhook == "w2" and not twice and effects and effects[-1].value["saleId"] == number):
                continue
            copy = {"payload": orjson.dumps(payload).decode() if number % 2 else payload} if keeps_copy else {}
            effects.append(Effect(event_id if by_id else None, {"saleId": number, **copy}))
            early += [effects[-1]] if expect is not Expect.REFUSED else []
    foreign = [Effect(f"foreign-{number}", {"saleId": f"other-{number}"}) for number in range(draw(st.integers(0, 2)))]
    return History(
        "storm",
        tuple(events),
        observer="a list",
        observer_key="webhookEventId" if by_id else BUSINESS,
        check_content=draw(st.sampled_from(ContentCheck)),
        checkpoint=Observation(5, tuple(early)),
        final=Observation(9, tuple(draw(st.permutations([*effects, *foreign])))),
        liveness=Liveness(),
    )


@given(right_lives())
def test_a_right_receiver_is_never_accused_whatever_arrives(history):
    """Each kind of event, each way to name an effect, each strictness of content."""
    found = judge(history, CONTRACT)
    assert () == found.findings
    assert Verdict.VERIFIED is found.verdict, found.reason


@given(right_lives(), st.data())
def test_of_a_right_history_each_effect_counts(history, data):
    """One more of any event that was sent once is a violation; one less of an event that needs one is none's ok."""
    ours = [effect for effect in history.final.effects if not str(effect.value["saleId"]).startswith("other")]
    one = data.draw(st.sampled_from(ours)) if ours else None
    if one is None:
        return
    more = judge(with_effects(history, [*history.final.effects, one, one]), CONTRACT)
    assert Verdict.VIOLATED is more.verdict
    about = [event for event in history.events if event.entity.value == str(one.value["saleId"])]
    left = [effect for effect in history.final.effects if effect.value["saleId"] != one.value["saleId"]]
    fewer = judge(with_effects(history, left), CONTRACT)
    if any(event.expect is not Expect.EITHER for event in about):
        assert Verdict.VIOLATED is fewer.verdict
        assert all(fewer.classes[event.webhook_event_id] not in GOOD for event in about if event.expect is Expect.ONCE)


def with_effects(history, effects):
    return dataclasses.replace(history, final=Observation(9, tuple(effects)))


def findings(judgement):
    return Counter((each.class_, each.webhook_event_id) for each in judgement.findings)


@given(right_histories())
def test_a_right_receiver_is_verified_whatever_broke(history):
    """It keeps every event, or the newest state of each customer: no schedule of faults accuses it."""
    found = judge(history, CONTRACT)
    assert (Verdict.VERIFIED, ()) == (found.verdict, found.findings)
    assert set(found.classes.values()) <= GOOD


@given(histories(), st.data())
def test_a_further_effect_of_an_event_excuses_nothing(history, data):
    """A receiver that is violated stays so when it books one of its events once more."""
    before = judge(history, CONTRACT)
    again = data.draw(st.sampled_from(history.final.effects)) if history.final.effects else None
    if again is not None:
        after = judge(with_effects(history, [*history.final.effects, Effect(again.key)]), CONTRACT)
        assert Verdict.VIOLATED is after.verdict
        assert before.verdict is not Verdict.VIOLATED or after.verdict is not Verdict.VERIFIED


@given(histories(states=st.nothing()), st.data())
def test_an_effect_less_makes_nothing_well(history, data):
    """A missing effect stays missing. Events have no state here: fewer effects may look like a table of the newest."""
    if not history.final.effects:
        return
    left = list(history.final.effects)
    left.pop(data.draw(st.integers(0, len(left) - 1)))
    before, after = judge(history, CONTRACT).classes, judge(with_effects(history, left), CONTRACT).classes
    assert all(after[each] not in GOOD for each, class_ in before.items() if class_ in MISSING)


@given(histories(), st.data())
def test_the_order_of_events_and_effects_changes_nothing(history, data):
    """They are independent: neither their place in the log nor in the list counts."""
    events = tuple(data.draw(st.permutations(history.events)))
    shuffled = with_effects(
        dataclasses.replace(history, events=events), data.draw(st.permutations(history.final.effects))
    )
    one, other = judge(history, CONTRACT), judge(shuffled, CONTRACT)
    assert (one.verdict, one.classes, findings(one)) == (other.verdict, other.classes, findings(other))
