from dataclasses import replace

import pytest

from frontsim.report.exchange import Exchange, SentRequest
from frontsim.verdicts import Verdict
from frontsim.verification.effects.classes import USUAL_CAUSE, Class
from frontsim.verification.effects.history import Effect, Expect, History, Observation
from frontsim.verification.judge.checks import Finding, Judgement, judge
from frontsim.verification.judge.fingerprint import Fingerprint
from frontsim.verification.played import Played, Report
from frontsim.verification.result import causes, kind_of, kinds, result_of
from frontsim.verification.scenario import scenario
from tests.verification.judge.histories import booked, event, failed_then, run
from tests.verification.laboratory import CONTRACT


@pytest.fixture
def found():
    """`found(storm=["duplicated"])` is a report on scenarios with findings of those classes, an event each."""

    def report(**scenarios):
        return Report("http://shop/hook", 7, [played(*each) for each in scenarios.items()], CONTRACT)

    return report


def played(name, classes):
    name = name.replace("_", "-")
    findings = tuple(
        Finding(Class(each), CONTRACT.broken_by(Class(each), name).id, "SaleCreated", f"{name} {number}", "")
        for number, each in enumerate(classes)
    )
    (chosen,) = scenario.chosen([name])
    return Played(chosen, History(name), Judgement(Verdict.VIOLATED if findings else Verdict.VERIFIED, "", findings))


def causes_of(report):
    return [cause for cause, _ in causes(report)]


def shown(report):
    return [(each.clause.id, each.class_, each.trials, each.events) for each in causes_of(report)]


def test_a_general_clause_explains_the_narrow_ones(found):
    """Who books any repeat twice also books copies at once twice, and forgets after hundreds of others."""
    report = found(lost_response=["duplicated"] * 3, storm=["duplicated"] * 2, late_resend=["duplicated"], steady=[])
    assert [("books-a-repeat-once", "duplicated", ("lost-response", "storm", "late-resend"), 6)] == shown(report)
    (cause,) = causes_of(report)
    said = "6 events booked more than once (duplicated), in 3 of 3 violated scenarios, against books-a-repeat-once"
    assert said == cause.sentence
    assert cause.sentence == result_of(report).headline


def test_what_was_seen_of_the_key_comes_first(found):
    """Where it may explain the finding, in short in the sentence, whole in the explanation; not what is unknown."""
    report = found(lost_response=["duplicated"])
    (cause,) = causes_of(replace(report, keys=Fingerprint("books every delivery: a copy is booked again")))
    assert cause.sentence.endswith("against books-a-repeat-once; the receiver books every delivery")
    assert cause.explanation.startswith(
        "The receiver books every delivery: a copy is booked again. So it does not remember event ids: "
    )
    (usual,) = causes_of(replace(report, keys=Fingerprint("books by event id; ids that differ in case are one")))
    assert usual.sentence.endswith("against books-a-repeat-once")
    assert usual.explanation.startswith(
        "The receiver books by event id; ids that differ in case are one. So it knows most repeats: "
    )
    (unknown,) = causes_of(replace(report, keys=Fingerprint()))
    assert causes_of(report) == [unknown]
    assert unknown.explanation.startswith("The receiver does not remember")


@pytest.mark.parametrize(
    ("class_", "keys", "is_first"),
    [
        ("burned", "books by event id", True),
        ("lost-after-ack", "books by event id", False),
        ("lost-after-ack", "books every delivery: a copy is booked again", False),
        ("lost-after-ack", "books by entity: a second event about one saleId is booked once", True),
        ("lost-after-ack", "books by event id; a second version of one customer is not booked", True),
        ("rejected", "books by body: the same bytes under two ids are booked once", True),
        ("wrong-state", "books by event id", True),
        ("corrupt", "books by body: the same bytes under two ids are booked once", False),
        ("stale", "books by event id", False),
        ("crashed", "books by event id", False),
    ],
)
def test_what_has_nothing_to_do_with_the_key_is_explained_first(found, class_, keys, is_first):
    """The key comes last then, and an odd one is not in the sentence."""
    (cause,) = causes_of(replace(found(evolution=[class_]), keys=Fingerprint(keys)))
    assert is_first == cause.explanation.startswith(f"The receiver {keys}. ")
    last = f" How it recognises a repeat does not explain this: it {keys}."
    assert is_first != (cause.explanation == f"{USUAL_CAUSE[Class(class_)]}{last}")
    assert (is_first and not keys.startswith("books by event id")) == ("; the receiver books" in cause.sentence)


@pytest.mark.parametrize(
    ("memory", "said"), [("has forgotten an event after 9 s", True), ("remembers an event for at least 9 s", False)]
)
def test_a_memory_that_has_ended_explains_something(found, memory, said):
    keys = Fingerprint("books by event id").with_memory(memory)
    (cause,) = causes_of(replace(found(lost_response=["duplicated"]), keys=keys))
    assert said == (memory in cause.explanation)


@pytest.mark.parametrize(
    ("keys", "class_", "said"),
    [
        ("books by time: two events of one moment are booked once", "lost-after-ack", True),
        ("books by a part of the event id: by its first 9 to 13 characters", "burned", True),
        ("books by time: two events of one moment are booked once", "duplicated", False),
        ("books by event id", "burned", False),
        ("books by entity: a second event about one saleId is booked once", "lost-after-ack", False),
    ],
)
def test_a_key_that_takes_events_for_one_explains_what_is_lost(found, keys, class_, said):
    (cause,) = causes_of(replace(found(late_resend=[class_]), keys=Fingerprint(keys)))
    assert said == ("takes different events for one" in cause.explanation)
    assert ("entity" in keys) == ("drops a second event that has the key of another" in cause.explanation)
    assert cause.explanation.startswith(f"The receiver {keys}. ")


def test_a_narrow_clause_alone_is_a_cause_of_its_own(found):
    """A race is not the lack of any memory."""
    report = found(storm=["duplicated"], duplicate_race=["duplicated"], late_resend=["burned"])
    assert [
        ("books-copies-at-once-once", "duplicated", ("storm", "duplicate-race"), 2),
        ("remembers-long", "burned", ("late-resend",), 1),
    ] == shown(report)
    first, second = (each.sentence for each in causes_of(report))
    assert f"2 causes, the one that most events show first: {first}" == result_of(report).headline
    assert second.startswith("1 event: a run failed, ")
    assert second.endswith(" (burned), in late-resend, against remembers-long")


def test_the_cause_that_most_events_show_comes_first(found):
    """However few scenarios it shows in."""
    report = found(storm=["duplicated"] * 5, steady=["corrupt"], evolution=["corrupt"])
    assert ["duplicated", "corrupt"] == [each.class_ for each in causes_of(report)]


def test_no_key_makes_a_receiver_acknowledge_what_it_cannot_read(found):
    """So a receiver that books by entity is not told of its key there."""
    keys = Fingerprint("books by entity: a second event about one saleId is booked once")
    (cause,) = causes_of(replace(found(malformed=["lost-after-ack"]), keys=keys))
    assert "refuses-malformed" == cause.clause.id
    assert "books by entity" not in cause.sentence + cause.explanation


def test_classes_are_causes_apart(found):
    """To lose and to double in one scenario are two mistakes; each finding knows its own."""
    report = found(late_resend=["duplicated", "burned"], lost_response=["duplicated"])
    (first, of_first), (second, of_second) = causes(report)
    assert [Class.DUPLICATED, Class.BURNED] == [Class(first.class_), Class(second.class_)]
    assert [["late-resend", "lost-response"], ["late-resend"]] == [
        [name for name, _ in found] for found in (of_first, of_second)
    ]


def test_without_findings_there_is_no_cause(found):
    """A right receiver has none."""
    assert ([], "") == (causes(found(steady=[])), result_of(found(steady=[])).headline)


@pytest.fixture
def never_booked():
    """Two scenarios in which counts are not booked: as lost, and as burned. `payload` is of what is lost."""

    def report(type_, payload):
        def one(name, *lost):
            well = [event(payload={"customer": "Kari"}) for _ in range(40)]
            history = History(name, (*well, *lost), observer="a list", final=Observation(0, tuple(booked(*well))))
            (chosen,) = scenario.chosen([name])
            return Played(chosen, history, judge(history, CONTRACT))

        lost = [event(type=type_, payload=payload) for _ in range(3)]
        burned = failed_then(200, type=type_, payload=payload)
        return Report("http://shop", 7, [one("steady", *lost), one("short-outage", burned)], CONTRACT)

    return report


def test_a_type_that_is_never_booked_is_one_cause(never_booked):
    """The report tells of it once, though the findings are of two classes against two clauses."""
    report = never_booked("StockCountReconciled", None)
    (cause,) = causes_of(
        replace(report, keys=Fingerprint("books by entity: a second event about one saleId is booked once"))
    )
    said = "none of the 4 acknowledged StockCountReconciled events has an effect, 80 events of other types have"
    where = "in 2 of 2 violated scenarios, against books-what-it-acknowledges"
    assert f"{said} (3 lost-after-ack, 1 burned), {where}" == cause.sentence
    assert ("lost-after-ack", ("steady", "short-outage"), 4) == (cause.class_, cause.trials, cause.events)
    assert cause.explanation.startswith("The receiver has no code that books these types and answers with a 2xx, or")
    assert [["lost-after-ack"] * 3, ["burned"]] == [
        [str(each.class_) for each in played.judgement.findings] for played in report.played
    ]


def test_a_null_that_is_never_booked_is_one_cause(never_booked):
    (cause,) = causes_of(never_booked("SaleCreated", {"customer": None}))
    said = "none of the 4 acknowledged SaleCreated events whose `customer` is null has an effect, 80 others have"
    assert f"{said} (3 lost-after-ack, 1 burned), in " in cause.sentence
    assert cause.explanation.startswith("The code that books such an event fails at the null")


def test_what_else_is_lost_has_a_cause_of_its_own(never_booked, found):
    """The kind that is never booked comes first, if both show in as many scenarios and it has more events."""
    report = never_booked("StockCountReconciled", None)
    other = found(storm=["lost-after-ack", "duplicated"])
    first, *others = causes_of(replace(report, played=[*other.played, *report.played]))
    assert first.sentence.startswith("none of the 4 acknowledged")
    assert [("lost-after-ack", 1), ("duplicated", 1)] == [(each.class_, each.events) for each in others]


COUNT = "StockCountReconciled"


def counting(*lost, well=(), name="steady", effects=(), observer=True, **others):
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
    scenarios = (
        counting(event(type=COUNT), event(type=COUNT)),
        counting(failed_then(200, type=COUNT), name="short-outage"),
    )
    assert [[("lost-after-ack", True)] * 2, [("burned", True)]] == explained(*scenarios)


def test_what_else_is_wrong_has_its_own_cause():
    """An event booked twice, and one of another type that is missing."""
    double, missing = event(), event(payload={"customer": "Ola"})
    lost = [event(type=COUNT) for _ in range(5)]
    scenarios = counting(*lost, missing, double, effects=booked(double, double))
    assert [("lost-after-ack", False), ("duplicated", False)] == [
        each for each in explained(scenarios)[0] if not each[1]
    ]


def test_a_run_in_which_no_effect_is_missing_has_no_kinds():
    assert () == kinds(
        [counting(event(run(500), type=COUNT), event(run(500), type=COUNT), event(run(500), type=COUNT))]
    )


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
    proof = counting(event(type=COUNT), event(type=COUNT), event(type=COUNT))
    (alone,), (kind,) = kinds([proof]), kinds([proof, counting(event(type=COUNT), name="storm", **seen)])
    assert ("effects" in seen) == (kind.number > alone.number)


def test_an_event_that_need_not_be_booked_or_was_not_acknowledged_is_not_counted():
    lost = [event(type=COUNT) for _ in range(3)]
    free, refused = event(type=COUNT, expect=Expect.EITHER), event(run(500), type=COUNT)
    (kind,) = kinds([counting(*lost, free, refused)])
    assert (3, 30) == (kind.number, kind.others)


def test_an_event_in_whose_place_a_newer_state_is_shown_is_not_counted():
    one = counting(*[event(type=COUNT) for _ in range(3)])
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
    stale = counting(states[1], well=states[:1], name="out-of-order")
    assert [[("stale", True)], [("lost-after-ack", True)] * 3] == explained(stale, counting(*lost))


def test_an_older_state_that_overwrote_a_newer_has_its_own_cause():
    """The newer one has an effect, which says that it does not count."""
    old, new = event(type="CustomerCreated", series="a", rank=0), event(type="CustomerUpdated", series="a", rank=1)
    flags = [*booked(old, current=True), *booked(new, current=False)]
    stale = counting(old, new, name="out-of-order", effects=flags)
    lost = counting(*[event(type=COUNT) for _ in range(3)])
    assert [[("stale", False)], [("lost-after-ack", True)] * 3] == explained(stale, lost)


NULL = {"customer": None}


def test_what_arrived_counts_where_a_fault_changed_it():
    """The payload was sent whole, and its customer became null on the way: the log has it for accused events."""
    changed, unread = (event(payload={"customer": "Kari"}, altered=True) for _ in range(2))
    one = counting(*[event(payload=NULL) for _ in range(4)], changed, unread, name="evolution")
    request = SentRequest("http://shop", {}, '{"customer": null}', 18, "null-optional")
    one = replace(one, exchanges={changed.webhook_event_id: Exchange(request, None)})
    (kind,) = kinds([one])
    assert (("customer",), 5) == (kind.paths, kind.number)
    assert [True] * 5 + [False] == [is_told for _, is_told in explained(one)[0]]


def test_a_broken_body_that_was_acknowledged_is_not_explained_by_a_null():
    """Nothing in it could be read. A type of which nothing is read explains it."""
    cut = event(run(200, faulted=True), expect=Expect.REFUSED, payload=NULL)
    one = counting(*[event(payload=NULL) for _ in range(4)], cut, name="malformed")
    assert 4 == kinds([one])[0].number
    assert 1 == sum(not is_told for _, is_told in explained(one)[0])
    cut = event(run(200, faulted=True), type=COUNT, expect=Expect.REFUSED)
    assert [("lost-after-ack", True)] * 3 == explained(counting(cut, event(type=COUNT), event(type=COUNT)))[0]
