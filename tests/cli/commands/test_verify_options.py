import pytest

from frontsim.cli.commands.verify import verify


@pytest.mark.parametrize(
    ("typed", "name", "value"),
    [
        (["--events", "A, B,"], "events", ["A", "B"]),
        (["--check-content", "EXACT"], "check_content", "exact"),
        (["--memory", "2m"], "memory_s", 120),
        (["--scenario", "a", "--scenario", "b.toml"], "names", ("a", "b.toml")),
    ],
)
def test_options_are_read_as_what_they_mean(typed, name, value):
    assert value == verify.make_context("verify", typed).params[name]
