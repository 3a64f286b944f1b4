from tests.recovery.histories import event


def test_an_event_has_arrived_with_any_of_its_runs() -> None:
    """The first, or a resend; a run without an answer proves nothing."""
    assert event(200).arrived
    assert event(503, 200, 500).arrived
    assert not event(503, 500).arrived
    assert not event(None).arrived


def test_resends_are_all_runs_but_the_first() -> None:
    assert [2, 3] == [run.run for run in event(503, 500, 200).resends]
    assert () == event(503).resends
