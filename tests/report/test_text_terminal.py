import dataclasses

from frontsim.recovery.run import result_of as job_result_of
from frontsim.report.text import annotations, lines
from frontsim.verification.result import result_of
from tests.recovery.reports import RIGHT, UNPLAYED, WRONG
from tests.recovery.reports import report as job_report


def test_a_violation_has_all_that_a_tired_person_needs(report):
    """Scenario, what broke, what was expected, what was seen, the story, the clause, the usual cause, the command."""
    text = "\n".join(lines(result_of(report)))
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
    assert list(lines(result_of(report)))[-1] == result_of(report).conclusion
    told = "VIOLATED: http://shop/hook: 4 scenarios: 1 verified, 1 violated, 1 unknown, 1 skipped; seed 7"
    assert told == result_of(report).conclusion


def test_unknown_and_skipped_have_their_reasons(report):
    """A scenario that was not judged is listed with its reason."""
    text = "\n".join(lines(result_of(report)))
    assert "Unknown\n  steady: the observer <is> down & out" in text
    assert "Skipped\n  crash-after-ack: it needs --receiver-cmd" in text


def test_what_was_not_judged_stands_beside_a_violation(report):
    """A violation does not hide what could not be checked."""
    storm = report.played[0]
    judgement = dataclasses.replace(storm.judgement, reason="the effects were still changing when time ran out")
    partly = dataclasses.replace(report, played=[dataclasses.replace(storm, judgement=judgement)])
    assert "  Not judged:  the effects were still changing when time ran out" in list(lines(result_of(partly)))
    assert "Not judged" not in "\n".join(lines(result_of(report)))


def test_a_cause_stands_once_however_many_scenarios_it_explains(report):
    """The cause first; the first scenario has the story, the next one says that it is the same."""
    storm = report.played[0]
    lost = dataclasses.replace(storm, scenario=dataclasses.replace(storm.scenario, name="duplicate-race"))
    told = list(lines(result_of(dataclasses.replace(report, played=[storm, lost]))))
    (sentence,) = told[:1]
    assert sentence.startswith("2 events booked more than once (duplicated), in 2 of 2 violated scenarios")
    assert sentence.endswith(", against books-copies-at-once-once")
    assert 1 == sum("Usual cause:" in line for line in told)
    assert 1 == sum("effects: 2" in line for line in told)
    place = told.index("✗ duplicate-race: 1 duplicated (the same cause)")
    assert "Again:       frontsim verify" in told[place + 1]


def test_a_job_has_a_story_for_each_cause_and_the_verdict_stands_last():
    """One story for two events of one cause; a case without a verdict says why."""
    shown = list(lines(job_result_of(job_report(RIGHT, WRONG, UNPLAYED))))
    assert shown[0].startswith("missed: ")
    assert 1 == sum(line.startswith("  Seen in ") for line in shown)
    assert "unknown: case: the budget was used up" == shown[-2]
    assert "VIOLATED: 3 cases, 1 verified, 1 violated, 1 unknown; seed 7" == shown[-1]
    assert "0 cases, none played" == job_result_of(job_report()).counted


def test_a_github_run_is_annotated_with_the_causes(report):
    """One for each; a text of a receiver cannot end the annotation or begin another."""
    (told,) = annotations(result_of(report))
    assert told.startswith("::error title=frontsim violated::1 event booked more than once (duplicated), in storm, ")
    unknown = dataclasses.replace(report, played=report.played[1:2], receiver="http://shop/%0A::error::x")
    (told,) = annotations(result_of(unknown))
    assert told.startswith("::error title=frontsim unknown::UNKNOWN: http://shop/%250A::error::x: 1 scenario")
    assert [] == list(annotations(result_of(dataclasses.replace(report, played=report.played[3:]))))


def test_a_note_that_scenarios_share_stands_once(report):
    """With the names of up to three, and how many more there are."""

    def told(number):
        trials = [dataclasses.replace(trial, name=f"s{n}", notes=("cents",)) for n in range(number)]
        return [line for line in lines(dataclasses.replace(result, trials=tuple(trials))) if "cents" in line]

    result = result_of(report)
    trial = result.trials[3]
    assert (["  s0, s1, s2: cents"], ["  4 scenarios: cents"]) == (told(3), told(4))
