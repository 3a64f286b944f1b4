import pytest

from frontsim.user_input.near import near


@pytest.mark.parametrize(
    ("name", "hint"), [("strom", " (did you mean 'storm'?)"), ("STORM", " (did you mean 'storm'?)"), ("xyz", "")]
)
def test_a_near_name_is_offered_in_any_case(name, hint):
    assert hint == near(name, ["steady", "storm"])
