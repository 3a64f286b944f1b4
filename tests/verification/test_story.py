from simulator.verification.story import story


def test_a_story_is_told_line_by_line(report):
    """When it was sent, what came back and what was broken; kills in their place; the effects at the end."""
    assert story(report.played[0].history, "0192-sale", 2) == [
        "sent 12:00:01.12 run 1 -> no answer (Timeout) (it may have arrived) [fault on: lost-response]",
        "receiver killed",
        "resent 12:00:01.9 run 2 -> 200 OK",
        "effects: 2",
    ]


def test_effects_that_nobody_saw_are_not_counted(report):
    """Without an observer the story says so, and gives no number."""
    assert story(report.played[0].history, "0192-sale", None)[-1] == "effects: nobody could see them"
