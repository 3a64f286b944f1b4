from frontsim.domain.model import Outcome, Trigger
from frontsim.load.teardown import highest_rate
from frontsim.verification.effects.classes import Class
from frontsim.verification.effects.history import EventFact, Run


def event(name: str, *seconds: float, outcome: Outcome = Outcome.ANSWERED) -> EventFact:
    runs = tuple(
        Run(number, Trigger.ORIGINAL, outcome, "OK", 200, round(second * 1000))
        for number, second in enumerate(seconds, 1)
    )
    return EventFact("w", name, "SaleCreated", runs)


def test_the_rate_is_the_best_mean_of_three_seconds() -> None:
    """Deliveries a second over the busiest three: 6 + 3 + 3 of them are 4/s."""
    counts = {0: 1, 1: 6, 2: 3, 3: 3, 4: 0, 5: 1}
    events = [event(f"{second}-{number}", second) for second, count in counts.items() for number in range(count)]
    assert 4.0 == highest_rate(events, None)


def test_a_window_with_a_bad_event_does_not_count() -> None:
    """The best window that is clean: 1 a second, though 9 a second came where one was doubled."""
    events = [event(f"a{number}", 0) for number in range(9)]
    events += [event(f"b{second}", second) for second in (3, 4, 5)]
    classes = {each.webhook_event_id: Class.OK for each in events} | {"a0": Class.DUPLICATED}
    assert 3.0 == highest_rate(events, None)
    assert 1.0 == highest_rate(events, classes)


def test_a_run_without_an_answer_spoils_its_window_too() -> None:
    """An event that was booked twice was booked when its answer was lost: that second was no good one either."""
    lost = Run(1, Trigger.ORIGINAL, Outcome.UNKNOWN, "Timeout", None, 1000)
    resent = Run(2, Trigger.RESEND, Outcome.ANSWERED, "OK", 200, 9000)
    events = [event(f"a{second}", second) for second in (0, 1, 2)]
    events.append(EventFact("w", "twice", "SaleCreated", (lost, resent)))
    classes = {each.webhook_event_id: Class.OK for each in events} | {"twice": Class.DUPLICATED}
    assert 0.0 < highest_rate(events, None)
    assert 1 / 3 == highest_rate(events, classes)  # only second 2 is in a window without second 1 or 9: 2, 3, 4


def test_what_was_never_answered_is_no_rate() -> None:
    """Deliveries that did not leave, or got no answer, say nothing about how fast the receiver is."""
    assert 0.0 == highest_rate([event("a", 0, outcome=Outcome.NOT_SENT), event("b", 1, outcome=Outcome.UNKNOWN)], None)


def test_every_run_counts_and_a_short_test_is_one_window() -> None:
    """An event that was resent was received twice; two seconds are averaged over two."""
    assert 1.5 == highest_rate([event("a", 0, 1), event("b", 1)], None)
