import dataclasses

import pytest

from frontsim.verdicts import Verdict
from frontsim.verification.judge.checks import Judgement
from frontsim.verification.played import NotPlayed
from frontsim.verification.report.summary import conclusion, found_in, lines


def test_a_violation_is_told_with_all_that_a_tired_person_needs(report):
    """Scenario, what broke, what was expected, what was seen, the story, the clause, the usual cause, the command."""
    text = "\n".join(lines(report))
    for part in (
        "✗ storm: 1 duplicated",
        "Expected:    After the list -> resend job every event is booked exactly once.",
        "duplicated: booked more than once (SaleCreated 0192-sale)",
        "expected one effect, got 2 effects",
        "| resent 12:00:01.9 run 2 -> 200 OK",
        "books-copies-at-once-once",
        "A unique index on the event's id",
        "frontsim verify --receiver http://shop/hook --scenario storm --seed 7",
    ):
        assert part in text


def test_the_verdict_stands_last(report):
    """The last line is the verdict with the counts and the seed."""
    assert list(lines(report))[-1] == conclusion(report)
    told = "VIOLATED: http://shop/hook: 4 scenarios: 1 verified, 1 violated, 1 unknown, 1 skipped; seed 7"
    assert told == conclusion(report)


def test_unknown_and_skipped_have_their_reasons(report):
    """What was not judged is listed with why."""
    text = "\n".join(lines(report))
    assert "Unknown\n  steady: the observer <is> down & out" in text
    assert "Skipped\n  crash-after-ack: it needs --receiver-cmd" in text


def test_classes_are_counted(report):
    """What was found is counted by class."""
    assert found_in(report.played[0]) == "1 duplicated"
    assert found_in(report.played[3]) == ""


def test_what_was_not_judged_is_told_beside_a_violation(report):
    """A violation does not hide what could not be checked."""
    storm = report.played[0]
    judgement = dataclasses.replace(storm.judgement, reason="the effects were still changing when time ran out")
    partly = dataclasses.replace(report, played=[dataclasses.replace(storm, judgement=judgement)])
    assert "  Not judged:  the effects were still changing when time ran out" in list(lines(partly))
    assert "Not judged" not in "\n".join(lines(report))


def test_one_scenario_is_not_several(report):
    """Counted as a person would."""
    one = dataclasses.replace(report, played=report.played[:1])
    assert "VIOLATED: http://shop/hook: 1 scenario: 1 violated; seed 7" == conclusion(one)


def test_a_cause_is_told_once_however_many_scenarios_it_explains(report):
    """The cause first; the first scenario has the story, the next one says that it is the same."""
    storm = report.played[0]
    lost = dataclasses.replace(storm, scenario=dataclasses.replace(storm.scenario, name="duplicate-race"))
    told = list(lines(dataclasses.replace(report, played=[storm, lost])))
    (sentence,) = told[:1]
    assert sentence.startswith(
        "One cause explains 2 of 2 violated scenarios: 2 events duplicated (booked more than once)"
    )
    assert sentence.endswith(", against books-copies-at-once-once")
    assert 1 == sum("Usual cause:" in line for line in told)
    assert 1 == sum("effects: 2" in line for line in told)
    place = told.index("✗ duplicate-race: 1 duplicated (the same cause)")
    assert "Again:       frontsim verify" in told[place + 1]


OUT_OF_TIME = NotPlayed("the budget of 120 s was used up", 120.0)


@pytest.fixture
def ending(report):
    """`ending(skipped=OUT_OF_TIME)` has, beside one scenario that was verified, one that ended so for each reason."""

    def ended(*others):
        verified = report.played[3]
        rest = [dataclasses.replace(verified, judgement=Judgement(each), not_played=why) for each, why in others]
        return conclusion(dataclasses.replace(report, played=[verified, *rest]))

    return ended


def test_the_last_line_says_how_many_were_not_played_and_why(ending):
    """What could not be played is skipped; what could have been is told apart, with what gives it time."""
    assert ending((Verdict.SKIPPED, OUT_OF_TIME), (Verdict.SKIPPED, None)).endswith(
        "3 scenarios: 1 verified, 1 skipped, 1 not played (the budget of 120 s was used up; --budget 240 should play "
        "them); seed 7"
    )
    blind = NotPlayed("the observer did not answer in storm")
    assert ending((Verdict.UNKNOWN, None), *[(Verdict.UNKNOWN, blind)] * 2).endswith(
        "4 scenarios: 1 verified, 1 unknown, 2 not played (the observer did not answer in storm); seed 7"
    )


@pytest.mark.parametrize(("left", "budget_s"), [(1, 240), (2, 360), (9, 1200)])
def test_the_budget_that_plays_the_others_follows_from_what_was_played(ending, left, budget_s):
    """One scenario took 120 s, so that each of the others may take as much."""
    assert f"--budget {budget_s} should" in ending(*[(Verdict.SKIPPED, OUT_OF_TIME)] * left)


def test_a_budget_in_which_nothing_was_played_is_doubled_at_least(report):
    left = [dataclasses.replace(report.played[3], not_played=NotPlayed("the budget of 1.5 s was used up", 1.5))]
    told = "1 scenario: 1 not played (the budget of 1.5 s was used up; --budget 10 should play them); seed 7"
    assert conclusion(dataclasses.replace(report, played=left)).endswith(told)
