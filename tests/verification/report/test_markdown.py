import dataclasses

from frontsim.verification.report.markdown import as_markdown


def test_the_summary_has_a_table_and_a_section_for_each_violation(report):
    """The verdict first, a row for each scenario, and the story of what was violated."""
    text = as_markdown(report)
    assert text.startswith("## ❌ Receiver violated\n")
    assert "| ❌ | `storm` | 2 | 3 | 1 duplicated |" in text
    assert "| ❔ | `steady` | 0 |  | the observer <is> down & out |" in text
    assert "### `storm`: 1 duplicated" in text
    assert "resent 12:00:01.9 run 2 -> 200 OK" in text
    assert "Not judged" not in text


def test_what_was_not_judged_is_told_beside_a_violation(report):
    """A violation is no reason to keep quiet about what nobody could check."""
    storm = report.played[0]
    judgement = dataclasses.replace(storm.judgement, reason="the effects were still changing")
    partly = dataclasses.replace(report, played=[dataclasses.replace(storm, judgement=judgement)])
    assert "\nNot judged: the effects were still changing\n" in as_markdown(partly)
