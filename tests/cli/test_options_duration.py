import click
import pytest

from frontsim.cli.options import Duration

SPAN = Duration(most_s=10 * 86_400)


@pytest.mark.parametrize(
    ("typed", "seconds"), [("60", 60), ("60s", 60), ("1.5 m", 90), ("2h", 7200), ("8D", 691_200), ("0", 0), (0.0, 0)]
)
def test_a_time_is_read_in_its_unit(typed, seconds):
    assert seconds == SPAN.convert(typed, None, None)


@pytest.mark.parametrize("typed", ["", "soon", "-1", "5 weeks", "11d", "1e9"])
def test_what_is_no_time_is_refused_with_examples(typed):
    with pytest.raises(click.BadParameter, match="expected a time such as 60, 60s, 5m, 2h or 8d"):
        SPAN.convert(typed, None, None)
