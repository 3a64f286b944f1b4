from dataclasses import replace

import pytest

from frontsim.verdicts import Verdict
from frontsim.verification.effects.classes import USUAL_CAUSE, Class
from frontsim.verification.effects.history import History, Observation
from frontsim.verification.judge.checks import Finding, Judgement, judge
from frontsim.verification.judge.fingerprint import Fingerprint
from frontsim.verification.played import Played, Report
from frontsim.verification.report.causes import cause_of, causes, headline
from frontsim.verification.scenario import scenario
from tests.verification.judge.histories import booked, event, failed_then
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


def told(report):
    return [(each.clause.id, str(each.class_), each.scenarios, each.events) for each in causes(report)]


def test_a_general_clause_explains_the_narrow_ones(found):
    """Who books any repeat twice also books copies at once twice, and forgets after hundreds of others."""
    report = found(lost_response=["duplicated"] * 3, storm=["duplicated"] * 2, late_resend=["duplicated"], steady=[])
    assert [("books-a-repeat-once", "duplicated", ("lost-response", "storm", "late-resend"), 6)] == told(report)
    (cause,) = causes(report)
    told_so = "6 events duplicated (booked more than once), against books-a-repeat-once"
    assert f"One cause explains 3 of 3 violated scenarios: {told_so}" == cause.sentence
    assert cause.sentence == headline(causes(report))


def test_what_was_seen_of_the_key_comes_first(found):
    """Where it may explain the finding, in short in the sentence, whole in the explanation; not what is unknown."""
    report = found(lost_response=["duplicated"])
    (cause,) = causes(replace(report, keys=Fingerprint("books every delivery: a copy is booked again")))
    assert cause.sentence.endswith("against books-a-repeat-once; the receiver books every delivery")
    assert cause.explanation.startswith(
        "The receiver books every delivery: a copy is booked again. So it does not remember event ids: "
    )
    (usual,) = causes(replace(report, keys=Fingerprint("books by event id; ids that differ in case are one")))
    assert usual.sentence.endswith("against books-a-repeat-once")
    assert usual.explanation.startswith(
        "The receiver books by event id; ids that differ in case are one. So it knows most repeats: "
    )
    (unknown,) = causes(replace(report, keys=Fingerprint()))
    assert causes(report) == (unknown,)
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
    (cause,) = causes(replace(found(evolution=[class_]), keys=Fingerprint(keys)))
    assert is_first == cause.explanation.startswith(f"The receiver {keys}. ")
    last = f" How it recognises a repeat does not explain this: it {keys}."
    assert is_first != (cause.explanation == f"{USUAL_CAUSE[Class(class_)]}{last}")
    assert (is_first and not keys.startswith("books by event id")) == ("; the receiver books" in cause.sentence)


@pytest.mark.parametrize(
    ("memory", "said"), [("has forgotten an event after 9 s", True), ("remembers an event for at least 9 s", False)]
)
def test_a_memory_that_has_ended_explains_something(found, memory, said):
    keys = Fingerprint("books by event id").with_memory(memory)
    (cause,) = causes(replace(found(lost_response=["duplicated"]), keys=keys))
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
    (cause,) = causes(replace(found(late_resend=[class_]), keys=Fingerprint(keys)))
    assert said == ("takes different events for one" in cause.explanation)
    assert ("entity" in keys) == ("drops a second event that has the key of another" in cause.explanation)
    assert cause.explanation.startswith(f"The receiver {keys}. ")


def test_a_narrow_clause_alone_is_a_cause_of_its_own(found):
    """A race is not the lack of any memory."""
    report = found(storm=["duplicated"], duplicate_race=["duplicated"], late_resend=["burned"])
    assert [
        ("books-copies-at-once-once", "duplicated", ("storm", "duplicate-race"), 2),
        ("remembers-long", "burned", ("late-resend",), 1),
    ] == told(report)
    assert "2 causes explain 3 of 3 violated scenarios" == headline(causes(report))
    assert causes(report)[1].sentence.startswith("Another explains 1 of 3 violated scenarios: 1 event burned (")


def test_classes_are_causes_apart(found):
    """To lose and to double in one scenario are two mistakes; each finding knows its own."""
    report = found(late_resend=["duplicated", "burned"], lost_response=["duplicated"])
    first, second = causes(report)
    assert [Class.DUPLICATED, Class.BURNED] == [first.class_, second.class_]
    late = report.played[0]
    assert [first, second] == [cause_of(late, each, (first, second)) for each in late.judgement.findings]


def test_without_findings_there_is_no_cause(found):
    """A right receiver has none."""
    assert ((), "") == (causes(found(steady=[])), headline(()))


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
    (cause,) = causes(
        replace(report, keys=Fingerprint("books by entity: a second event about one saleId is booked once"))
    )
    said = "none of the 4 acknowledged StockCountReconciled events has an effect, 80 events of other types have"
    assert (
        f"One cause explains 2 of 2 violated scenarios: {said} (3 lost-after-ack, 1 burned), against "
        "books-what-it-acknowledges" == cause.sentence
    )
    assert ("lost-after-ack", ("steady", "short-outage"), 4) == (str(cause.class_), cause.scenarios, cause.events)
    assert cause.explanation.startswith("The receiver has no code that books these types and answers with a 2xx, or")
    assert [["lost-after-ack"] * 3, ["burned"]] == [
        [str(each.class_) for each in played.judgement.findings] for played in report.played
    ]
    assert {cause} == {
        cause_of(played, each, (cause,)) for played in report.played for each in played.judgement.findings
    }


def test_a_null_that_is_never_booked_is_one_cause(never_booked):
    (cause,) = causes(never_booked("SaleCreated", {"customer": None}))
    said = "none of the 4 acknowledged SaleCreated events whose `customer` is null has an effect, 80 others have"
    assert f": {said} (3 lost-after-ack, 1 burned), against" in cause.sentence
    assert cause.explanation.startswith("The code that books such an event fails at the null")


def test_what_else_is_lost_has_a_cause_of_its_own(never_booked, found):
    """The kind that is never booked comes first, if both show in as many scenarios and it has more events."""
    report = never_booked("StockCountReconciled", None)
    other = found(storm=["lost-after-ack", "duplicated"])
    first, *others = causes(replace(report, played=[*other.played, *report.played]))
    assert first.sentence.startswith("One cause explains 2 of 3 violated scenarios: none of the 4 acknowledged")
    assert [("lost-after-ack", 1), ("duplicated", 1)] == [(str(each.class_), each.events) for each in others]
