"""Which findings a kind of events explains that is never booked; each test plays with what the judge makes of facts."""

from dataclasses import replace

import pytest

from frontsim.verification.effects.classes import Class
from frontsim.verification.effects.history import Effect, Expect, History, Observation
from frontsim.verification.judge.checks import judge
from frontsim.verification.judge.evidence import Exchange, SentRequest
from frontsim.verification.played import Played
from frontsim.verification.report.missing_effects import kind_of, kinds
from frontsim.verification.scenario import scenario
from tests.verification.judge.histories import CONTRACT, booked, event, failed_then, run

COUNT = "StockCountReconciled"


def played(*lost, well=(), name="steady", effects=(), observer=True, **others):
    """A scenario in which 30 sales are booked, and so are those in `well`."""
    sales = [event(payload={"customer": "Kari"}) for _ in range(30)]
    look = Observation(1000, (*booked(*sales, *well), *effects)) if observer else None
    history = History(name, (*sales, *well, *lost), observer="a list", final=look, **others)
    (chosen,) = scenario.chosen([name])
    return Played(chosen, history, judge(history, CONTRACT))


def explained(*scenarios):
    """For each scenario, the class of each finding, and whether a kind takes it in."""
    found = kinds(scenarios)
    return [
        [(str(each.class_), kind_of(one, each, found) is not None) for each in one.judgement.findings]
        for one in scenarios
    ]


def test_a_missing_effect_is_explained_whatever_its_class():
    """An acknowledged first delivery is lost after its answer; where that one fails, the resend is burned."""
    scenarios = played(event(type=COUNT), event(type=COUNT)), played(failed_then(200, type=COUNT), name="short-outage")
    assert [[("lost-after-ack", True)] * 2, [("burned", True)]] == explained(*scenarios)


def test_what_else_is_wrong_has_its_own_cause():
    """An event booked twice, and one of another type that is missing."""
    double, missing = event(), event(payload={"customer": "Ola"})
    lost = [event(type=COUNT) for _ in range(5)]
    scenarios = played(*lost, missing, double, effects=booked(double, double))
    assert [("lost-after-ack", False), ("duplicated", False)] == [
        each for each in explained(scenarios)[0] if not each[1]
    ]


def test_a_run_in_which_no_effect_is_missing_has_no_kinds():
    assert () == kinds([played(event(run(500), type=COUNT), event(run(500), type=COUNT), event(run(500), type=COUNT))])


@pytest.mark.parametrize(
    "seen",
    [
        {"effects": [Effect("else", {})]},
        {"observer": False},
        {"trouble": "the simulator died"},
    ],
)
def test_only_what_was_seen_counts(seen):
    """A scenario without a look, or one that proves nothing, adds nothing to what the others prove."""
    proof = played(event(type=COUNT), event(type=COUNT), event(type=COUNT))
    (alone,), (kind,) = kinds([proof]), kinds([proof, played(event(type=COUNT), name="storm", **seen)])
    assert ("effects" in seen) == (kind.number > alone.number)


def test_an_event_that_need_not_be_booked_or_was_not_acknowledged_is_not_counted():
    lost = [event(type=COUNT) for _ in range(3)]
    free, refused = event(type=COUNT, expect=Expect.EITHER), event(run(500), type=COUNT)
    (kind,) = kinds([played(*lost, free, refused)])
    assert (3, 30) == (kind.number, kind.others)


def test_an_event_in_whose_place_a_newer_state_is_shown_is_not_counted():
    one = played(*[event(type=COUNT) for _ in range(3)])
    shown = event(type=COUNT)
    history = replace(one.history, events=(*one.history.events, shown))
    judgement = replace(
        one.judgement,
        effects={**one.judgement.effects, shown.webhook_event_id: 0},
        classes={**one.judgement.classes, shown.webhook_event_id: Class.OK},
    )
    assert kinds([one]) == kinds([replace(one, history=history, judgement=judgement)])


def test_an_older_state_that_counts_because_the_newer_is_never_booked_is_explained():
    states = [event(type="CustomerCreated", series="a", rank=0), event(type="CustomerUpdated", series="a", rank=1)]
    lost = [event(type="CustomerUpdated") for _ in range(3)]
    stale = played(states[1], well=states[:1], name="out-of-order")
    assert [[("stale", True)], [("lost-after-ack", True)] * 3] == explained(stale, played(*lost))


def test_an_older_state_that_overwrote_a_newer_has_its_own_cause():
    """The newer one has an effect, which says that it does not count."""
    old, new = event(type="CustomerCreated", series="a", rank=0), event(type="CustomerUpdated", series="a", rank=1)
    flags = [*booked(old, current=True), *booked(new, current=False)]
    stale = played(old, new, name="out-of-order", effects=flags)
    lost = played(*[event(type=COUNT) for _ in range(3)])
    assert [[("stale", False)], [("lost-after-ack", True)] * 3] == explained(stale, lost)


NULL = {"customer": None}


def test_what_arrived_counts_where_a_fault_changed_it():
    """The payload was sent whole, and its customer became null on the way: the log has it for accused events."""
    changed, unread = (event(payload={"customer": "Kari"}, altered=True) for _ in range(2))
    one = played(*[event(payload=NULL) for _ in range(4)], changed, unread, name="evolution")
    request = SentRequest("http://shop", {}, '{"customer": null}', 18, "null-optional")
    one = replace(one, exchanges={changed.webhook_event_id: Exchange(request, None)})
    (kind,) = kinds([one])
    assert (("customer",), 5) == (kind.paths, kind.number)
    assert [True] * 5 + [False] == [is_told for _, is_told in explained(one)[0]]


def test_a_broken_body_that_was_acknowledged_is_not_explained_by_a_null():
    """Nothing in it could be read. A type of which nothing is read explains it."""
    cut = event(run(200, faulted=True), expect=Expect.REFUSED, payload=NULL)
    one = played(*[event(payload=NULL) for _ in range(4)], cut, name="malformed")
    assert 4 == kinds([one])[0].number
    assert 1 == sum(not is_told for _, is_told in explained(one)[0])
    cut = event(run(200, faulted=True), type=COUNT, expect=Expect.REFUSED)
    assert [("lost-after-ack", True)] * 3 == explained(played(cut, event(type=COUNT), event(type=COUNT)))[0]
