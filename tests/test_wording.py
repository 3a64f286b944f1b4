import pytest

from frontsim.wording import counted, in_a_row, near, not_among, times


@pytest.mark.parametrize(
    ("name", "hint"), [("strom", " (did you mean 'storm'?)"), ("STORM", " (did you mean 'storm'?)"), ("xyz", "")]
)
def test_a_near_name_is_offered_in_any_case(name, hint):
    assert hint == near(name, ["steady", "storm"])


def test_the_hint_stands_before_the_list():
    """A list of many names would hide it."""
    assert "expected a scenario, got 'strom' (did you mean 'storm'?): steady, storm" == not_among(
        ["steady", "storm"], "strom", expected="a scenario"
    )


@pytest.mark.parametrize(
    ("number", "said"), [(0, "0 events"), (1, "1 event"), (2, "2 events"), (1_204, "1,204 events"), (-1, "-1 events")]
)
def test_a_noun_is_counted(number, said):
    assert said == counted(number, "event")


def test_a_noun_with_its_verb_is_counted():
    assert ("1 type is", "3 types are") == tuple(counted(each, "type is", "types are") for each in (1, 3))


def test_how_often():
    assert ["0 times", "once", "twice", "3 times"] == [times(each) for each in range(4)]


def test_names_in_a_row():
    """Those that have no room are counted."""
    assert ["", "a", "a and b", "a, b and c"] == [in_a_row("abc"[:number]) for number in range(4)]
    assert ("a, b and 2 more", "a and b") == (in_a_row("abcd", most=2), in_a_row("ab", most=2))
