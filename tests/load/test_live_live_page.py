"""The part below Locust's page."""

from frontsim.load.live import SoFar, live_page

RED, BROWN, GREEN = "background: #b91c1c", "background: #b45309", "background: #15803d"


def test_it_is_red_with_ids_when_something_is_duplicated() -> None:
    """Missing alone is not red: it may still be booked. What a receiver shows is text."""
    assert GREEN in live_page([])
    assert "of 7 events" in live_page([SoFar(events=7)])
    missing = live_page([SoFar(events=7, missing=2)])
    assert BROWN in missing
    assert "2 acknowledged and not booked so far" in missing
    red = live_page([SoFar(events=7, duplicated=1, duplicated_ids=("<b>",))])
    assert RED in red
    assert "1 duplicated" in red
    assert "<code>&lt;b&gt;</code>" in red


def test_it_has_a_chart_from_the_second_look_on() -> None:
    """Both numbers, to one scale."""
    assert "<svg" not in live_page([SoFar()])
    page = live_page([SoFar(missing=4), SoFar(duplicated=2), SoFar()])
    assert 'points="0,2 300,78 600,78"' in page
    assert 'points="0,78 300,40 600,78"' in page
